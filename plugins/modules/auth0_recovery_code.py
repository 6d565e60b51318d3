#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_recovery_code
short_description: Give an Auth0 user a recovery code, or a new one
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
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
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
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.recovery_codes import converge_code
from ansible_collections.mfaops.auth0.plugins.module_utils.code_file import converge_code_file
from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import SecretFile
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import seconds
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, TARGET, Part, Session, run


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


def main() -> None:
    run(
        converge_recovery_code,
        CONNECTION,
        TARGET,
        Part(
            {
                "state": {"type": "str", "choices": ["present", "rotated"], "default": "present"},
                "max_age": {"type": "str"},
                "path": {"type": "path"},
            },
            never_null=("max_age", "path"),
        ),
    )


if __name__ == "__main__":
    main()
