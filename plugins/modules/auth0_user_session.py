#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_user_session
short_description: End the sessions of Auth0 users
version_added: 0.3.0
description:
  - Ends the sessions that browsers of a user have at Auth0, as the operator. The next time an application sends one of these browsers to
    Auth0, the user has to log in.
  - Refresh tokens stay valid, also those that came from the session. Revoke them with M(mfaops.auth0.auth0_refresh_token). Sessions that
    an application keeps itself stay as well, unless it listens to Auth0's back-channel logout.
  - Auth0 accepts the request and ends the sessions a moment later. Until then they are listed, so another run may report a change again.
options:
  state:
    description: V(absent) ends them.
    type: str
    choices: [absent]
    required: true
  session_ids:
    description:
      - Ends only the sessions with these IDs. An ID that is not one of this user's is ignored, because the session is over, or somebody
        else's. An empty list ends nothing.
      - By default all sessions of the user end.
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
  - The application needs the scopes C(read:sessions) and C(delete:sessions), and with O(email) also C(read:users).
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_reset
    description: Reset a lost phone.
  - module: mfaops.auth0.auth0_refresh_token
  - module: mfaops.auth0.auth0_remembered_browser
"""

EXAMPLES = r"""
- name: End all sessions of a user who lost a phone
  mfaops.auth0.auth0_user_session:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    state: absent

- name: End one session
  mfaops.auth0.auth0_user_session:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    state: absent
    session_ids: [jfYcbiTvSFyZb6PqA2UXoA4tCSkk6GZ3]

- name: End the sessions of many users
  mfaops.auth0.auth0_user_session:
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
    - The sessions that the task ended, or would end in check mode.
    - When the task fails, what is known to have ended.
  returned: success, or failure after something ended
  type: list
  elements: dict
  contains:
    id:
      description: The session's ID, the claim C(sid) of ID tokens.
      type: str
      sample: jfYcbiTvSFyZb6PqA2UXoA4tCSkk6GZ3
    client_ids:
      description: The applications that the session was used for.
      type: list
      elements: str
      sample: [JqDJWCYVOhrlc2RMpMBBQNcKh7nTgVhJ]
    created_at:
      description: When it began; V(null) if Auth0 gives no date.
      type: str
      sample: '2026-03-01T08:00:00.000Z'
    last_interacted_at:
      description: When it was last used; V(null) if Auth0 gives no date.
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
          sample: delete:sessions
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
  sample: delete:sessions
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope delete:sessions to the application's grant for this API, then get a new token.
mistakes:
  description: Everything that is wrong with O(users), each with its place. Nothing was sent.
  returned: failure because of O(users)
  type: list
  elements: str
  sample: ["users[1]: 'nobody' is not an e-mail address"]
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.access import Sessions
from ansible_collections.mfaops.auth0.plugins.module_utils.ending import ended, parts
from ansible_collections.mfaops.auth0.plugins.module_utils.module import Session, run


def task(session: Session) -> dict:
    return ended(session, Sessions, "session_ids")


def main() -> None:
    run(task, *parts("session_ids"))


if __name__ == "__main__":
    main()
