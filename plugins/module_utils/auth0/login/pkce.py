# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What proves that a login in the browser ends where it began: verifier and state (RFC 7636, RFC 6749 §10.12)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from urllib.parse import parse_qsl, urlsplit

from ..wire.errors import AuthenticationError, ConfigurationError, one_line
from ..wire.redaction import Secrets

_START_AGAIN = "Run the task that begins the login again."


def new_secret() -> str:
    """A ``code_verifier`` or a ``state``: 43 characters of 256 random bits (RFC 7636 §4.1)."""
    return secrets.token_urlsafe(32)


def code_challenge(code_verifier: str) -> str:
    """What the authorization request carries in place of the verifier, by the method S256 (RFC 7636 §4.2)."""
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def check_verifier(code_verifier: str) -> None:
    """:raises ConfigurationError: it cannot be a verifier; it is not quoted"""
    if not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", code_verifier):
        raise ConfigurationError(
            "code_verifier is not 43 to 128 letters, digits or -._~",
            hint="Set it to the code_verifier that was returned with the authorization_url.",
        )


def code_from(callback_url: str, state: str, known: Secrets) -> str:
    """The authorization code in the address that the browser ended at.

    :param state: what the authorization request carried
    :param known: learns the code, and masks what the address says beside it
    :raises ConfigurationError: the address has no code
    :raises AuthenticationError: it belongs to another login, or the login was refused
    """
    try:
        answer = dict(parse_qsl(urlsplit(callback_url).query))
    except ValueError:
        answer = {}
    known.add(answer.get("code"))
    # Before anything else: whatever else another login's address says is not for us (RFC 9700 §4.7).
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise AuthenticationError(
            "The state in callback_url belongs to another login",
            hint="Somebody may have replaced the address. " + _START_AGAIN,
        )
    if "error" in answer:
        said = one_line(known.text(answer.get("error_description") or "Auth0 gave no reason"))
        raise AuthenticationError(
            "The login was refused: %s" % said, code=one_line(known.text(answer["error"])), hint=_START_AGAIN
        )
    if not answer.get("code"):
        raise ConfigurationError(
            "callback_url has no code", hint="Set it to the whole address that the browser ended at, with its query."
        )
    return answer["code"]
