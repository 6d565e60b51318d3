#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_guardian_factor
short_description: Set which MFA factors and which MFA policy an Auth0 tenant has
version_added: 0.2.0
description:
  - Turns the tenant's MFA factors on and off, sets how Auth0 contacts phones, and sets when Auth0 asks for MFA, as the operator.
  - Options that you leave out change nothing. To turn a factor off, the task also reads the policy.
  - Before a factor goes off or Auth0 asks for MFA more often, the task counts the users who have no other second factor. It then fails,
    unless O(allow_lockout) is set.
  - The task turns on the wanted factors before it makes the tenant ask for MFA.
options:
  enabled:
    description:
      - Factors to turn on. If Auth0 does not list one among the tenant's factors, the task fails before it changes anything.
    type: list
    elements: str
    choices: [otp, phone, push, email, recovery-code, webauthn-roaming, webauthn-platform, duo]
  disabled:
    description:
      - Factors to turn off. Users who have enrolled nothing else can then no longer pass MFA. The task looks who that is before it
        changes anything, and fails unless O(allow_lockout) is set.
      - A factor that Auth0 does not list among the tenant's factors is off already.
    type: list
    elements: str
    choices: [otp, phone, push, email, recovery-code, webauthn-roaming, webauthn-platform, duo]
  phone_message_types:
    description: How Auth0 contacts phones, V(sms), V(voice) or both. The factor V(phone) must be on.
    type: list
    elements: str
    choices: [sms, voice]
  policy:
    description:
      - When Auth0 asks for MFA. At every login (V(all-applications)), at risky logins (V(confidence-score)), or V(never). A login for
        the MFA API asks for it with every policy.
    type: str
    choices: [all-applications, confidence-score, never]
  allow_no_factor:
    description:
      - Whether the tenant may ask for MFA while no factor is on. Users without a factor then cannot log in. A recovery code does not
        count as a factor here.
    type: bool
    default: false
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
  - If an error stops the task halfway, the failed result lists in RV(applied) what was already set.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_gitops
    description: Keep the tenant's policy in git.
  - module: mfaops.auth0.auth0_guardian_factor_info
  - module: mfaops.auth0.auth0_mfa_policy
  - module: mfaops.auth0.auth0_action
"""

EXAMPLES = r"""
- name: Offer strong factors only, and ask for MFA at every login
  mfaops.auth0.auth0_guardian_factor:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    enabled: [otp, push, webauthn-roaming, webauthn-platform, recovery-code]
    disabled: [phone, email]
    policy: all-applications
    # Who has nothing but a phone was asked to enroll another factor.
    allow_lockout: true

- name: Let users enroll a phone, for text messages only
  mfaops.auth0.auth0_guardian_factor:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    enabled: [phone]
    phone_message_types: [sms]
"""

RETURN = r"""
factors:
  description: Whether each factor is on. Empty if the task has neither factors nor a policy.
  returned: success
  type: dict
  sample: {otp: true, phone: false, push: true}
phone_message_types:
  description: How Auth0 contacts phones; V(null) without O(phone_message_types).
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
  description: What was set before the error.
  returned: failure after the first change
  type: list
  elements: str
  sample: [otp=True]
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

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import channels, names
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import (
    POLICIES,
    carry_out,
    for_diff,
    prepare,
    wanted_from,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.lockout import check_lockout, source_of
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, LOCKOUT, Part, Session, run


def converge_factors(session: Session) -> dict:
    params = session.params
    wanted = wanted_from(params["enabled"], params["disabled"], params["phone_message_types"], params["policy"])
    source, guardian = source_of(session), GuardianApi(session.operator)
    needed = prepare(guardian, wanted, params["allow_no_factor"])
    lockout = check_lockout(session, source, needed)
    if not session.check_mode:
        carry_out(guardian, needed.settings)
    before, after = needed.before, needed.after
    return {
        "changed": before != after,
        "factors": after.factors,
        "phone_message_types": after.message_types and list(after.message_types),
        "policy": after.policy,
        "lockout": lockout,
        "diff": {"before": for_diff(before), "after": for_diff(after)},
    }


def main() -> None:
    factors = {"type": "list", "elements": "str", "choices": names(lambda row: row.guardian_name)}
    run(
        converge_factors,
        CONNECTION,
        LOCKOUT,
        Part(
            {
                "enabled": factors,
                "disabled": factors,
                "phone_message_types": {"type": "list", "elements": "str", "choices": channels()},
                "policy": {"type": "str", "choices": list(POLICIES)},
                "allow_no_factor": {"type": "bool", "default": False},
            },
            required_one_of=(("enabled", "disabled", "phone_message_types", "policy"),),
        ),
    )


if __name__ == "__main__":
    main()
