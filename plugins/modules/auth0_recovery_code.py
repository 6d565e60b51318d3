#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_recovery_code
short_description: Give Auth0 users a recovery code, or a new one
version_added: 0.1.0
description:
  - Makes a new recovery code for one user through the Management API, as the operator. Auth0 voids the old code at once.
  - The request for a new code is never sent twice. If its response is lost, the task fails and says that a new code may exist.
  - After the request, the task reads the user's authenticators again, twice within a second. If somebody else replaced the code at the
    same time, the task fails and says that its own code is void. What happened between the request and the first reading cannot be
    known. Do not run several tasks on one user at the same time.
options:
  state:
    description:
      - V(present) makes a code only if the user has none. The Management API does not show a code that came with an unconfirmed
        enrollment, so the task replaces it.
      - V(rotated) makes a new code every time, or with O(max_age) only if the code is older.
    type: str
    choices: [present, rotated]
    default: present
  max_age:
    description:
      - With O(state=rotated), replaces the code only if it is older than this. A number with a unit, V(s), V(m), V(h), V(d) or V(w).
      - If Auth0 gives no date, the code counts as older. If Auth0 gives a date that cannot be read, the task fails and replaces nothing.
    type: str
  path:
    description:
      - Writes the new code to this file on the host that the module runs on. Only its owner can read it. An existing file is replaced.
        The result then does not have the code. It has the file's full path.
      - A relative path starts at the directory that the module runs in. With a local connection that is the playbook's directory, not the
        one in which you start C(ansible-playbook). Use an absolute path.
      - The task checks that it can write the file before Auth0 voids the old code. It then makes a note of what it is about to do, in a
        hidden file beside this one (C(.NAME.pending), mode 0600, without any secret). The note disappears when the code is in its file.
        If the task is killed, or Auth0's response is lost, the note stays. The next run for the same user and path finds the note,
        warns, and makes a new code, whatever O(state) and O(max_age) say.
      - Without this option there is no place for a note. If the task is killed while Auth0 responds, the next run cannot know it.
      - Two tasks cannot write the same file at the same time. The second one fails before its first request.
    type: path
    version_added: 0.2.0
  codes_folder:
    description:
      - A directory for the codes of O(users) that have no O(users[].path), with a file for each user, named after the user's ID. The task
        makes the directory if it does not exist, with mode 0700.
    type: path
    version_added: 0.3.0
  users:
    description:
      - Many users in one task, instead of O(user_id) or O(email). Every code is in its file before anything else is done to its user. Several users are
        worked on at once, within the rate limit.
      - Each entry names one user, with O(users[].user_id) or O(users[].email). For what an entry does not set, the options of the task
        count. O(state) and O(max_age) are one for all.
      - The task checks all entries before its first request. If some are wrong, it names all of them, and changes nothing. If two entries
        turn out to be the same user, neither is changed.
      - A user who fails does not keep the task from the others. At the end the task fails, and RV(users) has the result of each user. If
        the next user would fail as well (credentials, scopes, the rate limit, the network), the task ends, and tells who was not reached.
        SIGINT and SIGTERM end it in the same way, after the users that are at work.
      - If the task failed or was killed, run it again. What was done is not done again.
    type: list
    elements: dict
    version_added: 0.3.0
    suboptions:
      user_id:
        description: The user's ID.
        type: str
      email:
        description: The user's e-mail address, in exactly this spelling. It takes one request more than an ID.
        type: str
      source:
        description: Where the entry comes from, for messages, such as V(users.csv line 3). By default its place in the list.
        type: str
      path:
        description: As O(path). Required without O(codes_folder), because a code that is only in the result would be lost with a killed task.
        type: path
  max_users:
    description:
      - How many of O(users) the task may change. If more have to be changed, it changes none of them. To know that, it reads all users
        before the first write, unless O(users) has no more entries than this.
      - By default V(25) with O(state=rotated), and any number otherwise.
    type: int
    version_added: 0.3.0
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
  - mfaops.auth0.connection.progress
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details: O(state=rotated) without O(max_age) makes a new code every time.
notes:
  - Without O(path), register the result and set C(no_log=true) on the task, because RV(recovery_code) is not masked.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_recovery_codes
    description: Rotate recovery codes.
  - module: mfaops.auth0.auth0_mfa_authenticator_info
"""

EXAMPLES = r"""
- name: Make sure that a user has a recovery code
  mfaops.auth0.auth0_recovery_code:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00002@example.com
  register: recovery
  no_log: true

- name: Replace the recovery code when it is older than half a year
  mfaops.auth0.auth0_recovery_code:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00002@example.com
    state: rotated
    max_age: 180d
  register: recovery
  no_log: true

- name: The same, with the code in a file
  mfaops.auth0.auth0_recovery_code:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    path: "{{ directory }}/user00003.code"

- name: Replace the old recovery codes of many users, each code in a file of its own
  mfaops.auth0.auth0_recovery_code:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    state: rotated
    max_age: 180d
    codes_folder: "{{ directory }}/codes"
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
recovery_code:
  description: The new code. It cannot be read again.
  returned: if the task made a code, without O(path)
  type: str
  sample: 32YCGV1JUE9G7MDJ71UTN12W
