#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_action
short_description: Keep an Action of an Auth0 tenant created, deployed and bound
version_added: 0.2.0
description:
  - Brings one Action to the wanted state, as the operator. The state is its code, its dependencies, whether it is deployed, and its
    position among the trigger's Actions.
  - Finds an Action by its exact name. The trigger's other Actions keep their order and names.
options:
  name:
    description: The Action's name.
    type: str
    required: true
  state:
    description:
      - V(present) creates the Action or changes what differs, then deploys and binds it.
      - V(absent) removes it. If it does not exist, the task succeeds without a change. If it is bound, set O(force).
    type: str
    choices: [present, absent]
    default: present
  code:
    description: The JavaScript code. Required for O(state=present).
    type: str
  trigger:
    description: The trigger that runs the Action. It cannot be changed after the Action was created.
    type: str
    default: post-login
  trigger_version:
    description: The trigger's version. By default a new Action gets the current one, and an existing Action keeps its own.
    type: str
  runtime:
    description: The Node.js runtime, such as V(node22). By default a new Action gets the trigger's own, and an existing Action keeps its own.
    type: str
  dependencies:
    description:
      - All npm packages that the Action needs. Without this option they stay as they are.
      - A mapping of each package's name to its version, as in C(package.json) and in RV(action.dependencies).
      - Or a list of mappings with C(name), C(version) and optionally C(registry_url), the address of a private registry. The task does
        not compare the address, because Auth0 does not store it.
      - Quote the version. YAML reads C(1.10) without quotes as the number 1.1, so the task refuses such a number.
    type: raw
  secrets:
    description:
      - All secrets that the Action reads. Without this option they stay as they are.
      - A mapping of each secret's name to its value, or a list of mappings with C(name) and C(value). The names are shown in results and
        diffs, the values never.
      - Quote a value that consists of digits. The task refuses numbers, because YAML drops zeros from them.
      - Auth0 never shows a value, so the task compares only the names. To set the values again, use O(update_secrets).
    type: raw
  update_secrets:
    description: Whether to set the values of O(secrets) even if the names are already there. The task then reports a change every time.
    type: bool
    default: false
  deploy:
    description: Whether to deploy the Action.
    type: bool
    default: true
  bound:
    description: Whether the trigger runs the Action. Only a deployed Action can be bound.
    type: bool
    default: true
  position:
    description:
      - The Action's position among the trigger's Actions, from V(1). A number beyond the end means the end; the task then warns, and
        RV(action.position) is the actual position. By default an Action keeps its position, and a new one comes last.
    type: int
  build_timeout:
    description: How many seconds to wait until Auth0 has built the Action.
    type: float
    default: 60
  force:
    description: Whether O(state=absent) may remove an Action that is bound.
    type: bool
    default: false
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: For secrets, shows only the names.
  idempotent:
    support: partial
    details: O(update_secrets) sets the values every time.
notes:
  - If an error stops the task halfway, the failed result has RV(action_id) and RV(done). Run the task again to complete the remaining steps.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_gitops
    description: Keep the tenant's policy in git.
  - module: mfaops.auth0.auth0_action_info
  - module: mfaops.auth0.auth0_guardian_factor
  - module: mfaops.auth0.auth0_remembered_browser
"""

EXAMPLES = r"""
- name: Hide "remember this browser" from every login
  mfaops.auth0.auth0_action:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    name: No remembered browsers
    code: |
      exports.onExecutePostLogin = async (event, api) => {
        api.multifactor.enable("any", { allowRememberBrowser: false });
      };
    position: 1

- name: Give an Action its packages and secrets by name
  mfaops.auth0.auth0_action:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    name: Ask the risk service
    code: |
      exports.onExecutePostLogin = async (event, api) => {
        const axios = require("axios");
        await axios.post("https://risk.example.com/", {}, { headers: { Authorization: event.secrets.RISK_KEY } });
      };
    dependencies:
      axios: "1.6.8"
    secrets:
      RISK_KEY: "{{ risk_key }}"

- name: Remove it again
  mfaops.auth0.auth0_action:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    name: No remembered browsers
    state: absent
    force: true
"""

RETURN = r"""
action:
  description: The Action after the task; V(null) if there is none (any more).
  returned: success
  type: dict
  contains:
    id:
      description: The Action's ID. In check mode, an Action that would be created has V((known after creation\)).
      type: str
      sample: 3f2c8b1e-7a55-4f0e-9d5c-0a8a3d1c2b4e
    name:
      description: The Action's name.
      type: str
      sample: No remembered browsers
    trigger:
      description: The trigger that runs it.
      type: str
      sample: post-login
    trigger_version:
      description: The trigger's version.
      type: str
      sample: v3
    runtime:
      description: The Node.js runtime.
      type: str
      sample: node22
    dependencies:
      description: The version of each package.
      type: dict
      sample: {axios: 1.6.8}
    secrets:
      description: The names of its secrets.
      type: list
      elements: str
      sample: []
    deployed:
      description: Whether its current code is deployed.
      type: bool
      sample: true
    bound:
      description: Whether the trigger runs it.
      type: bool
      sample: true
    position:
      description: Its position among the trigger's Actions, from V(1); V(null) if it is not bound.
      type: int
      sample: 1
