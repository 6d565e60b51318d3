#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_authenticator
short_description: Enrol, confirm, create or remove an MFA authenticator of an Auth0 user
version_added: 0.1.0
description:
  - Brings one authenticator of one user to the wanted state.
  - As the user (O(mfa_token) or O(username)) an OTP app or a phone is enrolled, confirmed and removed through the MFA API.
  - As operator a phone, an e-mail address or an OTP secret is created through the Management API, confirmed at once, and any
    authenticator can be removed.
  - Authenticators are matched by identity, that is by O(authenticator_id), or by O(factor) and the digits a masked number still
    shows. Where that fits two devices the task fails and names both.
  - A removal takes an authenticator's twin along. RV(removed_ids) has all that is gone.
options:
  state:
    description:
      - V(present) enrols the authenticator (as the user) or creates it (as operator), unless the user has it. A pending enrolment
        counts as present for the user. With O(name), as operator, the label is changed where it differs.
      - V(confirmed) finishes a pending enrolment with O(code). Only as the user.
      - V(absent) removes it. One that does not exist is no error.
    type: str
    choices: [present, confirmed, absent]
    default: present
  factor:
    description:
      - The factor. V(sms) and V(voice) are a V(phone) that is challenged this way.
      - An OTP secret cannot be compared, so any confirmed OTP app of the user counts as V(present) (and a pending one, as the user).
    type: str
    choices: [otp, phone, sms, voice, push, email, webauthn-roaming, webauthn-platform, passkey]
  authenticator_id:
    description: The authenticator, by the id of either view, such as V(totp|dev_WzMZ2sZbUw1wbC2F).
    type: str
  phone_number:
    description: The number in E.164 form, for O(factor=phone), O(factor=sms) and O(factor=voice).
    type: str
  email_address:
    description: The address of an e-mail authenticator. Only as operator.
    type: str
  totp_secret:
    description: The base32 secret of an OTP app. Only as operator.
    type: str
  name:
    description: The label, at most 20 characters. Only as operator.
    type: str
  code:
    description:
      - The 6 digits that confirm the enrolment, from the OTP app or from the message. Quote them, or YAML drops a leading zero.
      - Needed only where something is pending.
    type: str
  oob_code:
    description: What RV(enrollment.oob_code) was, to confirm a phone.
    type: str
  allow_last_factor:
    description: Whether the user may be left without any confirmed factor. A recovery code is no factor.
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
    details: In check mode a login with O(username) still takes place, as it is needed to see the user's authenticators.
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - Register the result of an enrolment and set C(no_log=true) on the task, because RV(enrollment) holds secrets that the task
    asked for and that are not masked.
seealso:
  - module: mfaops.auth0.auth0_mfa_authenticator_info
  - module: mfaops.auth0.auth0_recovery_code
"""

EXAMPLES = r"""
- name: Enrol an OTP app as the user
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    mfa_token: "{{ user_token }}"
    factor: otp
  register: otp_app
  no_log: true

- name: Confirm it with the code the app shows
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    mfa_token: "{{ user_token }}"
    state: confirmed
    factor: otp
    code: "{{ code }}"

- name: Give a user a phone as operator
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00001@example.com
    factor: phone
    phone_number: "+442071838750"
    name: work phone

- name: Remove a phone as operator
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00001@example.com
    state: absent
    factor: phone
    phone_number: "+442071838750"
    allow_last_factor: true
"""

RETURN = r"""
user_id:
  description: The user's id; V(null) where the task acts as the user.
  returned: success
  type: str
  sample: auth0|640b5a0ed3534be8b2db9dd3
