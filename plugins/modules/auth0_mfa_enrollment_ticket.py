#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_enrollment_ticket
short_description: Let an Auth0 user enroll an MFA authenticator with a ticket
version_added: 0.2.0
description:
  - Creates an enrollment ticket, as the operator. Whoever has its link can enroll an authenticator for the user, once and within five
    days.
  - Auth0 mails the link to the user, or the task returns it for you to give to the user.
  - Every run creates another ticket. Earlier tickets stay valid until they expire.
options:
  send_mail:
    description: Whether Auth0 mails the ticket to the user. The result then has neither its ID nor its link.
    type: bool
    default: false
  mail_to:
    description: Another address for the mail. Requires O(send_mail).
    type: str
  email_locale:
    description: The mail's language, such as V(de). Requires O(send_mail).
    type: str
  factor:
    description: The only factor that the ticket can enroll. Without it the user chooses. Requires Universal Login.
    type: str
    choices: [otp, phone, push, email, webauthn-roaming, webauthn-platform]
  allow_multiple_enrollments:
    description: Whether a user who already has a factor may enroll another one. Requires Universal Login.
    type: bool
    default: false
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
attributes:
  check_mode:
    support: partial
    details: Creates no ticket, so the result has neither RV(ticket_id) nor RV(ticket_url). Checks the credentials but not the scopes, and
      checks that the user exists only with O(email).
  diff_mode:
    support: none
    details: There is no earlier state to compare a ticket with.
  idempotent:
    support: none
    details: Every run creates another ticket.
notes:
  - Without O(send_mail), register the result and set C(no_log=true) on the task, because RV(ticket_url) is a secret and is not masked.
seealso:
  - module: mfaops.auth0.auth0_mfa_authenticator
"""

EXAMPLES = r"""
- name: Mail a ticket to the user
  mfaops.auth0.auth0_mfa_enrollment_ticket:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00001@example.com
    send_mail: true

- name: Make a ticket for a security key, to hand over
  mfaops.auth0.auth0_mfa_enrollment_ticket:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    factor: webauthn-roaming
    allow_multiple_enrollments: true
  register: ticket
  no_log: true
"""

RETURN = r"""
user_id:
  description: The user's ID.
  returned: success
  type: str
  sample: auth0|640b5a0ed3534be8b2db9dd3
ticket_id:
  description: The ticket's ID.
  returned: without O(send_mail), not in check mode
  type: str
  sample: jip3H2Q20fiUyQCcMmS0gBAinoBe4rOV
ticket_url:
  description: The link with which the user enrolls.
  returned: without O(send_mail), not in check mode
  type: str
  sample: https://example.eu.auth0.com/mfa/enrollment?ticket=jip3H2Q20fiUyQCcMmS0gBAinoBe4rOV
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
  sample: create:guardian_enrollment_tickets
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope create:guardian_enrollment_tickets to the application's grant for this API, then get a new token.
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS, names
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, TARGET, Part, Session, run


def make_ticket(session: Session) -> dict:
    params = session.params
    if not params["send_mail"] and (params["mail_to"] or params["email_locale"]):
        raise ConfigurationError(
            "mail_to and email_locale require send_mail", hint="Set send_mail to true, or remove them."
        )
    side = session.operator_side()
    user_id = side.user_id
    result = {"changed": True, "user_id": user_id}
    if session.check_mode:
        session.operator.authenticate()
        return result
    fields = {
        "email": params["mail_to"],
        "send_mail": params["send_mail"],
        "email_locale": params["email_locale"],
        "factor": FACTORS[params["factor"]].ticket_name if params["factor"] else None,
        "allow_multiple_enrollments": params["allow_multiple_enrollments"] or None,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    ticket_id, ticket_url = GuardianApi(session.operator).create_ticket(user_id, given)
    if params["send_mail"]:
        return result
    return {**result, "ticket_id": ticket_id, "ticket_url": ticket_url}


def main() -> None:
    run(
        make_ticket,
        CONNECTION,
        TARGET,
        Part(
            {
                "send_mail": {"type": "bool", "default": False},
                "mail_to": {"type": "str"},
                "email_locale": {"type": "str"},
                "factor": {"type": "str", "choices": names(lambda row: row.ticket_name)},
                "allow_multiple_enrollments": {"type": "bool", "default": False},
            },
        ),
    )


if __name__ == "__main__":
    main()
