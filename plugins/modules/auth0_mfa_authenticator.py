#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_authenticator
short_description: Enroll, confirm, create or remove MFA authenticators of Auth0 users
version_added: 0.1.0
description:
  - Brings one authenticator of one user to the wanted state, or removes all authenticators that match a selector.
  - As the user (O(mfa_token) or O(username)), enrolls, confirms and removes an OTP app, a phone, an e-mail address or a push device
    through the MFA API.
  - As the operator, creates a phone, an e-mail address, an OTP secret, a security key or a passkey through the Management API, already
    confirmed. Changes and removes any authenticator.
  - Finds an authenticator by O(authenticator_id), or by O(factor) and what Auth0 shows of its number or address. RV(matched_by) says how.
    If two devices match, the task fails and names both. Auth0 usually shows a mask, so a number that fits may be another one. See
    O(masked_match).
  - Auth0 removes linked authenticators (such as SMS and voice of one phone) together. RV(removed_ids) lists everything that was removed.
  - After a change, and if the answer to a request is lost, the task reads the user again and reports what it finds, even if another
    task changed it. If the user is then as wanted, the task succeeds with a warning.
options:
  state:
    description:
      - V(present) enrolls the authenticator (as the user) or creates it (as the operator), unless the user has it. As the user, an
        unconfirmed enrollment counts as present. As the operator, O(name) and O(preferred_method) are changed if they differ.
      - V(confirmed) completes an enrollment with O(code), or waits for the answer to a push. Only as the user.
      - V(absent) removes the authenticator. If it does not exist, the task succeeds without a change. If the user has no second factor
        afterward, because another task removed one at the same time, the task fails and says so, unless O(allow_last_factor).
    type: str
    choices: [present, confirmed, absent]
    default: present
  factor:
    description:
      - The factor. V(sms) and V(voice) mean a V(phone) that Auth0 contacts this way.
      - Auth0 does not show OTP secrets, so any confirmed OTP app of the user counts as V(present) (as the user, an unconfirmed one
        too). Two tasks with a different O(totp_secret) and O(name) for one user therefore change the label of the same authenticator.
      - As the user, every verified e-mail address counts as an V(email) that is present, because Auth0 uses it like an enrolled one.
    type: str
    choices: [otp, phone, sms, voice, push, email, webauthn-roaming, webauthn-platform, passkey, duo]
  authenticator_id:
    description:
      - The authenticator's ID, such as V(totp|dev_WzMZ2sZbUw1wbC2F). The IDs of both APIs are accepted.
      - The Management API does not list unconfirmed enrollments, but removes them. With O(state=absent), the operator's task therefore
        tries an ID that is not listed. If the user does not have it, nothing changes. The task does not try it if other options describe
        the authenticator, because it cannot check them. In check mode it cannot know the result, so it warns and predicts no change.
    type: str
  phone_number:
    description: The number in E.164 format, for O(factor=phone), O(factor=sms) and O(factor=voice).
    type: str
  email_address:
    description: The e-mail address, for O(factor=email).
    type: str
  masked_match:
    description:
      - Whether a phone or an e-mail authenticator is the one that O(phone_number) or O(email_address) means, if Auth0 shows a mask that
        fits, such as C(XXXXXXXXX8750). Another number of the same length with the same last four digits fits, too.
      - Without this option, O(state=present) counts it as present and warns, and O(state=absent) fails and removes nothing.
      - V(accept) counts it as the same, without a warning. V(reject) counts it as another one, so that O(state=present) enrolls yours.
        A second run with V(reject) enrolls it again, unless Auth0 refuses. Only V(accept) can be used with O(state=absent).
      - If Auth0 shows the whole number or address, this option has no effect.
    type: str
    choices: [accept, reject]
    version_added: 0.3.0
  totp_secret:
    description: The OTP app's secret, base32. Only as the operator.
    type: str
  credential:
    description:
      - The credential of a security key (O(factor=webauthn-roaming)) or a passkey, from its registration. Only as the operator.
      - The task finds it by its C(key_id). If Auth0 has another C(public_key) for that C(key_id), the task fails, because a public key
        cannot be changed.
    type: dict
    version_added: 0.2.0
    suboptions:
      key_id:
        description: The credential's ID.
        type: str
        required: true
      public_key:
        description: The public key, base64. Required to create the authenticator.
        type: str
      relying_party_identifier:
        description: The domain that the credential was registered for. Required to create a security key.
        type: str
      aaguid:
        description: The authenticator's model, for a passkey.
        type: str
      credential_device_type:
        description: Whether a passkey stays on one device.
        type: str
        choices: [single_device, multi_device]
      credential_backed_up:
        description: Whether a passkey was backed up.
        type: bool
      identity_user_id:
        description: The user ID of the identity that a passkey belongs to.
        type: str
      user_agent:
        description: The browser that registered a passkey.
        type: str
      user_handle:
        description: The passkey's user handle.
        type: str
      transports:
        description: How the browser reaches the device, for a passkey.
        type: list
        elements: str
  name:
    description: The label, at most 20 characters. Only as the operator.
    type: str
  preferred_method:
    description: How Auth0 contacts a phone first. Only as the operator.
    type: str
    choices: [sms, voice]
    version_added: 0.2.0
  code:
    description:
      - The 6 digits that confirm the enrollment, from the OTP app or from the message. Quote them, or YAML drops a leading zero.
      - Required if the authenticator is unconfirmed, except for a push device.
    type: str
  oob_code:
    description: The value that RV(enrollment.oob_code) had. Required to confirm a phone, an e-mail address or a push device.
    type: str
  push_timeout:
    description:
      - How many seconds to wait until the user has scanned the QR code of a push enrollment, at most V(300). The task asks Auth0 every
        five seconds.
    type: float
    default: 60
    version_added: 0.2.0
  selector:
    description:
      - With O(state=absent), removes all authenticators that match, instead of one. O(factor) limits it to one factor. With
        O(authenticator_id), removes that authenticator only if it still matches.
      - V(unconfirmed) matches what was never confirmed, V(unused) what was not used for O(unused_for), and V(all) everything that is
        listed. The task removes them one by one, and warns if another one has appeared meanwhile.
      - V(everything) lets Auth0 remove everything with one request that is sent once, including the recovery code and unconfirmed
        enrollments that the Management API does not list. O(max_removals) and O(allow_last_factor) apply to what is listed. Because
        there may be something that is not listed, the task always sends the request and reports a change. Only as the operator, and
        without options that describe an authenticator.
      - If one of two linked authenticators does not match, both stay, because Auth0 removes them together. RV(kept) lists what stays
        and why.
    type: str
    choices: [unconfirmed, unused, all, everything]
    version_added: 0.2.0
  unused_for:
    description:
      - How long an authenticator was not used, for O(selector=unused). A number with a unit, V(s), V(m), V(h), V(d) or V(w). If it was
        never used, the time counts from its enrollment, or else its creation. Only as the operator, because the MFA API shows no dates.
    type: str
    version_added: 0.2.0
  max_removals:
    description:
      - How many authenticators a selector may remove. Linked authenticators count once, for the operator and for the user. If more match,
        the task fails and removes none.
    type: int
    default: 1
    version_added: 0.2.0
  allow_last_factor:
    description:
      - Whether the task may leave the user without a second factor. A passkey is a second factor. A recovery code is not.
      - As the user, the task does not see passkeys, so it does not count them.
    type: bool
    default: false
  qr_path:
    description:
      - Writes the QR code of an enrolled OTP app or push device to this file, a PNG that only its owner can read. The QR code holds the
        secret. An existing file is replaced.
      - A relative path starts at the directory that the module runs in; use an absolute path. If the task is killed before the file is
        written, a hidden note beside it (C(.NAME.pending)) stays, and the next run with this path warns about it.
    type: path
    version_added: 0.2.0
  qr_text:
    description:
      - Whether RV(enrollment.qr_text) has the QR code as text for a terminal. Its light modules are block characters, for a terminal that
        is light on dark. Show it with M(ansible.builtin.pause), whose prompt keeps the lines.
    type: bool
    default: false
    version_added: 0.2.0
  qr_show:
    description:
      - Whether the task prints the QR code of an enrolled OTP app or push device on the terminal on which C(ansible-playbook) runs, so that the
        user can scan it there, also with C(no_log). The terminal needs UTF-8 and about 65 columns.
      - The QR code holds the secret. It is printed to the standard error stream and not into Ansible's log file. Do not use it where the
        output is kept, as in a pipeline.
    type: bool
    default: false
    version_added: 0.3.0
  users:
    description:
      - Many users in one task, as the operator, instead of O(user_id) or O(email). Several users are worked on at once, within the rate limit.
      - Each entry names one user, with O(users[].user_id) or O(users[].email). For what an entry does not set, the options of the task
        count. O(state) is one for all.
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
      factor:
        description: As O(factor).
        type: str
        choices: [otp, phone, sms, voice, push, email, webauthn-roaming, webauthn-platform, passkey, duo]
      authenticator_id:
        description: As O(authenticator_id).
        type: str
      phone_number:
        description: As O(phone_number).
        type: str
      email_address:
        description: As O(email_address).
        type: str
      totp_secret:
        description: As O(totp_secret).
        type: str
      credential:
        description: As O(credential).
        type: dict
        suboptions:
          key_id:
            description: As O(credential.key_id).
            type: str
            required: true
          public_key:
            description: As O(credential.public_key).
            type: str
          relying_party_identifier:
            description: As O(credential.relying_party_identifier).
            type: str
          aaguid:
            description: As O(credential.aaguid).
            type: str
          credential_device_type:
            description: As O(credential.credential_device_type).
            type: str
            choices: [single_device, multi_device]
          credential_backed_up:
            description: As O(credential.credential_backed_up).
            type: bool
          identity_user_id:
            description: As O(credential.identity_user_id).
            type: str
          user_agent:
            description: As O(credential.user_agent).
            type: str
          user_handle:
            description: As O(credential.user_handle).
            type: str
          transports:
            description: As O(credential.transports).
            type: list
            elements: str
      name:
        description: As O(name).
        type: str
      preferred_method:
        description: As O(preferred_method).
        type: str
        choices: [sms, voice]
      masked_match:
        description: As O(masked_match).
        type: str
        choices: [accept, reject]
      selector:
        description: As O(selector).
        type: str
        choices: [unconfirmed, unused, all, everything]
      unused_for:
        description: As O(unused_for).
        type: str
      max_removals:
        description: As O(max_removals).
        type: int
      allow_last_factor:
        description: As O(allow_last_factor).
        type: bool
  max_users:
    description:
      - How many of O(users) the task may change. If more have to be changed, it changes none of them. To know that, it reads all users
        before the first write, unless O(users) has no more entries than this.
      - By default V(25) with O(state=absent), and any number otherwise.
    type: int
    version_added: 0.3.0
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
  - mfaops.auth0.connection.user
  - mfaops.auth0.connection.progress
