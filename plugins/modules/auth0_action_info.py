#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_action_info
short_description: Read the Actions of an Auth0 tenant
version_added: 0.3.0
description:
  - Reads the Actions of a tenant, or one of them, with their code and their places at their triggers, as the operator.
options:
  name:
    description: Reads only the Action of this exact name. If there is none, RV(actions) is empty.
    type: str
  trigger:
    description: Reads only the Actions of this trigger.
    type: str
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Never changes anything.
  idempotent:
    support: full
    details: Never changes anything.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_gitops
    description: Keep the tenant's policy in git.
  - module: mfaops.auth0.auth0_action
"""

EXAMPLES = r"""
- name: Read what runs after a login
  mfaops.auth0.auth0_action_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    trigger: post-login
"""

RETURN = r"""
actions:
  description: The Actions, by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The Action's ID.
      type: str
      sample: 3f2c8b1e-7a55-4f0e-9d5c-0a8a3d1c2b4e
    name:
      description: The Action's name.
      type: str
      sample: No remembered browsers
    code:
      description: The code of the draft.
      type: str
      sample: exports.onExecutePostLogin = async (event, api) => {};
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
  sample: read:actions
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope read:actions to the application's grant for this API, then get a new token.
"""

from functools import lru_cache

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.actions import ActionsApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.actions import as_row
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Part, Session, run


def read(session: Session) -> dict:
    name, trigger = session.params["name"], session.params["trigger"]
    api = ActionsApi(session.operator)
    if name is None:
        found = api.all(trigger)
    else:
        action = api.find(name)
        found = (action,) if action is not None and trigger in (None, action.trigger) else ()
    bindings = lru_cache(maxsize=None)(api.bindings)
    return {
        "changed": False,
        "actions": [{**as_row(action, bindings(action.trigger)), "code": action.code} for action in found],
    }


def main() -> None:
    run(read, CONNECTION, Part({"name": {"type": "str"}, "trigger": {"type": "str"}}))


if __name__ == "__main__":
    main()
