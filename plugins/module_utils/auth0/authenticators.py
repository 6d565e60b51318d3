# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model of an authenticator, as either API shows it.

The two views differ on purpose and are never merged by guess: the MFA API (the user's own token) lists unconfirmed
enrollments and splits a phone into ``sms|dev_X`` and ``voice|dev_X``; the Management API lists ``phone|dev_X`` once, with
its dates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Iterable, Mapping, TypedDict

from .factors import FACTORS, Factor, of_management_type, of_mfa_type
from .times import as_time, iso
from .wire.errors import visible

MFA_VIEW, MANAGEMENT_VIEW = "mfa", "management"

# The last one that is known says most.
_DATES = ("last_auth_at", "enrolled_at", "created_at")


@dataclass(frozen=True)
class Authenticator:
    """One row of a view.

    :ivar id: as the view writes it
    :ivar factor: one of FACTORS, or Auth0's own word for what is none (``password``, ``email-verification``)
    :ivar view: MFA_VIEW or MANAGEMENT_VIEW
    :ivar confirmed: False for an enrollment that was never finished and cannot be used
    :ivar channels: how it can be challenged: ``sms``, ``voice``, ``totp``, ``push``
    :ivar channel_ids: the ids the other view has for it (Management view only)
    :ivar link_id: authenticators that share it are deleted together (Management view only)
    :ivar name: a label
    :ivar phone_number: masked
    :ivar email: masked
    :ivar preferred_method: ``sms`` or ``voice``: how a phone is challenged first (Management view only)
    :ivar key_id: what identifies a WebAuthn credential or passkey (Management view only); ``public_key`` likewise
    :ivar unread_dates: the dates that Auth0 gave and that nobody can read; None above does not mean that there is none
    """

    id: str
    factor: str
    view: str
    confirmed: bool
    channels: tuple[str, ...] = ()
    channel_ids: tuple[str, ...] = ()
    link_id: str | None = None
    name: str | None = None
    phone_number: str | None = None
    email: str | None = None
    created_at: datetime | None = None
    enrolled_at: datetime | None = None
    last_auth_at: datetime | None = None
    preferred_method: str | None = None
    key_id: str | None = None
    public_key: str | None = None
    unread_dates: frozenset[str] = frozenset()

    @classmethod
    def from_mfa_api(cls, item: Mapping[str, Any]) -> Authenticator:
        """From an item of ``GET /mfa/authenticators``."""
        channel = item.get("oob_channel")
        factor = of_mfa_type(item["authenticator_type"], channel)
        row = FACTORS.get(factor)
        shown_as = row.shown_as if row else None
        masked = item.get("name")
        return cls(
            id=item["id"],
            factor=factor,
            view=MFA_VIEW,
            confirmed=bool(item.get("active")),
            channels=(channel,) if channel and row and row.row_per_channel else (),
            phone_number=masked if shown_as == "phone_number" else None,
            email=masked if shown_as == "email" else None,
        )

    @classmethod
    def from_management(cls, item: Mapping[str, Any]) -> Authenticator:
        """From an item of the Management API's ``authentication-methods``.

        ``confirmed`` is in GET answers only; what POST, PUT and PATCH answer is confirmed at once.
        """
        channels = item.get("authentication_methods") or ()
        dates = {name: as_time(item.get(name)) for name in _DATES}
        return cls(
            id=item["id"],
            factor=of_management_type(item["type"]),
            view=MANAGEMENT_VIEW,
            confirmed=item.get("confirmed") is not False,
            channels=tuple(channel["type"] for channel in channels if channel.get("type")),
            channel_ids=tuple(channel["id"] for channel in channels if channel.get("id")),
            link_id=item.get("link_id"),
            name=item.get("name"),
            phone_number=item.get("phone_number"),
            email=item.get("email"),
            unread_dates=frozenset(name for name in _DATES if dates[name] is None and item.get(name) is not None),
            **dates,
            preferred_method=item.get("preferred_authentication_method"),
            key_id=item.get("key_id"),
            public_key=item.get("public_key"),
        )

    @property
    def kind(self) -> Factor | None:
        """The row of the table of factors; None for what is no factor, such as a password."""
        return FACTORS.get(self.factor)

    def goes_by(self, authenticator_id: str) -> bool:
        """Whether an ID of either view means this authenticator.

        A device that the MFA API lists once for each channel has the same suffix in both views (recorded).
        """
        known = [self.id, *self.channel_ids]
        if self.kind and self.kind.row_per_channel:
            known.append("%s|%s" % (self.factor, _suffix(self.id)))
        return authenticator_id in known

    @property
    def is_second_factor(self) -> bool:
        """Whether the user can pass MFA with it."""
        return self.kind is not None and self.kind.second_factor and self.confirmed and self.unproven is None

    @property
    def unproven(self) -> str | None:
        """Why the row does not prove that it is enrolled; None where it does."""
        return self.kind.unproven_in_mfa_view if self.kind and self.view == MFA_VIEW else None

    @property
    def last_used_at(self) -> datetime | None:
        """When it was last used; for one that never was, since when it could have been. None where nobody knows."""
        if self.unread_dates:
            return None
        return self.last_auth_at or self.enrolled_at or self.created_at

    @property
    def not_deletable_because(self) -> str | None:
        """Why it cannot be removed; None where it can."""
        if self.kind is None:
            return "It is a %s entry, not an authenticator." % self.factor
        return self.kind.not_removable_because or self.unproven


def linked_ids(authenticators: Iterable[Authenticator]) -> dict[str, tuple[str, ...]]:
    """For each ID the IDs that Auth0 removes together with it, as far as the view tells.

    MFA view: ``sms|dev_X`` and ``voice|dev_X``. Management view: a common ``link_id``. Which OTP belongs to a push cannot
    be seen in the MFA view, because nothing in a row says so (see UNSEEN_PARTNERS).
    """
    rows = list(authenticators)
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row.id)
    # One that is listed twice is not linked with itself.
    return {row.id: tuple(sorted(other for other in groups[_group(row)] if other != row.id)) for row in rows}