attributes:
  check_mode:
    support: full
    details:
      - In check mode the task still logs in with O(username), because it needs a token to read the user's authenticators.
      - What only Auth0 knows is not predicted. That is the ID and the time of a new authenticator, a first recovery code that comes with
        it, which of several OTP apps was enrolled with a push device, and whether an O(authenticator_id) that is not listed exists.
        A new phone is predicted with the channels of the user's other phones, or with both.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details: O(selector=everything) always reports a change, and so may O(masked_match=reject).
notes:
  - If the task enrolls, register its result and set C(no_log=true), because RV(enrollment) holds secrets that are not masked.
  - If a task fails after something was removed, RV(removed_ids) lists what is gone. If the user could not be read again after a lost
    answer, RV(possibly_removed_ids) lists what may be gone.
requirements:
  - segno 1.6 or newer (for O(qr_path), O(qr_text) or O(qr_show))
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_as_the_user
    description: Enroll, confirm and remove as the user.
  - ref: ansible_collections.mfaops.auth0.docsite.guide_onboard
    description: Onboard users from a CSV file.
  - module: mfaops.auth0.auth0_mfa_authenticator_info
  - module: mfaops.auth0.auth0_mfa_enrollment_ticket
  - module: mfaops.auth0.auth0_mfa_token
  - module: mfaops.auth0.auth0_recovery_code
