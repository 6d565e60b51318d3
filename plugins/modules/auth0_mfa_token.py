#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_token
short_description: Get a user's token for the MFA API of Auth0
version_added: 0.2.0
description:
  - Logs a user in and returns an access token for the MFA API, which lives ten minutes. Other modules take it in C(mfa_token).
  - With O(grant=password) there are three ways. Ask for the audience of the MFA API with O(offline_access) and refresh the token
    whenever one is needed; log in for this audience when one is needed, with a second step for users who have a factor; or log in
    for another audience without a second step and take RV(mfa_token), with which authenticators can be listed.
  - The second step is O(otp), O(recovery_code), or something that is sent to the user. With O(challenge) being V(sms), V(voice) or
    V(email) the task ends with RV(mfa_token) and RV(oob_code), and a second task finishes the login with the code that the user
    received. With O(challenge=push) the task waits for the user's answer.
  - What uses up a code or a token is never sent twice. Where such an answer is lost, the task fails and says what to do.
options:
  grant:
    description:
      - V(password) logs in with O(username) and O(password), or goes on from O(mfa_token).
      - V(refresh_token) gets another token without the user.
      - V(authorization_code) is for Universal Login. Without O(code) and O(callback_url) it makes RV(authorization_url), where the
        user's browser logs in, and sends nothing; with one of them it exchanges what the browser came back with.
    type: str
    choices: [password, refresh_token, authorization_code]
    default: password
  username:
    description: The user's name. The application needs the grant type Password and, for a second step, MFA.
    type: str
  password:
    description: The user's password.
    type: str
  realm:
    description:
      - The connection the user is in, such as V(Username-Password-Authentication). Without it the tenant's default directory is used.
    type: str
  mfa_token:
    description:
      - The C(mfa_token) of a login that stopped at C(mfa_required), to go on with its second step, instead of O(username) and
        O(password). A refresh may stop there, too.
    type: str
  audience:
    description:
      - The API the token is for, by default V(https://TENANT/mfa/), the only one the MFA API accepts.
    type: str
  scopes:
    description:
      - The scopes to ask for. By default V(enroll), V(read:authenticators) and V(remove:authenticators); for another O(audience) all
        that the API grants, and with O(grant=refresh_token), which can only narrow them, what the login was granted.
      - With O(mfa_token) nothing is asked for again, and they are only compared with what was granted.
    type: list
    elements: str
  offline_access:
    description: Whether to ask for a refresh token as well. The API and the application must allow it.
    type: bool
    default: false
  otp:
    description: A code of the user's OTP app, as second step. Quote it, or YAML drops a leading zero.
    type: str
  recovery_code:
    description:
      - The user's recovery code, as second step. It is void afterward, and RV(recovery_code) is the new one.
    type: str
  challenge:
    description: How to reach the user for the second step.
    type: str
    choices: [sms, voice, push, email]
  authenticator_id:
    description:
      - Which authenticator to challenge, by the id it has in the MFA view, such as V(sms|dev_klnv5yshzzoosSUm). Needed only where
        the user has more than one for this O(challenge).
    type: str
  oob_code:
    description:
      - What RV(oob_code) was, to finish the login with O(binding_code), or without it to see whether a push was approved.
    type: str
  binding_code:
    description: The code the user received. Quote it, or YAML drops a leading zero.
    type: str
  push_timeout:
    description:
      - How many seconds to wait for the answer to a push. Auth0 is asked every five seconds, or less often where it says so.
      - With V(0) and O(challenge=push) the task sends the push and ends; with V(0) and O(oob_code) it asks once.
    type: float
    default: 60
  refresh_token:
    description: The refresh token, for O(grant=refresh_token).
    type: str
  redirect_uri:
    description: Where the browser ends, one of the application's Allowed Callback URLs, for O(grant=authorization_code).
    type: str
  code:
    description: The authorization code the browser came back with.
    type: str
  callback_url:
    description:
      - The whole address the browser came back to, instead of O(code). It is checked against O(state), and an error in it is told.
    type: str
  code_verifier:
    description: What RV(code_verifier) was, to exchange a code.
    type: str
  state:
    description: What RV(state) was, to check O(callback_url).
    type: str
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
attributes:
  check_mode:
    support: partial
    details:
      - Options are checked and nothing is sent, because a login would use up codes and send messages. There is no token in the
        result.
      - A task is predicted to change something with O(recovery_code) only; whether a refresh token rotates cannot be known.
      - An RV(authorization_url) is made in check mode as well.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: A recovery code and a rotating refresh token are used up and replaced each time.
notes:
  - Register the result and set C(no_log=true) on the task, because what it returns are secrets that the task asked for and that are
    not masked.
  - O(api_token) is not used.
seealso:
  - module: mfaops.auth0.auth0_mfa_authenticator_info
  - module: mfaops.auth0.auth0_mfa_authenticator
"""

EXAMPLES = r"""
- name: Log in with password and OTP app, and get a refresh token for later
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    username: "{{ user_name }}"
    password: "{{ user_password }}"
    otp: "{{ user_otp }}"
    offline_access: true
  register: login
  no_log: true

- name: Get another token without the user
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    grant: refresh_token
    refresh_token: "{{ login.refresh_token }}"
  register: refreshed
  no_log: true

- name: Send the user a code by SMS
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    username: "{{ user_name }}"
    password: "{{ user_password }}"
    challenge: sms
  register: sent
  no_log: true

- name: Finish the login with the code the user received
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    mfa_token: "{{ sent.mfa_token }}"
    oob_code: "{{ sent.oob_code }}"
    binding_code: "{{ sms_code }}"
  register: login
  no_log: true

- name: Send a push and wait two minutes for the answer
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    username: "{{ user_name }}"
    password: "{{ user_password }}"
    challenge: push
    push_timeout: 120
  register: login
  no_log: true

- name: Log in with the recovery code, and keep the new one
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    username: "{{ user_name }}"
    password: "{{ user_password }}"
    recovery_code: "{{ user_recovery_code }}"
  register: login
  no_log: true

- name: Make an address where the user's browser logs in
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    grant: authorization_code
    redirect_uri: https://app.example.com/callback
  register: browser
  no_log: true

- name: Get the token once the browser has come back
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    grant: authorization_code
    redirect_uri: https://app.example.com/callback
    callback_url: "{{ callback_url }}"
    state: "{{ browser.state }}"
    code_verifier: "{{ browser.code_verifier }}"
  register: login
  no_log: true
"""

RETURN = r"""
access_token:
  description: The token, V(null) where a step is still to be done.
  returned: success
  type: str
  sample: eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzY29wZSI6ImVucm9sbCJ9.c2lnbmF0dXJl
expires_in:
  description: For how many seconds the token is good, V(600) for the MFA API; V(null) without a token.
  returned: success
  type: int
  sample: 600
expires_at:
  description: When it expires, by the clock of the host the module runs on; V(null) without a token.
  returned: success
  type: str
  sample: "2026-08-20T12:10:00.000Z"
scopes:
  description: The scopes the token has.
  returned: success
  type: list
  elements: str
  sample: [enroll, "read:authenticators", "remove:authenticators"]
missing_scopes:
  description: The scopes that were asked for and not granted, of which the task also warns.
  returned: success
  type: list
  elements: str
  sample: []
refresh_token:
  description:
    - A new refresh token, V(null) where none came. With O(grant=refresh_token) the one that was given is void once there is a new
      one.
  returned: success
  type: str
  sample: null
recovery_code:
  description: The user's new recovery code, V(null) where none was used up. It cannot be read again.
  returned: success
  type: str
  sample: null
mfa_token:
  description: What the second step needs, V(null) where none is to be done or where it was given in O(mfa_token).
  returned: success
  type: str
  sample: null
oob_code:
  description: To be given back in O(oob_code), V(null) where nothing was sent that is still to be answered.
  returned: success
  type: str
  sample: null
binding_method:
  description: V(prompt) where the user received a code that goes into O(binding_code), V(null) otherwise.
  returned: success
  type: str
  sample: null
authorization_url:
  description: Where the user's browser logs in, V(null) for other grants and for an exchange.
  returned: success
  type: str
  sample: null
code_verifier:
  description: To be given back in O(code_verifier), V(null) without RV(authorization_url).
  returned: success
  type: str
  sample: null
state:
  description: To be given back in O(state), V(null) without RV(authorization_url).
  returned: success
  type: str
  sample: null
"""

from datetime import datetime, timedelta, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import challenges
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.obtain import (
    Obtained,
    asked_scopes,
    missing_scopes,
    obtain,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Part, Session, run

LOGIN = Part(
    {
        "grant": {
            "type": "str",
            "choices": ["password", "refresh_token", "authorization_code"],
            "default": "password",
        },
        "audience": {"type": "str"},
        "scopes": {"type": "list", "elements": "str"},
        "offline_access": {"type": "bool", "default": False},
        "push_timeout": {"type": "float", "default": 60},
    },
    required_if=(
        ("grant", "password", ("username", "mfa_token"), True),
        ("grant", "refresh_token", ("refresh_token",)),
        ("grant", "authorization_code", ("redirect_uri",)),
    ),
)
PASSWORD = Part(
    {
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "realm": {"type": "str"},
        "mfa_token": {"type": "str", "no_log": True},
        "otp": {"type": "str", "no_log": True},
        "recovery_code": {"type": "str", "no_log": True},
        "challenge": {"type": "str", "choices": challenges()},
        "authenticator_id": {"type": "str"},
        "oob_code": {"type": "str", "no_log": True},
        "binding_code": {"type": "str", "no_log": True},
    },
    mutually_exclusive=(
        *(("mfa_token", name) for name in ("username", "password", "realm")),
        ("otp", "recovery_code", "challenge", "oob_code"),
    ),
    required_together=(("username", "password"),),
    required_by={
        "realm": ("username",),
        "oob_code": ("mfa_token",),
        "binding_code": ("oob_code",),
        "authenticator_id": ("challenge",),
    },
)
BROWSER = Part(
    {
        "redirect_uri": {"type": "str"},
        "code": {"type": "str", "no_log": True},
        "callback_url": {"type": "str", "no_log": True},
        "code_verifier": {"type": "str", "no_log": True},
        "state": {"type": "str", "no_log": True},
    },
    # Each grant requires an option of its own, so these pairs keep the options of the grants apart.
    mutually_exclusive=(("code", "callback_url"), *(("redirect_uri", name) for name in PASSWORD.options)),
    required_together=(("callback_url", "state"),),
    required_by={
        "code": ("redirect_uri", "code_verifier"),
        "callback_url": ("redirect_uri", "code_verifier"),
        "code_verifier": ("redirect_uri",),
    },
)
REFRESH = Part(
    {"refresh_token": {"type": "str", "no_log": True}},
    mutually_exclusive=tuple(("refresh_token", name) for name in ("audience", *PASSWORD.options, *BROWSER.options)),
)
PARTS = (CONNECTION, LOGIN, PASSWORD, REFRESH, BROWSER)


def result_of(obtained: Obtained, missing: list[str], now: datetime) -> dict:
    tokens, challenge, browser = obtained.tokens, obtained.challenge, obtained.browser
    return {
        "changed": obtained.changed,
        "access_token": tokens and tokens.access_token,
        "expires_in": tokens and int(tokens.expires_in),
        "expires_at": tokens and iso(now + timedelta(seconds=tokens.expires_in)),
        "scopes": list(tokens.scope) if tokens else [],
        "missing_scopes": missing,
        "refresh_token": tokens and tokens.refresh_token,
        "recovery_code": tokens and tokens.recovery_code,
        "mfa_token": obtained.mfa_token,
        "oob_code": challenge and challenge.oob_code,
        "binding_method": challenge and challenge.binding_method,
        "authorization_url": browser and browser.authorization_url,
        "code_verifier": browser and browser.code_verifier,
        "state": browser and browser.state,
    }


def get_token(session: Session) -> dict:
    obtained = obtain(session.tokens(), session.params, session.check_mode, session.hide)
    now, missing = datetime.now(timezone.utc), []
    if obtained.tokens:
        missing = missing_scopes(asked_scopes(session.params, session.connection.mfa_audience), obtained.tokens)
    if missing:
        session.warn("Auth0 did not grant %s. Check which scopes the application may ask for." % ", ".join(missing))
    return result_of(obtained, missing, now)


def main() -> None:
    run(get_token, *PARTS)


if __name__ == "__main__":
    main()
