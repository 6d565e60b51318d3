# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client authentication by private-key JWT (API.md §1.1; Auth0's page "Authenticate with Private Key JWT")."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization

from ..state.clients import Client
from ..state.used_assertions import UsedAssertions

# The published test keys are in the directory of the README that names them.
_KEYS = Path(__file__).parents[1]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "RS384", "PS256")
LONGEST_LIFETIME = 300
CLOCK_SKEW = 10
LONGEST_CLAIM = 64


def assertion_problem(issuer: str, used: UsedAssertions, client: Client, assertion: str, now: float) -> str | None:
    """What is wrong with a ``client_assertion``; None if it is valid, and then its ``jti`` is used up.

    ``issuer`` is the tenant's, which is the audience of assertions; ``now`` is its time in seconds.
    """
    try:
        claims = jwt.decode(
            assertion,
            _public_key(client.key_file),
            algorithms=ALGORITHMS,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError as error:
        return str(error)
    problem = _claims_problem(claims, client.id, (issuer, f"{issuer}oauth/token"), now)
    if problem is None and not used.add(claims["jti"], claims["exp"], now):
        problem = "'jti' was used before"
    return problem


def _claims_problem(claims: dict, client_id: str, audiences: tuple[str, ...], now: float) -> str | None:
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        return "'iss' and 'sub' must be the client_id"
    asked = claims.get("aud")
    if not any(audience in audiences for audience in (asked if isinstance(asked, list) else [asked])):
        return f"'aud' must be {audiences[0]}"
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_CLAIM:
        return f"'jti' must have 1 to {LONGEST_CLAIM} characters"
    if not _is_number(claims.get("exp")):
        return "'exp' must be a number"
    expires = claims["exp"]
    if expires <= now:
        return "'exp' is over"
    for name in ("iat", "nbf"):
        if name in claims and (not _is_number(claims[name]) or claims[name] > now + CLOCK_SKEW):
            return f"'{name}' is in the future"
    if expires > claims.get("iat", now + CLOCK_SKEW) + LONGEST_LIFETIME:
        return "'exp' claim must specify a time that is no more than 5 minutes after 'iat'"
    return None


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


@cache
def _public_key(file_name: str):
    key = serialization.load_pem_private_key((_KEYS / file_name).read_bytes(), None)
    return key.public_key()
