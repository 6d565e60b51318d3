#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_refresh_token
short_description: Revoke the refresh tokens of Auth0 users
version_added: 0.3.0
description:
  - Revokes the refresh tokens of a user, as the operator. With a refresh token, an application on a phone gets new access tokens without
    asking the user.
  - Access tokens that an application already has stay valid until they expire.
  - Auth0 accepts the request and revokes the tokens a moment later. Until then they are listed, so another run may report a change again.
options:
  state:
    description: V(absent) revokes them.
    type: str
    choices: [absent]
    required: true
  refresh_token_ids:
    description:
      - Revokes only the refresh tokens with these IDs, which are not the tokens themselves. An ID that is not one of this user's is ignored,
        because the token is revoked, or somebody else's. An empty list revokes nothing.
      - By default all refresh tokens of the user are revoked.
    type: list
    elements: str
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
  - Auth0 offers this on Enterprise plans only.
  - The application needs the scopes C(read:refresh_tokens) and C(delete:refresh_tokens), and with O(email) also C(read:users).
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_reset
    description: Reset a lost phone.
  - module: mfaops.auth0.auth0_user_session
"""

EXAMPLES = r"""
- name: Revoke all refresh tokens of a user who lost a phone
  mfaops.auth0.auth0_refresh_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    state: absent

- name: Revoke one refresh token
  mfaops.auth0.auth0_refresh_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    state: absent
    refresh_token_ids: [VXz1kPq0sBv2C7hJ]

- name: Revoke the refresh tokens of many users
  mfaops.auth0.auth0_refresh_token:
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
    - The refresh tokens that the task revoked, or would revoke in check mode, without the tokens themselves.
    - When the task fails, what is known to have ended.
  returned: success, or failure after something ended
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the refresh token. It is not the token.
      type: str
      sample: VXz1kPq0sBv2C7hJ
    client_id:
      description: The application that has it.
      type: str
      sample: JqDJWCYVOhrlc2RMpMBBQNcKh7nTgVhJ
    session_id:
      description: The session that it came from; V(null) after a login without one.
      type: str
      sample: jfYcbiTvSFyZb6PqA2UXoA4tCSkk6GZ3
    created_at:
      description: When it began; V(null) if Auth0 gives no date.
      type: str
      sample: '2026-03-01T08:00:00.000Z'
    last_exchanged_at:
      description: When it was last used; V(null) if it never was, or Auth0 gives no date.
      type: str
      sample: '2026-03-02T09:30:00.000Z'
    expires_at:
      description: When it ends by itself; V(null) if it does not, or Auth0 gives no date.
      type: str
      sample: '2026-03-08T08:00:00.000Z'
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
          sample: delete:refresh_tokens
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
  sample: delete:refresh_tokens
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope delete:refresh_tokens to the application's grant for this API, then get a new token.
mistakes:
  description: Everything that is wrong with O(users), each with its place. Nothing was sent.
  returned: failure because of O(users)
  type: list
  elements: str
  sample: ["users[1]: 'nobody' is not an e-mail address"]
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.access import RefreshTokens
from ansible_collections.mfaops.auth0.plugins.module_utils.ending import ended, parts
from ansible_collections.mfaops.auth0.plugins.module_utils.module import Session, run


def task(session: Session) -> dict:
    return ended(session, RefreshTokens, "refresh_token_ids")


def main() -> None:
    run(task, *parts("refresh_token_ids"))


if __name__ == "__main__":
    main()