"""

EXAMPLES = r"""
- name: Enroll an OTP app as the user
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

- name: Give a user a phone as the operator
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00001@example.com
    factor: phone
    phone_number: "+442071838750"
    name: work phone

- name: Remove a phone as the operator
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00001@example.com
    state: absent
    factor: phone
    phone_number: "+442071838750"
    masked_match: accept
    allow_last_factor: true

- name: Remove what a user has not used for half a year, two authenticators at most
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00002@example.com
    state: absent
    selector: unused
    unused_for: 180d
    max_removals: 2

- name: Remove everything a user has, also unconfirmed enrollments
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00002@example.com
    state: absent
    selector: everything
    max_removals: 2
    allow_last_factor: true

- name: Give many users a phone in one task
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    factor: phone
    masked_match: accept
    users:
      - email: user00004@example.com
        phone_number: "+442071838751"
        name: work phone
      - email: user00005@example.com
        phone_number: "+442071838752"
  register: phones

- name: Remove what these users have not used for a year, with one authenticator at most of each
  mfaops.auth0.auth0_mfa_authenticator:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    state: absent
    selector: unused
    unused_for: 365d
    users:
      - email: user00006@example.com
      - email: user00007@example.com
"""

RETURN = r"""
user_id:
  description: The user's ID; V(null) as the user.
  returned: success
  type: str
  sample: auth0|640b5a0ed3534be8b2db9dd3
