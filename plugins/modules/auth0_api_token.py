#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_api_token
short_description: Get one Management API token of Auth0 for all tasks of a play
version_added: 0.3.0
description:
  - Returns a token for the Management API. As O(api_token) in C(module_defaults) it serves every task that follows, so that a play asks
    Auth0 for one token instead of one for each task. Auth0 limits how many tokens an application gets.
  - Keep O(client_id) and O(client_secret) or O(private_key) in C(module_defaults) too. Whichever task finds the token expired then
    gets another one for itself.
  - In a long play, run the task again. With O(api_token) it returns that token as long as it is valid for O(min_validity), and
    otherwise a new one.
  - Ansible hides the task's result, which has the token, from all output, and shows an error. C(no_log=true) is not needed. Before
    ansible-core 2.19 it hides the error as well. The token is written to no file.
options:
  api_token:
    description:
      - The token that an earlier task returned. C(module_defaults) set it already.
      - The task returns it unchanged if it is valid for O(min_validity), or if it was not issued to the application O(client_id)
        for this tenant.
    type: str
  min_validity:
    description:
      - For how long O(api_token) must still be valid, by Auth0's clock, such as V(30m). With a shorter time left the task gets another
        token. Units are V(s), V(m), V(h), V(d) and V(w).
      - A new token lasts as long as the API's settings in Auth0 say. By default that is a day. If it is less than O(min_validity),
        the task warns.
    type: str
    default: 10m
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
attributes:
  async:
    description: Can be run in the background, with the keyword C(async).
    support: none
  check_mode:
    support: full
    details: Gets a token as without check mode.
  diff_mode:
    support: none
    details: Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: mfaops.auth0.auth0_mfa_token
    description: A user's own token.
"""

EXAMPLES = r"""
- name: Share one token among all tasks of a play
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/mfaops.auth0.auth0:
      auth0_domain: example.eu.auth0.com
      client_id: "{{ operator_client_id }}"
      client_secret: "{{ operator_client_secret }}"
      # Ansible evaluates this for each task. Before there is a token, the option is left out.
      api_token: "{{ operator.access_token | default(omit) }}"
  tasks:
    - name: Get the token
      mfaops.auth0.auth0_api_token:
      register: operator

    - name: List the authenticators of a user
      mfaops.auth0.auth0_mfa_authenticator_info:
        email: user00003@example.com

    - name: Renew the token if it expires within the hour, before many more tasks
      mfaops.auth0.auth0_api_token:
        min_validity: 1h
      register: operator
"""

RETURN = r"""
access_token:
  description: The token, for O(api_token) of other tasks.
  returned: success
  type: str
  sample: eyJhbGciOi...
expires_at:
  description: When it expires, by Auth0's clock. V(null) if the token does not say so.
  returned: success
  type: str
  sample: "2027-03-02T09:30:00.000Z"
scopes:
  description: What it is good for. Empty if the token does not say so.
  returned: success
  type: list
  elements: str
  sample: [read:users, read:authentication_methods]
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
  sample: read:users
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope read:users to the application's grant for this API, then get a new token.
"""

from datetime import datetime, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import expiry, scopes, shared_token
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso, seconds
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Part, Session, run


def get_token(session: Session) -> dict:
    least = seconds("min_validity", session.params["min_validity"])
    tokens = shared_token(session.operator_options, session.connection, session.budget, least)
    token, given = tokens.access_token, session.params["api_token"]
    end = expiry(token)
    if token == given:
        session.hand_out(token, "access_token")
    elif end is None and tokens.expires_in:
        end = session.budget.now() + tokens.expires_in
    if token != given and end is not None and end - session.budget.now() < least:
        session.warn(
            "A new token of this application is valid for %d s only, which is less than min_validity. The token's lifetime is a setting "
            "of the Auth0 Management API in Auth0." % max(end - session.budget.now(), 0)
        )
    return {
        "changed": False,
        "access_token": token,
        "expires_at": iso(end if end is None else datetime.fromtimestamp(end, timezone.utc)),
        "scopes": list(tokens.scope or scopes(token)),
    }


def main() -> None:
    run(get_token, CONNECTION, Part({"min_validity": {"type": "str", "default": "10m"}}))


if __name__ == "__main__":
    main()
