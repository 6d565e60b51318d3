#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_policy
short_description: Bring an Auth0 tenant to the MFA policy in a file
version_added: 0.3.0
description:
  - Reads a policy file that says which factors are on, how Auth0 contacts phones, when Auth0 asks for MFA, and which Actions run, and
    brings the tenant to it, as the operator. What the file does not name stays as it is.
  - Checks the whole file before the first request. Each mistake is told with its line and column.
  - Before a factor goes off or Auth0 asks for MFA more often, the task counts the users who have no other second factor. It then fails,
    unless O(allow_lockout) is set.
  - The module M(mfaops.auth0.auth0_mfa_policy_info) writes such a file from a tenant as it is.
options:
  path:
    description:
      - The policy file, on the host that the module runs on. A relative path starts at the directory that the module runs in; use an
        absolute path.
      - It takes the packages C(ruamel.yaml) and C(jsonschema).
    type: path
    required: true
  allow_no_factor:
    description: Whether the tenant may ask for MFA while no factor is on. A recovery code does not count as a factor here.
    type: bool
    default: false
  build_timeout:
    description: How many seconds to wait until Auth0 has built an Action.
    type: float
    default: 60
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.lockout
attributes:
  check_mode:
    support: full
    details: Instead of failing, a task that would be refused because of O(allow_lockout) warns, and sets RV(lockout.refused).
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - If an error stops the task halfway, the failed result lists in RV(applied) what was already set. Run the task again to complete the
    remaining steps.
  - Auth0 does not document what users can do at a login if all of their factors are off. The task assumes that they cannot log in.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_gitops
    description: Keep the tenant's policy in git.
  - module: mfaops.auth0.auth0_mfa_policy_info
  - module: mfaops.auth0.auth0_guardian_factor
  - module: mfaops.auth0.auth0_action
"""

EXAMPLES = r"""
- name: Bring the tenant to the policy in git
  mfaops.auth0.auth0_mfa_policy:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    path: "{{ playbook_dir }}/policy.yml"

- name: The same in a large tenant, with the users of last night's audit
  mfaops.auth0.auth0_mfa_policy:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    path: "{{ playbook_dir }}/policy.yml"
    audit_folder: /var/lib/mfa-audit/example
"""

RETURN = r"""
differences:
  description: What differs between the tenant and the file.
  returned: success
  type: list
  elements: dict
  contains:
    setting:
      description: The setting.
      type: str
      sample: factors.phone
    before:
      description: What the tenant had; V(null) if there was no such Action.
      type: raw
      sample: true
    after:
      description: What it has after the task; V(null) if there is no such Action any more.
      type: raw
      sample: false
factors:
  description: Whether each factor is on. Empty if the file has neither factors nor a policy.
  returned: success
  type: dict
  sample: {otp: true, phone: false, push: true}
phone_message_types:
  description: How Auth0 contacts phones; V(null) if the file does not say.
  returned: success
  type: list
  elements: str
  sample: null
policy:
  description: When Auth0 asks for MFA; V(null) if the task did not read it.
  returned: success
  type: str
  sample: all-applications
lockout:
  description: What the change means for the users; V(null) if it can lock nobody out.
  returned: success, and if the task was refused because of it
  type: dict
  contains:
    source:
      description: V(tenant), or the ID of the audit's run; V(null) if nobody looked.
      type: str
      sample: tenant
    reason:
      description: Why nobody looked at the users, or not at all of them.
      type: str
      sample: null
    users:
      description: How many users were looked at.
      type: int
      sample: 1042
    unread:
      description: How many of them could not be read.
      type: int
      sample: 0
    locked_out:
      description: How many have second factors of which none is on after the change.
      type: int
      sample: 3
    must_enroll:
      description: How many have no second factor at all, and must enroll one when they next log in.
      type: int
      sample: 12
    sample:
      description: The first 20 who would be locked out, with their factors.
      type: list
      elements: dict
      sample: [{user_id: auth0|5f7c8ec7c33c6c004bbafe82, factors: [phone]}]
    refused:
      description: Whether the task is not carried out because of this.
      type: bool
      sample: true
applied:
  description: What was set before the error; empty if nothing was.
  returned: failure while the tenant is changed
  type: list
  elements: str
  sample: [otp=True]
mistakes:
  description: What is wrong with the file, each with its line and column.
  returned: failure because of the file
  type: list
  elements: str
  sample: ['policy.yml:3:1: unknown key "policyy"; expected policy']
refused:
  description: Whether the task was refused before it changed anything, because it could lock users out.
  returned: failure
  type: bool
  sample: true
