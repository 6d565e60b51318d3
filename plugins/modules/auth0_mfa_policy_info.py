#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_policy_info
short_description: Read the MFA policy of an Auth0 tenant as a policy file
version_added: 0.3.0
description:
  - Reads what a tenant has, as the operator, and returns it as the text of a policy file for M(mfaops.auth0.auth0_mfa_policy).
    Applying that file to the same tenant changes nothing.
  - It takes the package C(ruamel.yaml).
options:
  actions:
    description:
      - The names of the Actions that the file has. One that does not exist is written as absent.
    type: list
    elements: str
    default: [Hide remember browser for MFA]
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
notes:
  - The file has no values of secrets, because Auth0 never shows them, and no positions of Actions, because they depend on Actions that the
    file does not name.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_gitops
    description: Keep the tenant's policy in git.
  - module: mfaops.auth0.auth0_mfa_policy
"""

EXAMPLES = r"""
# Write its content to a file with ansible.builtin.copy, as the playbook mfaops.auth0.export_policy does.
- name: Read the tenant as it is
  mfaops.auth0.auth0_mfa_policy_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
"""

RETURN = r"""
content:
  description: The text of the file.
  returned: success
  type: str
  sample: "version: 1\\npolicy: never\\n"
tenant_policy:
  description: The same as data.
  returned: success
  type: dict
  sample: {version: 1, policy: never}
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
  sample: read:guardian_factors
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope read:guardian_factors to the application's grant for this API, then get a new token.
"""

from functools import lru_cache

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.actions import ActionsApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import read_all
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Part, Session, run
from ansible_collections.mfaops.auth0.plugins.module_utils.tenant_policy.export import action_of, as_file, policy_of
from ansible_collections.mfaops.auth0.plugins.module_utils.yaml_file.checked import check_packages

OURS = "Hide remember browser for MFA"


def read(session: Session) -> dict:
    check_packages("ruamel.yaml")
    names = list(dict.fromkeys(session.params["actions"]))
    if not all(name.strip() for name in names):
        raise ConfigurationError("actions has a name that is empty")
    actions, bindings = [], lru_cache(maxsize=None)(ActionsApi(session.operator).bindings)
    notes = []
    for name in names:
        found = ActionsApi(session.operator).find(name)
        actions.append(action_of(name, found, bindings(found.trigger) if found else ()))
        if found and found.secrets:
            notes.append("The values of these secrets of %s are not here: %s." % (name, ", ".join(found.secrets)))
    said = policy_of(read_all(GuardianApi(session.operator)), actions)
    return {"changed": False, "content": as_file(said, session.connection.domain, notes), "tenant_policy": said}


def main() -> None:
    run(
        read,
        CONNECTION,
        Part({"actions": {"type": "list", "elements": "str", "default": [OURS]}}),
    )


if __name__ == "__main__":
    main()
