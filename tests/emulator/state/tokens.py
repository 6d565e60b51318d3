# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: signed access tokens, and the opaque sealed strings (``mfa_token``, ``oob_code``)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets

import jwt
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric import rsa

CACHED_TOKENS = 1024


class Signer:
    """Signs and verifies access tokens with an RSA key made at start (RS256)."""

    def __init__(self):
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._kid = secrets.token_urlsafe(16)
        self._verified: dict[str, dict] = {}
        self._expired: set[str] = set()

    def sign(self, claims: dict) -> str:
        """A JWT with these claims and the key's ``kid``."""
        token = jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._kid})
        self._expired.discard(token)  # the same claims within one second give the same text
        return token

    def verify(self, token: str) -> dict | None:
        """The claims of a token signed by this tenant, else None. The caller checks expiry and audience."""
        claims = self._verified.get(token)
        if claims is None:
            try:
                claims = jwt.decode(
                    token,
                    self._key.public_key(),
                    algorithms=["RS256"],
                    options={"verify_exp": False, "verify_iat": False, "verify_aud": False},
                )
            except jwt.InvalidTokenError:
                return None
            if len(self._verified) >= CACHED_TOKENS:
                self._verified.clear()
            self._verified[token] = claims
        return {**claims, "exp": 0} if token in self._expired else claims

    def forget(self) -> None:
        """Keep nothing but the key, so that no token counts as expired before its time."""
        self._verified.clear()
        self._expired.clear()

    def expire(self, token: str) -> None:
        """Make this token expired."""
        self._expired.add(token)

    def jwks(self) -> dict:
        """The key set of ``/.well-known/jwks.json``."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self._kid, "n": key["n"], "e": key["e"]}]}


class OpaqueTokens:
    """Access tokens for the user-info endpoint, which say nothing by themselves. Times are milliseconds."""

    def __init__(self) -> None:
        self._grants: dict[str, tuple[str, tuple[str, ...], int]] = {}

    def issue(self, user_id: str, scope: tuple[str, ...], now: int, expires_at: int) -> str:
        """A token for this user."""
        if len(self._grants) >= CACHED_TOKENS:
            self._grants = {token: grant for token, grant in self._grants.items() if grant[2] > now}
        token = secrets.token_urlsafe(32)
        self._grants[token] = (user_id, scope, expires_at)
        return token

    def open(self, token: str, now: int) -> tuple[str, tuple[str, ...]] | None:
        """The user's ID and the scope of a token; None for an unknown or expired one."""
        user_id, scope, expires_at = self._grants.get(token, ("", (), 0))
        return (user_id, scope) if now < expires_at else None


class Sealer:
    """Seals a small JSON object into an opaque string of the shape ``Fe26.2*...`` and opens it again.

    A seal does not expire: an expiry is a member of the object, and the caller checks it.
    """

    PREFIX = "Fe26.2"

    def __init__(self):
        self._key = secrets.token_bytes(32)
        self._cipher = Fernet(Fernet.generate_key())
        self._key_name = "SERVER_" + secrets.token_hex(5)
        self._expired: set[str] = set()

    def seal(self, content: dict, expires_at: int) -> str:
        """Seal ``content``; ``expires_at`` (milliseconds) is visible in it, as in real tokens, and has no effect."""
        text = "*".join(
            (
                self.PREFIX,
                self._key_name,
                secrets.token_hex(32),
                secrets.token_urlsafe(16),
                self._cipher.encrypt(json.dumps(content).encode()).decode().rstrip("="),
                str(expires_at),
                secrets.token_hex(32),
            )
        )
        return f"{text}*{self._seal_of(text)}"

    def open(self, sealed: str) -> dict | None:
        """The content, or None if this tenant did not seal the text or somebody altered it."""
        text, _separator, seal = sealed.rpartition("*")
        if not hmac.compare_digest(seal.encode("utf-8", "replace"), self._seal_of(text).encode()):
            return None
        encrypted = text.split("*")[4]
        try:
            content = json.loads(self._cipher.decrypt(encrypted + "=" * (-len(encrypted) % 4)))
        except InvalidToken:
            return None
        return {**content, "exp": 0} if sealed in self._expired else content

    def expire(self, sealed: str) -> None:
        """Make this string expired."""
        self._expired.add(sealed)

    def _seal_of(self, text: str) -> str:
        digest = hmac.digest(self._key, text.encode("utf-8", "replace"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
