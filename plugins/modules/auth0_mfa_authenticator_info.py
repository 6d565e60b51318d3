#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_authenticator_info
short_description: List the MFA authenticators of an Auth0 user
version_added: 0.1.0
description:
  - Lists the authenticators of one user, as the user sees them or as an operator sees them. The two views differ, and each row
    says which one it comes from.
  - The MFA API (the user's own token) shows unconfirmed enrolments, and a phone as two rows, C(sms|dev_X) and C(voice|dev_X).
  - The Management API (operator) shows a phone once, with the dates of enrolment and last use; unconfirmed enrolments are reported
    never to show there.
options:
  factor:
    description: Only authenticators of this factor.
    type: str
    choices: [otp, phone, sms, voice, push, email, recovery-code, webauthn-roaming, webauthn-platform, passkey, duo]
  include_unconfirmed:
    description: Whether to list enrolments that were never confirmed as well. They cannot be used to pass MFA.
    type: bool
    default: false
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
  - mfaops.auth0.connection.user
attributes:
  check_mode:
    support: full
    details: Changes nothing in any mode.
  diff_mode:
    support: none
    details: Changes nothing.
  idempotent:
    support: full
    details: Changes nothing.
seealso:
  - module: mfaops.auth0.auth0_mfa_authenticator
"""

EXAMPLES = r"""
- name: List a user's authenticators as operator
  mfaops.auth0.auth0_mfa_authenticator_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ lookup('ansible.builtin.env', 'AUTH0_CLIENT_ID') }}"
    client_secret: "{{ lookup('ansible.builtin.env', 'AUTH0_CLIENT_SECRET') }}"
    email: user00003@example.com
  register: found

- name: List a user's phones with the user's own token, unconfirmed ones too
  mfaops.auth0.auth0_mfa_authenticator_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    mfa_token: "{{ user_token }}"
    factor: phone
    include_unconfirmed: true
"""

RETURN = r"""
user_id:
  description: The user's id; V(null) where the task acts as the user.
  returned: success
  type: str
  sample: auth0|640b5a0ed3534be8b2db9dd3
authenticators:
  description: The authenticators, ordered by id. Empty where there is none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, as this view writes it.
      type: str
      sample: phone|dev_kXVq4drj3Mw6uCF5
    factor:
      description: The factor, in the words of O(factor). A word of Auth0's own, such as V(password), for entries that are no factor.
      type: str
      sample: phone
    view:
      description: Where the row comes from, V(mfa) (the user's own token) or V(management) (operator).
      type: str
      sample: management
    confirmed:
      description: Whether the enrolment was finished. An unconfirmed one cannot be used.
      type: bool
      sample: true
    channels:
      description: How it can be challenged.
      type: list
      elements: str
      sample: [sms, voice]
    name:
      description: The label. Only as operator.
      type: str
      sample: work phone
    phone_number:
      description: The number, masked by Auth0.
      type: str
      sample: XXXXXXXXXXX5044
    email:
      description: The address, masked by Auth0.
      type: str
      sample: chuc****@exam*******
    created_at:
      description: When it was created, ISO 8601. Only as operator.
      type: str
      sample: '2023-03-10T16:25:51.113Z'
    enrolled_at:
      description: When it was confirmed, ISO 8601. Only as operator, and V(null) where Auth0 does not know.
      type: str
      sample: '2023-03-10T16:26:40.020Z'
    last_auth_at:
      description:
        - When it was last used, ISO 8601. Only as operator, and V(null) where Auth0 does not know. Auth0 sets it at the confirmation, too.
      type: str
      sample: '2023-06-01T08:00:00.000Z'
    twin_ids:
      description: The ids that Auth0 removes together with this one, as far as the view tells.
      type: list
      elements: str
      sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import CHANNELS, to_rows
from ansible_collections.mfaops.auth0.plugins.module_utils.module import (
    Session,
    connection_spec,
    rules,
    run,
    target_spec,
    user_spec,
)

FACTORS = [
    "otp", "phone", "sms", "voice", "push", "email", "recovery-code", "webauthn-roaming", "webauthn-platform", "passkey", "duo",
]  # fmt: skip


def list_authenticators(session: Session) -> dict:
    view = session.view()
    rows = to_rows(view.authenticators())
    factor = session.params["factor"]
    channel = factor if factor in CHANNELS else None
    return {
        "changed": False,
        "user_id": view.user_id,
        "authenticators": [
            row
            for row in rows
            if (row["confirmed"] or session.params["include_unconfirmed"])
            and (factor is None or row["factor"] == CHANNELS.get(factor, factor))
            and (channel is None or channel in row["channels"])
        ],
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **connection_spec(),
            **target_spec(),
            **user_spec(),
            "factor": {"type": "str", "choices": FACTORS},
            "include_unconfirmed": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
        **rules(connection_spec(), target_spec(), user_spec()),
    )
    run(module, list_authenticators)


if __name__ == "__main__":
    main()