action_id:
  description: The Action's ID.
  returned: failure after the first change
  type: str
  sample: 3f2c8b1e-7a55-4f0e-9d5c-0a8a3d1c2b4e
done:
  description: The steps that were completed before the error.
  returned: failure after the first change
  type: list
  elements: str
  sample: [created, deployed]
build_errors:
  description: Why Auth0 could not build the Action, in its own words. Empty if Auth0 does not say why.
  returned: failure of a build
  type: list
  elements: str
  sample: [The npm package axois was not found in the registry.]
  version_added: 0.3.0
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
  sample: update:actions
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope update:actions to the application's grant for this API, then get a new token.
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.actions import ActionsApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.action_rollout import converge_action
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.actions import (
    WantedAction,
    as_row,
    for_diff,
    position_of,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError, visible
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.redaction import user_part
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Part, Session, as_text, run


def by_name(option: str, given: object, members: tuple[str, ...], numbers: bool) -> dict[str, dict[str, str]] | None:
    """What a task gives as a mapping by name, or as a list of mappings; each with its members. None stays None.

    :param members: the one that is required, which is the value in a mapping by name, and those that are not
    :param numbers: whether a whole number may stand for its digits
    :raises ConfigurationError: it is neither
    """
    if given is None:
        return None
    required, *_others = members
    form = ConfigurationError(
        "%s is neither a mapping by name nor a list" % option,
        hint="Set it to a mapping of each name to its %s, or to a list of mappings with name and %s."
        % (required, required),
    )
    if isinstance(given, dict):
        rows = [{"name": name, required: value} for name, value in given.items()]
    elif isinstance(given, list) and all(isinstance(each, dict) for each in given):
        rows = given
    else:
        raise form
    found: dict[str, dict[str, str]] = {}
    for row_given in rows:
        # Nothing of it is quoted but its name: what stands in the wrong place may be a secret.
        if not set(row_given) <= {"name", *members} or row_given.get("name") is None:
            raise form.replace(
                message="An element of %s has other members than name and %s" % (option, " and ".join(members))
            )
        name = as_text("A name in %s" % option, row_given["name"], number=False) or ""
        if visible(name) != name:
            raise ConfigurationError("A name in %s has characters that cannot be seen: %s" % (option, visible(name)))
        if not name.strip() or name in found:
            raise ConfigurationError("%s has a name that is %s" % (option, "there twice" if name.strip() else "empty"))
        row_of_texts = {
            member: as_text("The %s of %s in %s" % (member, name, option), row_given.get(member), number=numbers)
            for member in members
        }
        if row_of_texts[required] is None:
            raise ConfigurationError("%s in %s has no %s" % (name, option, required))
        found[name] = {member: text for member, text in row_of_texts.items() if text}
        found[name].setdefault(required, "")
    return found


def wanted_from(params: dict) -> WantedAction:
    packages = by_name("dependencies", params["dependencies"], ("version", "registry_url"), True)
    secrets = by_name("secrets", params["secrets"], ("value",), False)
    return WantedAction(
        name=params["name"],
        state=params["state"],
        code=params["code"],
        trigger=params["trigger"],
        trigger_version=params["trigger_version"],
        runtime=params["runtime"],
        dependencies={name: each["version"] for name, each in packages.items()} if packages is not None else None,
        registries={name: each["registry_url"] for name, each in (packages or {}).items() if "registry_url" in each},
        secrets={name: each["value"] for name, each in secrets.items()} if secrets is not None else None,
        update_secrets=params["update_secrets"],
        deploy=params["deploy"],
        bound=params["bound"],
        position=params["position"],
        force=params["force"],
    )


def converge(session: Session) -> dict:
    params, check_mode = session.params, session.check_mode
    wanted = wanted_from(params)
    for address in wanted.registries.values():
        session.secrets.add(*user_part(address))
    outcome = converge_action(ActionsApi(session.operator), wanted, params["build_timeout"], check_mode)
    result = {
        "changed": outcome.changed,
        "action": as_row(outcome.after, outcome.bound_after) if outcome.after else None,
    }
    place = position_of(outcome.after.id, outcome.bound_after) if outcome.after else None
    if place and wanted.position and place < wanted.position:
        session.warn("position %d is beyond the end, so the Action is last, at position %d" % (wanted.position, place))
    result["diff"] = {
        "before": for_diff(outcome.before, outcome.bound_before),
        "after": for_diff(outcome.after, outcome.bound_after),
    }
    return result


def main() -> None:
    run(
        converge,
        CONNECTION,
        Part(
            {
                "name": {"type": "str", "required": True},
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                "code": {"type": "str"},
                "trigger": {"type": "str", "default": "post-login"},
                "trigger_version": {"type": "str"},
                "runtime": {"type": "str"},
                "dependencies": {"type": "raw"},
                # Of these only the values are secret, see named_secrets.
                "secrets": {"type": "raw", "no_log": False},
                "update_secrets": {"type": "bool", "default": False, "no_log": False},
                "deploy": {"type": "bool", "default": True},
                "bound": {"type": "bool", "default": True},
                "position": {"type": "int"},
                "build_timeout": {"type": "float", "default": 60},
                "force": {"type": "bool", "default": False},
            },
            named_secrets=("secrets",),
        ),
    )


if __name__ == "__main__":
    main()
