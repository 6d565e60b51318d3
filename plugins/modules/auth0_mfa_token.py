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
  - Logs a user in and returns an access token for the MFA API. The token expires after ten minutes. Set C(mfa_token) of other
    modules to it.
  - There are three ways to use O(grant=password).
  - Log in once with O(offline_access), and get a new token with O(grant=refresh_token) whenever you need one.
  - Log in each time you need a token. Users who have a factor need a second step each time.
  - Log in without a second step. The result has RV(mfa_token), which can only list authenticators and enroll the first one.
  - The second step is O(otp), O(recovery_code) or O(challenge). With O(challenge=push) the task waits until the user answers.
    By SMS, voice or e-mail the login takes two tasks, because the user must first receive the code. The first task ends with
    RV(mfa_token) and RV(oob_code). Set O(mfa_token), O(oob_code) and O(binding_code) in the second task.
  - The module never sends a code or a token twice if the first request may have used it up. If the response to such a request is
    lost, the task fails and its message says what to do.
options:
  grant:
    description:
      - V(password) logs in with O(username) and O(password), or continues the login of O(mfa_token).
      - V(refresh_token) gets a new token without the user.
      - V(authorization_code) is for Universal Login and takes two tasks. The first one returns RV(authorization_url), where the user
        logs in with a browser, and sends nothing. The second one gets the token for O(callback_url) or O(code). With O(listen_timeout)
        one task does both.
    type: str
    choices: [password, refresh_token, authorization_code]
    default: password
  username:
    description: The user's name. The application must allow the grant types Password and, for a second step, MFA.
    type: str
  password:
    description: The user's password.
    type: str
  realm:
    description:
      - The user's connection, such as V(Username-Password-Authentication). By default it is the tenant's default directory.
    type: str
  mfa_token:
    description:
      - What RV(mfa_token) was in an earlier task, to continue that login with its second step. Use it instead of O(username) and
        O(password).
    type: str
  audience:
    description:
      - The API that the token is for. By default it is V(https://TENANT/mfa/), the only one that the MFA API accepts.
    type: str
  scopes:
    description:
      - The scopes to ask for. By default they are V(enroll), V(read:authenticators) and V(remove:authenticators). For another
        O(audience) the default is every scope that the API grants.
      - With O(grant=refresh_token) the default is what the login was granted. The scopes can only be fewer than that.
      - With O(mfa_token) the earlier task has asked for scopes already. The module only compares them with what Auth0 grants.
    type: list
    elements: str
  offline_access:
    description: Whether to ask for a refresh token as well. The API and the application must allow it.
    type: bool
    default: false
  otp:
    description: A code of the user's OTP app, as the second step. Quote it, because YAML drops a leading zero otherwise.
    type: str
  recovery_code:
    description:
      - The user's recovery code, as the second step. Auth0 replaces it, and RV(recovery_code) is the new one.
    type: str
  challenge:
    description: How to reach the user for the second step.
    type: str
    choices: [sms, voice, push, email]
  authenticator_id:
    description:
      - The ID of the authenticator to challenge, as the MFA API lists it, such as V(sms|dev_klnv5yshzzoosSUm). It is required only
        if the user has more than one for this O(challenge).
    type: str
  oob_code:
    description:
      - What RV(oob_code) was in an earlier task, to finish that login.
      - Set O(binding_code) as well to the code that the user received. Without it the task checks whether the user approved the push.
    type: str
  binding_code:
    description: The code that the user received. Quote it, because YAML drops a leading zero otherwise.
    type: str
  push_timeout:
    description:
      - How many seconds to wait until the user answers a push, at most 300. The module asks Auth0 every five seconds, or less often
        if Auth0 says so.
      - With V(0) and O(challenge=push) the task sends the push and does not wait. With V(0) and O(oob_code) it asks once.
    type: float
    default: 60
  refresh_token:
    description: The refresh token, for O(grant=refresh_token).
    type: str
  redirect_uri:
    description:
      - The address at which the login in the browser ends, for O(grant=authorization_code). It must be one of the application's
        Allowed Callback URLs.
    type: str
  code:
    description: The authorization code at the end of the login in the browser. Use it instead of O(callback_url).
    type: str
  callback_url:
    description:
      - The whole address at which the login in the browser ended. The module compares its state with O(state), and reports an error
        that Auth0 put into it.
    type: str
  code_verifier:
    description: What RV(code_verifier) was in the task that returned RV(authorization_url).
    type: str
  state:
    description: What RV(state) was in the task that returned RV(authorization_url). It is required with O(callback_url).
    type: str
  listen_timeout:
    description:
      - With O(grant=authorization_code), does the whole login in one task. The task prints the address where the user logs in, waits at most
        this many seconds until the browser comes back, and gets the token. At most 600.
      - The browser must run on the machine on which C(ansible-playbook) runs, and O(redirect_uri) must be an address of that machine with a port,
        such as V(http://127.0.0.1:8765/callback). Register exactly this address in the application's Allowed Callback URLs. The task opens the
        port on the loopback interface only, and waits for the answer that has the state of this login. Any other answer does not end it.
      - The address is printed to the standard error stream and not into Ansible's log file, also with C(no_log). Nothing else of the
        login is printed.
      - Over SSH, forward the port to the machine that has the browser, for example with C(ssh -L 8765:127.0.0.1:8765).
    type: float
    version_added: 0.3.0
  open_browser:
    description: Whether to open the address in the default browser of the machine on which C(ansible-playbook) runs. Requires O(listen_timeout).
    type: bool
    default: false
    version_added: 0.3.0
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
attributes:
  check_mode:
    support: partial
    details:
      - A login with O(username) and O(password) alone takes place in check mode as well, so that the tasks after it can use its token. It
        uses up nothing, and no message is sent. Auth0 counts and logs it as a login.
      - With a second step, O(offline_access) or another O(grant), the module checks the options and sends nothing, because a login would
        use up codes or tokens, or send messages. The result has no token. A task that needs one then fails, because a null is not
        accepted as C(mfa_token); skip it with C(when).
      - In check mode, only O(recovery_code) reports changed. Whether Auth0 replaces a refresh token cannot be known.
      - RV(authorization_url) is returned in check mode as well, unless O(listen_timeout) is set. The task then opens no port, and the result
        has no token.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: Each run uses up and replaces a recovery code, or a refresh token that the application rotates.
notes:
  - Register the result and set C(no_log=true) on the task, because the module does not mask the secrets that it returns.
  - The module does not use O(api_token).
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_as_the_user
    description: Enroll, confirm and remove as the user.
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

- name: Send a push and wait two minutes for the user to approve it
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

- name: Log in with a browser on this machine
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    grant: authorization_code
    redirect_uri: http://127.0.0.1:8765/callback
    listen_timeout: 180
  register: login
  no_log: true

- name: Get the address where the user logs in with a browser
  mfaops.auth0.auth0_mfa_token:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    grant: authorization_code
    redirect_uri: https://app.example.com/callback
  register: browser
  no_log: true

- name: Get the token after the login in the browser
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
  description: The token; V(null) if a step is still left.
  returned: success
  type: str
  sample: eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzY29wZSI6ImVucm9sbCJ9.c2lnbmF0dXJl
expires_in:
  description: After how many seconds the token expires, V(600) for the MFA API; V(null) without a token, or if Auth0 does not say.
  returned: success
  type: int
  sample: 600
expires_at:
  description: When the token expires by the clock of the host that the module runs on; V(null) without a token, or if Auth0 does not say.
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
  description: The scopes that the task asked for and Auth0 did not grant. The task also warns about them.
  returned: success
  type: list
  elements: str
  sample: []
refresh_token:
  description:
    - A new refresh token; V(null) if there is none. With O(grant=refresh_token) a new one replaces O(refresh_token), which is void.
  returned: success
  type: str
  sample: null
recovery_code:
  description: The user's new recovery code; V(null) if O(recovery_code) was not used. It cannot be read again.
  returned: success
  type: str
  sample: null
mfa_token:
  description: For the second step, in O(mfa_token) of the next task; V(null) if none is left or if O(mfa_token) was set.
  returned: success
  type: str
  sample: null
oob_code:
  description: For O(oob_code) of the next task; V(null) if no challenge is waiting for an answer.
  returned: success
  type: str
  sample: null
binding_method:
  description: V(prompt) if the user received a code for O(binding_code) of the next task; V(null) otherwise.
  returned: success
  type: str
  sample: null
authorization_url:
  description: The address where the user logs in with a browser; V(null) in all other cases.
  returned: success
  type: str
  sample: null
code_verifier:
  description: For O(code_verifier) of the next task; V(null) without RV(authorization_url).
  returned: success
  type: str
  sample: null
state:
  description: For O(state) of the next task; V(null) without RV(authorization_url).
  returned: success
  type: str
  sample: null
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
  sample: enroll
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope enroll to the application's grant for this API, then get a new token.
"""

from datetime import datetime, timedelta, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import challenges
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.browser import loopback_port
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.obtain import (
    Obtained,
    asked_scopes,
    missing_scopes,
    obtain,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Part, Session, run

# Then a login has to begin anew.
LONGEST_WAIT = 600
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
        # The action plugin listens.
        "listen_timeout": {"type": "float"},
        "open_browser": {"type": "bool", "default": False},
    },
    # Each grant requires an option of its own, so these pairs keep the options of the grants apart.
    mutually_exclusive=(
        ("code", "callback_url", "listen_timeout"),
        *(("redirect_uri", name) for name in PASSWORD.options),
    ),
    required_together=(("callback_url", "state"),),
    required_by={
        "code": ("redirect_uri", "code_verifier"),
        "callback_url": ("redirect_uri", "code_verifier"),
        "code_verifier": ("redirect_uri",),
        "listen_timeout": ("redirect_uri",),
    },
)
REFRESH = Part(
    {"refresh_token": {"type": "str", "no_log": True}},
    mutually_exclusive=tuple(
        ("refresh_token", name)
        for name in ("audience", *PASSWORD.options, *BROWSER.options)
        # One that always has a value is checked later.
        if name != "open_browser"
    ),
)
PARTS = (CONNECTION, LOGIN, PASSWORD, REFRESH, BROWSER)


def result_of(obtained: Obtained, missing: list[str], now: datetime) -> dict:
    tokens, challenge, browser = obtained.tokens, obtained.challenge, obtained.browser
    lives = tokens is not None and tokens.expires_in > 0
    return {
        "changed": obtained.changed,
        "access_token": tokens and tokens.access_token,
        "expires_in": int(tokens.expires_in) if lives else None,
        "expires_at": iso(now + timedelta(seconds=tokens.expires_in)) if lives else None,
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


def check_listening(redirect_uri: str | None, listen_timeout: float | None, open_browser: bool) -> None:
    """Return if the options for a browser on this machine can be right.

    :raises ConfigurationError: they cannot
    """
    if listen_timeout is None:
        if open_browser:
            raise ConfigurationError("open_browser requires listen_timeout")
        return
    if not 1 <= listen_timeout <= LONGEST_WAIT:
        raise ConfigurationError(
            "listen_timeout is %s, but must be between 1 and %d seconds" % (listen_timeout, LONGEST_WAIT)
        )
    loopback_port(redirect_uri or "")


def get_token(session: Session) -> dict:
    check_listening(*(session.params[name] for name in ("redirect_uri", "listen_timeout", "open_browser")))
    obtained = obtain(session.tokens(), session.params, session.check_mode)
    now, missing = datetime.now(timezone.utc), []
    if obtained.tokens:
        missing = missing_scopes(asked_scopes(session.params, session.connection.mfa_audience), obtained.tokens)
    if missing:
        session.warn("Auth0 did not grant %s. Check which scopes the application may ask for." % ", ".join(missing))
    if session.params["recovery_code"] is not None and obtained.tokens and obtained.tokens.recovery_code is None:
        session.warn(
            "Auth0 used up the recovery code and returned no new one. Replace it with mfaops.auth0.auth0_recovery_code "
            "and state=rotated."
        )
    return result_of(obtained, missing, now)


def main() -> None:
    run(get_token, *PARTS)


if __name__ == "__main__":
    main()