authenticator:
  description:
    - The authenticator the task is about, V(null) where there is none (any more). The keys are those of
      RV(mfaops.auth0.auth0_mfa_authenticator_info#module:authenticators).
    - In check mode the id of one that would be made is V((known after enrolment\)).
  returned: success
  type: dict
  sample:
    id: totp|dev_WzMZ2sZbUw1wbC2F
    factor: otp
    view: mfa
    confirmed: false
    channels: []
    name: null
    phone_number: null
    email: null
    created_at: null
    enrolled_at: null
    last_auth_at: null
    twin_ids: []
authenticators:
  description: All of the user's authenticators after the task, unconfirmed ones included.
  returned: success
  type: list
  elements: dict
  sample: []
removed_ids:
  description: The ids that are gone (or would be, in check mode), twins included.
  returned: success
  type: list
  elements: str
  sample: [sms|dev_klnv5yshzzoosSUm, voice|dev_klnv5yshzzoosSUm]
enrollment:
  description: What Auth0 hands out once, when an enrolment starts. All of it is secret.
  returned: when an enrolment was started
  type: dict
  contains:
    secret:
      description: The OTP seed, base32; V(null) for a phone.
      type: str
      sample: HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF
    barcode_uri:
      description: The address to show as a QR code; V(null) for a phone.
      type: str
      sample: otpauth://totp/example:user00001%40example.com?secret=HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF&issuer=example
    oob_code:
      description: To be given back in O(oob_code); V(null) for an OTP app.
      type: str
      sample: Fe26.2*SERVER_1726721698*68ae34ff
    recovery_codes:
      description: The user's first recovery code, where the tenant issues one. It cannot be read again.
      type: list
      elements: str
      sample: [MZCRK3YX5V3AKNNYY6JEBQCL]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import CHANNELS, to_row, to_rows, twins
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.enrollment import Wanted, rows_for_diff
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.views import Outcome, converge
from ansible_collections.mfaops.auth0.plugins.module_utils.module import (
    Session,
    connection_spec,
    rules,
    run,
    target_spec,
    user_spec,
)

FACTORS = ["otp", "phone", "sms", "voice", "push", "email", "webauthn-roaming", "webauthn-platform", "passkey"]


def wanted_from(params: dict) -> Wanted:
    factor = params["factor"]
    return Wanted(
        state=params["state"],
        factor=CHANNELS.get(factor, factor),
        channel=factor if factor in CHANNELS else None,
        authenticator_id=params["authenticator_id"],
        phone_number=params["phone_number"],
        email_address=params["email_address"],
        name=params["name"],
        totp_secret=params["totp_secret"],
        code=params["code"],
        oob_code=params["oob_code"],
        allow_last_factor=params["allow_last_factor"],
    )


def result_of(outcome: Outcome, user_id: str | None, with_diff: bool) -> dict:
    target, enrolment = outcome.target, outcome.enrolment
    result = {
        "changed": outcome.changed,
        "user_id": user_id,
        "authenticator": to_row(target, twins(outcome.after).get(target.id, ())) if target else None,
        "authenticators": to_rows(outcome.after),
        "removed_ids": list(outcome.removed),
    }
    if enrolment:
        result["enrollment"] = {
            "secret": enrolment.secret,
            "barcode_uri": enrolment.barcode_uri,
            "oob_code": enrolment.oob_code,
            "recovery_codes": list(enrolment.recovery_codes),
        }
    if with_diff:
        result["diff"] = {"before": rows_for_diff(outcome.before), "after": rows_for_diff(outcome.after)}
    return result


def converge_authenticator(session: Session) -> dict:
    view = session.view()
    outcome = converge(view, wanted_from(session.params), session.module.check_mode)
    if outcome.notice:
        session.module.warn(outcome.notice)
    return result_of(outcome, view.user_id, session.module._diff)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **connection_spec(),
            **target_spec(),
            **user_spec(),
            "state": {"type": "str", "choices": ["present", "confirmed", "absent"], "default": "present"},
            "factor": {"type": "str", "choices": FACTORS},
            "authenticator_id": {"type": "str"},
            "phone_number": {"type": "str"},
            "email_address": {"type": "str"},
            "totp_secret": {"type": "str", "no_log": True},
            "name": {"type": "str"},
            "code": {"type": "str", "no_log": True},
            "oob_code": {"type": "str", "no_log": True},
            "allow_last_factor": {"type": "bool", "default": False},
        },
        required_one_of=[("factor", "authenticator_id")],
        supports_check_mode=True,
        **rules(connection_spec(), target_spec(), user_spec()),
    )
    run(module, converge_authenticator)


if __name__ == "__main__":
    main()