authenticator:
  description:
    - The authenticator that the task is about; V(null) if the user does not have it (any more). Its keys are those of
      RV(mfaops.auth0.auth0_mfa_authenticator_info#module:authenticators).
    - In check mode, the ID of an authenticator that would be created is V((known after enrollment\)).
  returned: success
  type: dict
  sample:
    id: totp|dev_WzMZ2sZbUw1wbC2F
    factor: otp
    view: mfa
    confirmed: false
    second_factor: false
    channels: []
    name: null
    phone_number: null
    email: null
    created_at: null
    enrolled_at: null
    last_auth_at: null
    preferred_method: null
    key_id: null
    twin_ids: []
    deletable: true
    not_deletable_because: null
matched_by:
  description:
    - How the task found RV(authenticator), or the one it removed. V(id), V(number) or V(address) if Auth0 shows it whole, V(mask) if it
      shows a mask that fits, V(credential), or V(factor) if nothing else describes it.
    - V(null) if there was none, and with O(selector).
  returned: success
  type: str
  sample: mask
authenticators:
  description: All of the user's authenticators after the task, unconfirmed ones included.
  returned: success
  type: list
  elements: dict
  sample: []
removed_ids:
  description: The IDs of everything that was removed (in check mode, would be), linked authenticators included.
  returned: success, and a failure after something was removed
  type: list
  elements: str
  sample: [sms|dev_klnv5yshzzoosSUm, voice|dev_klnv5yshzzoosSUm]
possibly_removed_ids:
  description: The IDs that may be gone. The answer to their removal was lost, and the user could not be read again.
  returned: such a failure
  type: list
  elements: str
  sample: [totp|dev_WzMZ2sZbUw1wbC2F]
kept:
  description: What the task was asked to remove and did not.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The authenticator's ID.
      type: str
      sample: recovery-code|dev_i1kgKoFSZLbPt6G1
    reason:
      description: Why it stays.
      type: str
      sample: "A recovery code cannot be removed, only replaced. Use mfaops.auth0.auth0_recovery_code."
enrollment:
  description: What Auth0 returns once, when an enrollment starts. All of it is secret.
  returned: if the task started an enrollment
  type: dict
  contains:
    secret:
      description: The OTP app's secret, base32; V(null) for other factors.
      type: str
      sample: HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF
    barcode_uri:
      description: The address to show as a QR code, for an OTP app or a push device; V(null) for other factors.
      type: str
      sample: otpauth://totp/example:user00001%40example.com?secret=HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF&issuer=example
    oob_code:
      description: The value for O(oob_code) when you confirm the enrollment; V(null) for an OTP app.
      type: str
      sample: Fe26.2*SERVER_1726721698*68ae34ff
    recovery_codes:
      description: The user's first recovery code, if the tenant issues one. It cannot be read again.
      type: list
      elements: str
      sample: [MZCRK3YX5V3AKNNYY6JEBQCL]
    qr_text:
      description: The QR code as lines of block characters; V(null) without O(qr_text).
      type: str
      sample: null
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
    authenticator:
      description: As RV(authenticator); V(null) after a failure.
      type: dict
      sample: null
    matched_by:
      description: As RV(matched_by).
      type: str
      sample: mask
    authenticators:
      description: As RV(authenticators); V(null) after a failure.
      type: list
      elements: dict
      sample: []
    removed_ids:
      description: As RV(removed_ids).
      type: list
      elements: str
      sample: []
    possibly_removed_ids:
      description: As RV(possibly_removed_ids).
      returned: if the user could not be read again after a response was lost
      type: list
      elements: str
      sample: []
    kept:
      description: As RV(kept).
      type: list
      elements: dict
      sample: []
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

from contextlib import ExitStack
from typing import Callable

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users import qr_code
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import (
    linked_ids,
    rows_for_diff,
    to_row,
    to_rows,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import channels, named_by, words
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    ConfigurationError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso, seconds
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.converge import Outcome, converge
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.operator_side import (
    OperatorSide,
    check as check_operator,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import (
    DESCRIPTIONS,
    MASKED_MATCHES,
    SELECTORS,
    Wanted,
    check,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.entries import MOST_USERS, many_users
from ansible_collections.mfaops.auth0.plugins.module_utils.module import (
    CONNECTION,
    PROGRESS,
    TARGET,
    USER,
    Part,
    Session,
    run,
)

CREDENTIAL = {
    "key_id": {"type": "str", "required": True, "no_log": False},
    "public_key": {"type": "str", "no_log": False},
    "relying_party_identifier": {"type": "str"},
    "aaguid": {"type": "str"},
    "credential_device_type": {"type": "str", "choices": ["single_device", "multi_device"]},
    "credential_backed_up": {"type": "bool"},
    "identity_user_id": {"type": "str"},
    "user_agent": {"type": "str"},
    "user_handle": {"type": "str"},
    "transports": {"type": "list", "elements": "str"},
}


def wanted_from(params: dict) -> Wanted:
    credential, unused_for = params["credential"], params["unused_for"]
    factor, channel = named_by(params["factor"])
    return Wanted(
        state=params["state"],
        factor=factor,
        channel=channel,
        authenticator_id=params["authenticator_id"],
        phone_number=params["phone_number"],
        email_address=params["email_address"],
        name=params["name"],
        preferred_method=params["preferred_method"],
        totp_secret=params["totp_secret"],
        credential={name: value for name, value in credential.items() if value is not None} if credential else None,
        code=params["code"],
        oob_code=params["oob_code"],
        push_timeout=params["push_timeout"],
        masked_match=params["masked_match"],
        selector=params["selector"],
        unused_for=seconds("unused_for", unused_for) if unused_for is not None else None,
        max_removals=params["max_removals"],
        allow_last_factor=params["allow_last_factor"],
    )


def result_of(outcome: Outcome, user_id: str | None) -> dict:
    target, enrollment = outcome.target, outcome.enrollment
    result = {
        "changed": outcome.changed,
        "user_id": user_id,
        "authenticator": to_row(target, linked_ids(outcome.after).get(target.id, ())) if target else None,
        "matched_by": outcome.matched_by,
        "authenticators": to_rows(outcome.after),
        "removed_ids": list(outcome.removed),
        "kept": [{"id": kept, "reason": reason} for kept, reason in outcome.skipped],
        "diff": {"before": rows_for_diff(outcome.before), "after": rows_for_diff(outcome.after)},
    }
    if enrollment:
        result["enrollment"] = {
            "secret": enrollment.secret,
            "barcode_uri": enrollment.barcode_uri,
            "oob_code": enrollment.oob_code,
            "recovery_codes": list(enrollment.recovery_codes),
            "qr_text": None,
        }
    return result


def task(session: Session) -> dict:
    return converge_authenticator(session) if session.params["users"] is None else converge_many(session)


def converge_many(session: Session) -> dict:
    """The same for many users, as the operator."""
    # Modules are compiled anew for every task, so what only many users need is loaded for them.
    from ansible_collections.mfaops.auth0.plugins.module_utils.many_users import ManyUsers

    params = session.params
    if params["qr_text"] or params["qr_show"]:
        raise ConfigurationError("qr_text and qr_show cannot be used with users", hint="An operator gets no QR code.")

    def prepare(options: dict):
        wanted = wanted_from(options)
        check(wanted)
        check_operator(wanted)

        def act(side: OperatorSide, *, check_mode: bool, warn: Callable[[str], None]) -> dict:
            outcome = converge(side, wanted, check_mode, session.now)
            for notice in outcome.notices:
                warn(notice)
            return result_of(outcome, side.user_id)

        return act

    most = MOST_USERS if params["max_users"] is None and params["state"] == "absent" else params["max_users"]
    blank = {"authenticator": None, "matched_by": None, "authenticators": None, "removed_ids": [], "kept": []}
    return ManyUsers(session, OF_EACH_USER, DESCRIPTIONS, prepare, blank, most).run()


def picture_file(path: str, check_mode: bool):
    """The file for the picture of a QR code."""
    # Modules are compiled anew for every task, so what only a picture needs is loaded for one.
    from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import SecretFile

    return SecretFile("qr_path", path, check_mode)


def converge_authenticator(session: Session) -> dict:
    params, check_mode = session.params, session.check_mode
    wanted = wanted_from(params)
    with ExitStack() as closing:
        picture = picture_file(params["qr_path"], check_mode) if params["qr_path"] is not None else None
        as_text = params["qr_text"] or params["qr_show"]
        if picture or as_text:
            qr_code.check(wanted)
        if picture and not check_mode:
            closing.enter_context(picture)
        side = session.side()
        if picture and not check_mode:
            picture.announce(about="enrollment", at=iso(session.now()))
        # By the clock of the tenant, which the first reading told.
        try:
            outcome = converge(side, wanted, check_mode, session.now)
        except AmbiguousWriteError:
            # The enrollment may exist. The note tells the next run.
            raise
        except Auth0Error:
            if picture:
                picture.withdraw()
            raise
        result = result_of(outcome, side.user_id)
        notices = list(outcome.notices)
        address = outcome.enrollment.barcode_uri if outcome.enrollment else None
        if picture:
            notices += [picture.notice] if picture.notice else []
            if picture.left is not None and not address:
                notices.append(
                    "A run was cut off at %s before it could write an enrollment to %s, so the secret of an enrollment "
                    "may be lost. Remove that enrollment if nobody can use it, then remove %s."
                    % (picture.left.get("at", "an unknown time"), picture.path, picture.pending)
                )
            if not outcome.enrollment:
                picture.withdraw()
        if address and as_text:
            # With qr_show, the action plugin prints it.
            result["enrollment"]["qr_text"], problem = qr_code.picture_of(address, qr_code.as_text)
            notices += [problem] if problem else []
        if address and picture:
            content, problem = qr_code.picture_of(address, qr_code.as_png)
            # The enrollment exists, and what it returned exists nowhere else.
            try:
                if content is not None:
                    picture.write(content)
                else:
                    picture.withdraw()
            except Auth0Error as error:
                problem = str(error)
            notices += [problem] if problem else []
    for notice in notices:
        session.warn(notice)
    return result


# What users may differ in. The rest of the options is for one user alone, or for all of them.
OF_EACH_USER = {
    "factor": {"type": "str", "choices": words(lambda row: row.not_removable_because is None)},
    "authenticator_id": {"type": "str"},
    "phone_number": {"type": "str"},
    "email_address": {"type": "str"},
    "totp_secret": {"type": "str", "no_log": True},
    "credential": {"type": "dict", "options": CREDENTIAL},
    "name": {"type": "str"},
    "preferred_method": {"type": "str", "choices": channels()},
    "masked_match": {"type": "str", "choices": list(MASKED_MATCHES)},
    "selector": {"type": "str", "choices": list(SELECTORS)},
    "unused_for": {"type": "str"},
    "max_removals": {"type": "int"},
    "allow_last_factor": {"type": "bool"},
}
ONE_USER_ONLY = {
    "code": {"type": "str", "no_log": True},
    "oob_code": {"type": "str", "no_log": True},
    "qr_path": {"type": "path"},
}


def main() -> None:
    run(
        task,
        CONNECTION,
        TARGET,
        USER,
        Part(
            {
                **OF_EACH_USER,
                **ONE_USER_ONLY,
                "state": {"type": "str", "choices": ["present", "confirmed", "absent"], "default": "present"},
                "push_timeout": {"type": "float", "default": 60},
                "max_removals": {"type": "int", "default": 1},
                "allow_last_factor": {"type": "bool", "default": False},
                "qr_text": {"type": "bool", "default": False},
                "qr_show": {"type": "bool", "default": False},
            },
            required_one_of=(("factor", "authenticator_id", "selector", "users"),),
            never_null=DESCRIPTIONS,
        ),
        many_users(OF_EACH_USER, ("mfa_token", "username", *ONE_USER_ONLY)),
        PROGRESS,
    )


if __name__ == "__main__":
    main()
