#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_remembered_browser
short_description: Let the remembered browsers of an Auth0 user ask for MFA again
version_added: 0.2.0
description:
  - Makes Auth0 forget every browser in which the user ticked "remember this browser", as the operator. The next login then asks for MFA.
  - Auth0 does not show whether there are any, so the task always reports a change.
options:
  state:
    description: V(absent) forgets them.
    type: str
    choices: [absent]
    required: true
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
attributes:
  check_mode:
    support: partial
    details: Checks the credentials but not the scopes, and checks that the user exists only with O(email).
  diff_mode:
    support: none
    details: Auth0 does not show remembered browsers.
  idempotent:
    support: none
    details: Auth0 does not show remembered browsers, so every run reports a change. It is safe to run the task again.
seealso:
  - module: mfaops.auth0.auth0_action
  - module: mfaops.auth0.auth0_mfa_authenticator
"""

EXAMPLES = r"""
- name: Forget the browsers of a user who lost a phone
  mfaops.auth0.auth0_remembered_browser:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    state: absent
"""

RETURN = r"""
user_id:
  description: The user's ID.
  returned: success
  type: str
  sample: auth0|640b5a0ed3534be8b2db9dd3
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
  sample: update:users
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope update:users to the application's grant for this API, then get a new token.
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, TARGET, Part, Session, run


def forget(session: Session) -> dict:
    user_id = session.operator_side().user_id
    if session.check_mode:
        session.operator.authenticate()
    else:
        GuardianApi(session.operator).forget_browsers(user_id)
    return {"changed": True, "user_id": user_id}


def main() -> None:
    run(
        forget,
        CONNECTION,
        TARGET,
        Part({"state": {"type": "str", "choices": ["absent"], "required": True}}),
    )


if __name__ == "__main__":
    main()
