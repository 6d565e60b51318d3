# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of users that a tenant has: where they come from, what their IDs look like, and what their profiles lack.

A kind's ID is a function of the user's number, and leads back to it. ``user_id`` of enterprise connections contains what the identity
provider calls the user: blanks, commas, slashes and backslashes as in the names that SAML and AD FS send, an address, a UUID.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from .connections import (
    ADFS,
    CONNECTIONS,
    CUSTOM_SOCIAL,
    DATABASE,
    EMAIL,
    ENTRA,
    OIDC,
    PHONES,
    SAML,
    SMS,
    SOCIAL,
    STAFF,
)


@dataclass(frozen=True)
class Kind:
    """One kind of users.

    :param connection: name of the connection that they log in at.
    :param local_id: the ID without the provider, of the user's number, the number as it is hidden in IDs, and 16 random hexadecimal digits.
    :param identifier: the profile's member by which they log in: ``email``, ``username`` or ``phone_number``.
    :param has_email: whether the profile has an address.
    :param linked: connection of a second identity; empty without one.
    :param cased: whether the address has a capital, as only databases write all of it in small letters.
    """

    connection: str
    local_id: Callable[[int, int, str], str]
    identifier: str = "email"
    has_email: bool = True
    linked: str = ""
    cased: bool = False

    @property
    def provider(self) -> str:
        """What IDs begin with."""
        return CONNECTIONS[self.connection].strategy

    @property
    def is_enterprise(self) -> bool:
        """Whether an identity provider of a company knows them, which mostly asks for the second factor itself."""
        return CONNECTIONS[self.connection].strategy_type == "enterprise"


def _object_id(_i: int, hidden: int, mark: str) -> str:
    return f"{mark}{hidden:08x}"


def _google_id(_i: int, hidden: int, mark: str) -> str:
    return f"1{int(mark[:8], 16):010d}{hidden:010d}"


def _distinguished_name(i: int, _hidden: int, _mark: str) -> str:
    return f"{SAML}|CN=User {i:05d},OU=Sales/EMEA,O=Corp + Co"


def _entra_id(_i: int, hidden: int, mark: str) -> str:
    return f"{ENTRA}|{mark[:8]}-{mark[8:12]}-4{mark[12:15]}-a{mark[13:16]}-0000{hidden:08x}"


def _windows_name(i: int, _hidden: int, _mark: str) -> str:
    return f"{ADFS}|CORP\\user {i:05d}"


def _principal_name(i: int, _hidden: int, _mark: str) -> str:
    return f"{OIDC}|user{i:05d}@corp.example.com"


def _old_id(i: int, _hidden: int, _mark: str) -> str:
    return f"Altsystem%2F/Müller & Söhne #{i:05d}?"


KINDS = {
    "database": Kind(DATABASE, _object_id),
    "google-oauth2": Kind(SOCIAL, _google_id),
    "samlp": Kind(SAML, _distinguished_name),
    "samlp-without-email": Kind(SAML, _distinguished_name, has_email=False),
    "waad": Kind(ENTRA, _entra_id, cased=True),
    "adfs": Kind(ADFS, _windows_name),
    "oidc": Kind(OIDC, _principal_name),
    "sms": Kind(SMS, _object_id, identifier="phone_number", has_email=False),
    "email": Kind(EMAIL, _object_id),
    "username": Kind(STAFF, _object_id, identifier="username", has_email=False),
    "phone": Kind(PHONES, _object_id, identifier="phone_number", has_email=False),
    "linked": Kind(DATABASE, _object_id, linked=SOCIAL),
    "imported": Kind(DATABASE, _old_id),
}
CUSTOM = Kind(CUSTOM_SOCIAL, lambda _i, _hidden, _mark: f"{CUSTOM_SOCIAL}|a/b+c")
_NUMBERS = (
    (re.compile(r"([0-9a-f]{8})\Z", re.ASCII), 16, True),
    (re.compile(r"(\d{10})\Z", re.ASCII), 10, True),
    (re.compile(r"[ r#](\d{5,10})\D*\Z", re.ASCII), 10, False),
)


def shares_of(texts: tuple[str, ...]) -> dict[str, int]:
    """Percent of the users by kind; each text is such as ``samlp:30``."""
    pairs = (text.partition(":") for text in texts)
    return {name: int(percent) for name, _colon, percent in pairs}


def kinds_by_byte(shares: dict[str, int]) -> list[Kind]:
    """The kinds of users of whom the bytes 0 to 255 are drawn."""
    kinds: list[Kind] = []
    end = 0
    for name, percent in shares.items():
        end += percent
        kinds += [KINDS[name]] * (math.ceil(end * 256 / 100) - len(kinds))
    return kinds + [KINDS["database"]] * (256 - len(kinds))


def user_id(kind: Kind, i: int, hidden: int, mark: str) -> str:
    """The ID of user ``i`` of a kind."""
    return f"{kind.provider}|{kind.local_id(i, hidden, mark)}"


def numbers_in(text: str, mask: int) -> list[int]:
    """The numbers of users who may have this ID."""
    found = []
    for pattern, base, hidden in _NUMBERS:
        match = pattern.search(text)
        if match:
            found.append(int(match[1], base) ^ (mask if hidden else 0))
    return found