status:
  description: The HTTP status of Auth0's response.
  returned: failure, if there was a response
  type: int
  sample: 403
error_code:
  description: Auth0's word for the error.
  returned: failure, if Auth0 gave one
  type: str
  sample: insufficient_scope
request_id:
  description: The ID by which Auth0's support finds the request.
  returned: failure, if the response had one
  type: str
  sample: 8a0bb6a5e7c1f3d2
required_scope:
  description: The scope that the token lacks.
  returned: failure, if a scope is missing
  type: str
  sample: update:guardian_factors
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope update:guardian_factors to the application's grant for this API, then get a new token.
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.actions import ActionsApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.action_rollout import (
    ActionOutcome,
    converge_action,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.actions import (
    check,
    for_diff as action_for_diff,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import Setting, carry_out, for_diff, prepare
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    RefusedError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.lockout import (
    AuditSource,
    TenantSource,
    check_lockout,
    source_of,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, LOCKOUT, Part, Session, run
from ansible_collections.mfaops.auth0.plugins.module_utils.tenant_policy.differences import of_action, of_mfa
from ansible_collections.mfaops.auth0.plugins.module_utils.tenant_policy.file import TenantPolicy, load

POLICY = Part(
    {
        "path": {"type": "path", "required": True},
        "allow_no_factor": {"type": "bool", "default": False},
        "build_timeout": {"type": "float", "default": 60},
    }
)


def converge(session: Session) -> dict:
    policy = load(session.params["path"])
    for action in policy.actions:
        check(action, session.params["build_timeout"])
    source = source_of(session)
    try:
        return bring(session, policy, source)
    except RefusedError as error:
        # What Auth0 refuses comes as another error.
        if "applied" in error.progress:
            raise
        raise error.replace(progress={"changed": False, **error.progress, "refused": True}) from None


def bring(session: Session, policy: TenantPolicy, source: AuditSource | TenantSource | None) -> dict:
    """Bring the tenant to the policy.

    :raises RefusedError: nothing was written
    """
    params, check_mode = session.params, session.check_mode
    guardian, actions = GuardianApi(session.operator), ActionsApi(session.operator)
    needed = prepare(guardian, policy.mfa, params["allow_no_factor"])
    # Whatever may refuse does so before the first write.
    planned = [converge_action(actions, wanted, params["build_timeout"], True) for wanted in policy.actions]
    lockout = check_lockout(session, source, needed)
    outcomes = planned if check_mode else carry_all_out(session, guardian, actions, policy, needed.settings, planned)
    pairs = list(zip(policy.actions, outcomes))
    differences = [
        *of_mfa(needed.before, needed.after),
        *(each for wanted, outcome in pairs for each in of_action(wanted.name, outcome)),
    ]
    return {
        "changed": bool(needed.settings) or any(outcome.changed for outcome in outcomes),
        "differences": differences,
        "factors": needed.after.factors,
        "phone_message_types": needed.after.message_types and list(needed.after.message_types),
        "policy": needed.after.policy,
        "lockout": lockout,
        "diff": [
            {"before": for_diff(needed.before), "after": for_diff(needed.after)},
            *(
                {
                    "before_header": "Action %s" % wanted.name,
                    "after_header": "Action %s" % wanted.name,
                    "before": action_for_diff(outcome.before, outcome.bound_before),
                    "after": action_for_diff(outcome.after, outcome.bound_after),
                }
                for wanted, outcome in pairs
            ),
        ],
    }


def carry_all_out(
    session: Session,
    guardian: GuardianApi,
    actions: ActionsApi,
    policy: TenantPolicy,
    settings: tuple[Setting, ...],
    planned: list[ActionOutcome],
) -> list[ActionOutcome]:
    """What became of each Action. Factors and policy come first.

    :raises Auth0Error: what was set before is in the error's ``progress``
    """
    done: list[str] = []
    outcomes = []
    try:
        carry_out(guardian, settings)
        done += map(str, settings)
        for wanted, plan in zip(policy.actions, planned):
            outcome = plan
            if plan.changed:
                outcome = converge_action(actions, wanted, session.params["build_timeout"], False)
                done.append("actions.%s" % wanted.name)
            outcomes.append(outcome)
    except Auth0Error as error:
        applied = [*done, *error.progress.get("applied", ())]
        changed = bool(applied) or error.progress.get("changed", False) or isinstance(error, AmbiguousWriteError)
        raise error.replace(progress={**error.progress, "changed": changed, "applied": applied}) from None
    return outcomes


def main() -> None:
    run(converge, CONNECTION, LOCKOUT, POLICY)


if __name__ == "__main__":
    main()