def _group(row: Authenticator) -> tuple[str, ...]:
    """What those that are removed together have in common, and no other."""
    if row.link_id:
        return "link", row.link_id
    if row.kind and row.kind.row_per_channel:
        return "device", row.factor, _suffix(row.id)
    return "own", row.id


def _suffix(authenticator_id: str) -> str:
    return authenticator_id.partition("|")[2]


class Credential(TypedDict, total=False):
    """A WebAuthn key or a passkey, as an operator imports it, by the names of the Management API."""

    key_id: str
    public_key: str
    relying_party_identifier: str
    aaguid: str
    credential_device_type: str
    credential_backed_up: bool
    identity_user_id: str
    user_agent: str
    user_handle: str
    transports: list[str]


class Row(TypedDict):
    """An authenticator in a result."""

    id: str
    factor: str
    view: str
    confirmed: bool
    second_factor: bool
    channels: list[str]
    name: str | None
    phone_number: str | None
    email: str | None
    created_at: str | None
    enrolled_at: str | None
    last_auth_at: str | None
    preferred_method: str | None
    key_id: str | None
    twin_ids: list[str]
    deletable: bool
    not_deletable_because: str | None


def to_row(authenticator: Authenticator, linked: tuple[str, ...] = ()) -> Row:
    """The JSON-plain form that results share; always the same keys, times in ISO 8601."""
    return {
        "id": authenticator.id,
        "factor": authenticator.factor,
        "view": authenticator.view,
        "confirmed": authenticator.confirmed,
        "second_factor": authenticator.is_second_factor,
        "channels": list(authenticator.channels),
        "name": authenticator.name,
        "phone_number": authenticator.phone_number,
        "email": authenticator.email,
        "created_at": iso(authenticator.created_at),
        "enrolled_at": iso(authenticator.enrolled_at),
        "last_auth_at": iso(authenticator.last_auth_at),
        "preferred_method": authenticator.preferred_method,
        "key_id": authenticator.key_id,
        "twin_ids": list(linked),
        "deletable": authenticator.not_deletable_because is None,
        "not_deletable_because": authenticator.not_deletable_because,
    }


def to_rows(authenticators: Iterable[Authenticator]) -> list[Row]:
    """All rows of one user with their linked IDs, ordered by ID, because Auth0's order is not stable."""
    rows = sorted(authenticators, key=lambda row: row.id)
    linked = linked_ids(rows)
    return [to_row(row, linked[row.id]) for row in rows]


def rows_for_diff(authenticators: Iterable[Authenticator]) -> str:
    """One line per authenticator, ordered, without times: what a person compares in ``--diff``."""
    lines = []
    for row in to_rows(authenticators):
        facts = [row["factor"], "confirmed" if row["confirmed"] else "unconfirmed"]
        facts += [str(row[key]) for key in ("name", "phone_number", "email") if row[key]]
        if row["preferred_method"]:
            facts.append("%s first" % row["preferred_method"])
        # A label must not write a line of its own.
        lines.append(visible("%s: %s" % (row["id"], ", ".join(facts))) + "\n")
    return "".join(lines)


def mask_phone(phone_number: str) -> str:
    """As Auth0 shows it (observed): all but the last four characters are X, the plus included."""
    return "X" * max(len(phone_number) - 4, 0) + phone_number[-4:]


def mask_email(email: str) -> str:
    """As Auth0 shows it (observed): four characters of either side stay, of a local part of up to four none does."""
    local, domain = email.split("@", 1)
    kept = local[:4] if len(local) > 4 else ""
    return "%s@%s" % (kept.ljust(max(len(local), 4), "*"), domain[:4].ljust(len(domain), "*"))


def phone_fits(shown: str | None, phone_number: str) -> bool:
    """Whether the number that Auth0 shows may be this one.

    In clear it is this one or another. The observed mask keeps the length. Other documented ones show more digits and other
    fillers, so there every visible digit at the end must agree, and at least two must be visible.
    """
    shown = shown or ""
    if is_clear_number(shown):
        return _digits(shown) == _digits(phone_number)
    if re.fullmatch(r"X+[0-9]{4}", shown):
        return shown == mask_phone(phone_number)
    end = _digits(shown[len(shown.rstrip("0123456789 -")) :])
    return len(end) >= 2 and phone_number.endswith(end)


def is_clear_number(shown: str) -> bool:
    """Whether nothing of the number is masked."""
    return re.fullmatch(r"\+?[0-9 ().-]+", shown) is not None


def email_fits(shown: str | None, email: str) -> bool:
    """Whether the address that Auth0 shows, masked or in clear, may be this one."""
    return (shown or "").lower() in (mask_email(email).lower(), email.lower())


def is_clear_address(shown: str) -> bool:
    """Whether nothing of the address is masked."""
    return "*" not in shown


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
