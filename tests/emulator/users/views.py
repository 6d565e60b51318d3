# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two views of one user's authenticators: the MFA API's rows and the Management API's items (API.md §2.1, §3.1)."""

from __future__ import annotations

import hashlib

from .masking import mask_email, mask_phone
from .models import ALPHANUMERIC, MISSING, Authenticator, User
from .times import iso

# Types that no MFA challenge can be asked of: a passkey logs in by itself, a recovery code replaces a factor.
_NOT_A_FACTOR = ("recovery-code", "passkey", "password")
_ROW_TYPES = {"totp": "otp", "push": "push-notification"}


def is_factor(authenticator: Authenticator) -> bool:
    """Whether an MFA challenge can be asked of this type, confirmed or not."""
    return authenticator.type not in _NOT_A_FACTOR


def active_factors(user: User) -> list[Authenticator]:
    """Enrolled and confirmed factors; a verified e-mail that was never enrolled does not count."""
    return [item for item in user.authenticators if item.confirmed and is_factor(item)]


def implicit_email(user: User) -> Authenticator | None:
    """The authenticator that a verified e-mail address is without being enrolled; None if the address is enrolled."""
    address = user.email
    if not address or not user.profile.get("email_verified"):
        return None
    if any(item.type == "email" and item.email == address for item in user.authenticators):
        return None
    digest = hashlib.sha256(f"{user.id} {address}".encode()).digest()
    suffix = "dev_" + "".join(ALPHANUMERIC[byte % len(ALPHANUMERIC)] for byte in digest[:16])
    return Authenticator("email", 0, suffix, email=address)


def mfa_rows(user: User, detailed: bool = False) -> list[dict]:
    """The answer of ``GET /mfa/authenticators``: confirmed and pending rows, then the implicit e-mail.

    :param detailed: whether rows have the members that clients of 2026 read and no recording has.
    """
    implicit = implicit_email(user)
    items = user.authenticators + ([implicit] if implicit else [])
    return [row | (_details(item) if detailed else {}) for item in items for row in _rows_of(item)]


def _details(item: Authenticator) -> dict:
    details = {"type": _ROW_TYPES.get(item.type, item.type)}
    if item.created_at:  # an e-mail that was never enrolled has no date
        details["created_at"] = iso(item.created_at)
    if item.last_auth_at is not None:
        details["last_auth"] = iso(item.last_auth_at)
    if item.phone_number is not None:
        details["phone_number"] = mask_phone(item.phone_number)
    return details


def find_row(user: User, row_id: str) -> tuple[Authenticator, str] | None:
    """The enrolled authenticator of the row ``row_id`` and the row's channel (``sms``, ``push``, ...), or None."""
    kind, _separator, suffix = row_id.partition("|")
    for item in user.authenticators:
        if (
            item.suffix == suffix
            and kind in (item.channels or (item.type,))
            and item.type not in ("passkey", "password")
        ):
            return item, kind
    return None


def _rows_of(item: Authenticator) -> list[dict]:
    if item.type == "phone":
        name = mask_phone(item.phone_number)
        return [
            {
                "id": f"{channel}|{item.suffix}",
                "authenticator_type": "oob",
                "active": item.confirmed,
                "oob_channel": channel,
                "name": name,
            }
            for channel in item.channels
        ]
    row = {"id": item.id, "active": item.confirmed}
    if item.type == "totp":
        return [{**row, "authenticator_type": "otp"}]
    if item.type == "push":
        return [{**row, "authenticator_type": "oob", "oob_channel": "auth0"}]
    if item.type == "email":
        return [{**row, "authenticator_type": "oob", "oob_channel": "email", "name": mask_email(item.email)}]
    if item.type in ("passkey", "password"):
        return []
    return [{**row, "authenticator_type": item.type}]


def written_item(user: User, item: Authenticator, masked: bool = True) -> dict:
    """An authenticator as ``POST``, ``PUT`` (unmasked) and ``PATCH`` answer it: no ``confirmed``, no dates of use."""
    answer = {"id": item.id, "type": item.type}
    if item.name is not None:
        answer["name"] = item.name
    if item.phone_number is not None:
        answer["phone_number"] = mask_phone(item.phone_number) if masked else item.phone_number
    if item.email is not None:
        answer["email"] = mask_email(item.email) if masked else item.email
    answer["created_at"] = iso(item.created_at)
    if item.preferred is not None:
        answer["preferred_authentication_method"] = item.preferred
    if item.channels:
        answer["authentication_methods"] = [{"id": f"{kind}|{item.suffix}", "type": kind} for kind in item.channels]
    elif item.type == "push":
        answer["authentication_methods"] = [
            {"id": twin.id, "type": twin.type} for twin in user.authenticators if twin.link_id == item.link_id
        ]
    answer.update(item.webauthn)
    return answer


def read_item(user: User, item: Authenticator, shows_numbers: bool = False) -> dict:
    """An authenticator as ``GET`` answers it: masked, with ``confirmed`` and the dates that are known.

    :param shows_numbers: whether the tenant shows phone numbers as they are; addresses stay masked.
    """
    answer = written_item(user, item)
    if shows_numbers and item.phone_number is not None:
        answer["phone_number"] = item.phone_number
    answer["confirmed"] = item.confirmed
    if item.link_id is not None:
        answer["link_id"] = item.link_id
    if item.enrolled_at is not None:
        answer["enrolled_at"] = iso(item.enrolled_at)
    if item.last_auth_at is not None:
        answer["last_auth_at"] = iso(item.last_auth_at)
    return laid_over(answer, item.raw)


def answered_profile(user: User) -> dict:
    """The profile as the Management API answers it, with the ``raw`` members of a seed file laid over it."""
    return laid_over(profile_view(user), user.raw)


def laid_over(answer: dict, raw: dict) -> dict:
    """An answer with these members in place of its own, and without those that are to be missing."""
    return {name: value for name, value in (answer | raw).items() if value is not MISSING} if raw else answer


def profile_view(user: User) -> dict:
    """The profile as the user search sees it; ``multifactor`` only says that there are factors (API.md §3.3)."""
    return with_factors(user.profile) if active_factors(user) else user.profile


def with_factors(profile: dict) -> dict:
    """The profile of a user who has factors."""
    return {**profile, "multifactor": ["guardian"]}


def challengeable(user: User) -> list[tuple[Authenticator, str]]:
    """Active authenticators that can be challenged, each with one of its channels."""
    implicit = implicit_email(user)
    return [
        (item, channel)
        for item in user.authenticators + ([implicit] if implicit else [])
        if item.confirmed
        for channel in _channels(item)
    ]


def _channels(item: Authenticator) -> tuple[str, ...]:
    if item.type == "phone":
        return tuple(sorted(item.channels, key=lambda channel: channel != item.preferred))
    return {"totp": ("otp",), "push": ("push",), "email": ("email",)}.get(item.type, ())


def row_id(item: Authenticator, channel: str) -> str:
    """The id of an authenticator's row in the MFA API."""
    return f"{channel}|{item.suffix}" if item.type == "phone" else item.id
