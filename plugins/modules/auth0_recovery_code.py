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
    type: str
  path:
    description:
      - Writes the new code to this file on the host that the module runs on. Only its owner can read it. An existing file is replaced.
        The result then does not have the code.
      - The task checks that it can write the file before Auth0 voids the old code.
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
  description: The file with the new code.
  returned: if the task made a code, with O(path)
  type: str
  sample: /secure/user00003.code
"""

from contextlib import nullcontext
from datetime import datetime, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.recovery_codes import converge_code
from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import SecretFile
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import seconds
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, TARGET, Part, Session, run


def converge_recovery_code(session: Session) -> dict:
    params, check_mode = session.params, session.check_mode
    max_age = seconds("max_age", params["max_age"]) if params["max_age"] is not None else None
    file = SecretFile("path", params["path"]) if params["path"] is not None else None
    side = session.operator_side()
    with file if file and not check_mode else nullcontext():
        outcome = converge_code(side, params["state"], max_age, datetime.now(timezone.utc), check_mode)
        result = {"changed": outcome.changed, "user_id": side.user_id}
        if outcome.code and file:
            session.hide(outcome.code)
            file.write(outcome.code.encode() + b"\n")
            result["path"] = params["path"]
        elif outcome.code:
            result["recovery_code"] = outcome.code
    result["diff"] = {"before": outcome.before, "after": outcome.after}
    return result


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
        ),
    )


if __name__ == "__main__":
    main()
