#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_user_block
short_description: Unblock Auth0 users whom brute-force protection has blocked
version_added: 0.3.0
description:
  - Removes the blocks that Auth0's brute-force protection has put on a user after too many wrong passwords, as the operator.
  - A user whom an administrator has blocked stays blocked.
  - The blocks may come from somebody who guesses the user's password. Removing them gives this person as many attempts again.
options:
  state:
    description: V(absent) removes them.
    type: str
    choices: [absent]
    required: true
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
  - mfaops.auth0.connection.users
  - mfaops.auth0.connection.progress
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - The application needs the scopes C(read:users) and C(update:users).
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_reset
    description: Reset a lost phone.
  - module: mfaops.auth0.auth0_user_session
"""

EXAMPLES = r"""
- name: Unblock a user
  mfaops.auth0.auth0_user_block:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    state: absent

- name: Unblock many users
  mfaops.auth0.auth0_user_block:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    state: absent
    users:
      - email: user00002@example.com
      - email: user00003@example.com
"""

RETURN = r"""
user_id:
  description: The user's ID.
  returned: success
  type: str
  sample: auth0|640b5a0ed3534be8b2db9dd3
removed:
  description:
    - The blocks that the task removed, or would remove in check mode.
    - When the task fails, what is known to have ended.
  returned: success, or failure after something ended
  type: list
  elements: dict
  contains:
    identifier:
      description: The address, name or number that is blocked.
      type: str
      sample: user00003@example.com
    connection:
      description: The connection; V(null) if Auth0 does not say.
      type: str
      sample: Username-Password-Authentication
count:
  description: How many RV(removed) has.
  returned: as RV(removed)
  type: int
  sample: 2
users:
  description: One entry for each user of O(users), in their order.
  returned: with O(users), unless the task failed before its first request
  type: list
  elements: dict
  contains:
    user_id:
      description: The user's ID; V(null) if the user was not found.
      type: str
      sample: auth0|640b5a0ed3534be8b2db9dd3
    email:
      description: The address that the entry has; V(null) if it has a user ID.
      type: str
      sample: user00001@example.com
    result:
      description:
        - V(changed) or V(unchanged) (in check mode, what it would be), V(failed), or V(not_reached) if the task ended before it touched
          the user.
      type: str
      sample: changed
    changed:
      description: Whether something was changed, or may have been.
      type: bool
      sample: true
    failed:
      description: Whether the user failed or was not reached.
      type: bool
      sample: false
    msg:
      description: Why the user failed or was not reached; V(null) otherwise.
      type: str
      sample: null
    error:
      description: The same as data; V(null) if there is no error.
      type: dict
      sample: null
      contains:
        msg:
          description: The error.
          type: str
          sample: 'Could not list the authenticators of auth0|1: The user does not exist. (status 404, inexistent_user).'
        status:
          description: The HTTP status of Auth0's response.
          returned: if there was a response
          type: int
          sample: 404
        error_code:
          description: Auth0's word for the error.
          returned: if Auth0 gave one
          type: str
          sample: inexistent_user
        request_id:
          description: The ID by which Auth0's support finds the request.
          returned: if the response had one
          type: str
          sample: 8a0bb6a5e7c1f3d2
        required_scope:
          description: The scope that the token lacks.
          returned: if a scope is missing
          type: str
          sample: update:users
        hint:
          description: What to do about it.
          returned: if there is something
          type: str
          sample: Check user_id, and that auth0_domain is the tenant this user belongs to.
    warnings:
      description: What to know about this user beside the result.
      type: list
      elements: str
      sample: []
    removed:
      description: As RV(removed).
      type: list
      elements: dict
      sample: []
    count:
      description: As RV(count).
      type: int
      sample: 0
counts:
  description: How many users have each RV(users[].result).
  returned: with RV(users)
  type: dict
  sample: {changed: 998, unchanged: 1, failed: 1, not_reached: 0}
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
mistakes:
  description: Everything that is wrong with O(users), each with its place. Nothing was sent.
  returned: failure because of O(users)
  type: list
  elements: str
  sample: ["users[1]: 'nobody' is not an e-mail address"]
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.access import Blocks
from ansible_collections.mfaops.auth0.plugins.module_utils.ending import ended, parts
from ansible_collections.mfaops.auth0.plugins.module_utils.module import Session, run


def task(session: Session) -> dict:
    return ended(session, Blocks)


def main() -> None:
    run(task, *parts())


if __name__ == "__main__":
    main()