path:
  description: The full path of the file with the new code.
  returned: if the task made a code, with O(path)
  type: str
  sample: /secure/user00003.code
interrupted_at:
  description:
    - When an earlier run was cut off before it could write the code to O(path). This run made a new code for that reason.
      V(an unknown time) if its note cannot be read; V(null) if no run was cut off.
  returned: success
  type: str
  sample: null
  version_added: 0.3.0
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
          sample: update:authentication_methods
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
    path:
      description: As RV(path); V(null) if the task made no code.
      type: str
      sample: /secure/auth0-640b5a0ed3534be8b2db9dd3-1f0c7b1f
    interrupted_at:
      description: As RV(interrupted_at).
      type: str
      sample: null
  version_added: 0.3.0
counts:
  description: How many users have each RV(users[].result).
  returned: with RV(users)
  type: dict
  sample: {changed: 998, unchanged: 1, failed: 1, not_reached: 0}
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
  sample: update:authentication_methods
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope update:authentication_methods to the application's grant for this API, then get a new token.
mistakes:
  description: Everything that is wrong with O(users), each with its place. Nothing was sent.
  returned: failure because of O(users)
  type: list
  elements: str
  sample: ["users.csv line 3: phone_number '0207' is not an E.164 number such as +442071838750"]
  version_added: 0.3.0
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.recovery_codes import check, converge_code
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.code_file import converge_code_file
from ansible_collections.mfaops.auth0.plugins.module_utils.entries import MOST_USERS, many_users
from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import SecretFile, SecretsFolder
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import seconds
from ansible_collections.mfaops.auth0.plugins.module_utils.module import (
    CONNECTION,
    PROGRESS,
    TARGET,
    Part,
    Session,
    run,
)


def task(session: Session) -> dict:
    return converge_recovery_code(session) if session.params["users"] is None else converge_many(session)


def converge_many(session: Session) -> dict:
    """The same for many users. Every code is in its file before anything else is done to its user."""
    # Modules are compiled anew for every task, so what only many users need is loaded for them.
    from ansible_collections.mfaops.auth0.plugins.module_utils.many_users import ManyUsers

    params, tenant = session.params, session.connection.domain
    state = params["state"]
    max_age = seconds("max_age", params["max_age"]) if params["max_age"] is not None else None
    check(state, max_age)
    paths: set[str] = set()

    def prepare(options: dict):
        path = options["path"]
        if path is not None:
            file = SecretFile("path", path, session.check_mode)
            if file.path in paths:
                raise ConfigurationError("path %s is another user's as well" % file.path)
            paths.add(file.path)
        elif params["codes_folder"] is None:
            raise ConfigurationError("path is required, unless codes_folder is set")

        def act(side, *, check_mode: bool, warn) -> dict:
            if path is not None:
                file = SecretFile("path", path, check_mode)
            else:
                file = folder.file_of(side.user_id, check_mode)
            asked = (side, state, max_age, session.now, check_mode)
            outcome, interrupted_at = converge_code_file(file, *asked, tenant=tenant, warn=warn)
            return {
                "changed": outcome.changed,
                "path": file.path if outcome.code else None,
                "interrupted_at": interrupted_at,
                "diff": {"before": outcome.before, "after": outcome.after},
            }

        return act

    most = MOST_USERS if params["max_users"] is None and state == "rotated" else params["max_users"]
    users = ManyUsers(session, OF_EACH_USER, ("path",), prepare, {"path": None, "interrupted_at": None}, most)
    if params["codes_folder"] is not None:
        folder = SecretsFolder("codes_folder", params["codes_folder"], session.check_mode)
    return users.run()


def converge_recovery_code(session: Session) -> dict:
    params, check_mode = session.params, session.check_mode
    max_age = seconds("max_age", params["max_age"]) if params["max_age"] is not None else None
    file = SecretFile("path", params["path"], check_mode) if params["path"] is not None else None
    side = session.operator_side()
    asked = (side, params["state"], max_age, session.now, check_mode)
    made, interrupted_at = {}, None
    if file:
        tenant = session.connection.domain
        outcome, interrupted_at = converge_code_file(file, *asked, tenant=tenant, warn=session.warn)
        if outcome.code:
            made["path"] = file.path
    else:
        outcome = converge_code(*asked)
        if outcome.code:
            made["recovery_code"] = outcome.code
        if outcome.notice:
            session.warn(outcome.notice)
    diff = {"before": outcome.before, "after": outcome.after}
    return {
        "changed": outcome.changed,
        "user_id": side.user_id,
        "interrupted_at": interrupted_at,
        **made,
        "diff": diff,
    }


OF_EACH_USER = {"path": {"type": "path"}}


def main() -> None:
    run(
        task,
        CONNECTION,
        TARGET,
        Part(
            {
                **OF_EACH_USER,
                "state": {"type": "str", "choices": ["present", "rotated"], "default": "present"},
                "max_age": {"type": "str"},
                "codes_folder": {"type": "path"},
            },
            required_by={"codes_folder": ("users",)},
            never_null=("max_age", "path", "codes_folder"),
        ),
        many_users(OF_EACH_USER, ("path",)),
        PROGRESS,
    )


if __name__ == "__main__":
    main()
