# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user has: devices, their ages, and the dates that cannot be right. Pure: no clock, no request."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Iterable, NamedTuple, Sequence

from ..auth0.authenticators import Authenticator
from .records import AGE_FROM, AgeFrom

# Auth0 also sets last_auth_at when an enrollment is confirmed, so "used once" and "only enrolled" look alike. The codes
# that confirm an enrollment expire after five minutes: what is not later than that is the confirmation, not a use.
CONFIRMATION = timedelta(minutes=5)
# The clocks of Auth0 and of whoever imported a date may differ by this much.
SKEW = timedelta(days=1)


class Age(NamedTuple):
    """Whole days, and the date that they are counted from."""

    days: int
    counted_from: AgeFrom


class Device:
    """One second factor: an authenticator, or several that Auth0 lists and removes together (a push and its OTP).

    :ivar methods: first the one that brings the others
    :ivar first: the one that stands for the device
    :ivar confirmed: whether any of its methods can be used
    :ivar datable: whether it is sure which of its dates is the latest
    :ivar odd: whether a date cannot be right, or cannot be known
    """

    __slots__ = ("methods", "first", "confirmed", "datable", "odd")

    def __init__(self, methods: Sequence[Authenticator], now: datetime) -> None:
        self.methods = sorted(methods, key=_brings_first) if len(methods) > 1 else methods
        self.first = self.methods[0]
        self.confirmed = any(each.confirmed for each in methods)
        self.datable = is_datable(methods, now)
        self.odd = not self.datable or any(map(is_used_too_early, methods))


def devices(authenticators: Iterable[Authenticator], now: datetime) -> list[Device]:
    """The second factors, confirmed or not, in the order of their IDs; those that share a ``link_id`` are one."""
    found: dict[tuple[bool, str], list[Authenticator]] = {}
    for each in authenticators:
        if each.kind and each.kind.second_factor:
            key = (True, each.link_id) if each.link_id else (False, each.id)
            found.setdefault(key, []).append(each)
    made = [Device(its, now) for its in found.values()]
    return sorted(made, key=_first_id) if len(made) > 1 else made


def _brings_first(authenticator: Authenticator) -> tuple[bool, str]:
    return not (authenticator.kind and authenticator.kind.brings), authenticator.id


def _first_id(device: Device) -> str:
    return device.first.id


def age(authenticators: Sequence[Authenticator], now: datetime, dates: Sequence[AgeFrom] = AGE_FROM) -> Age | None:
    """The age by the latest date that is known; None where none is.

    :param authenticators: one, or all methods of a device
    :param dates: in question; of equal ones the first counts
    """
    latest: datetime | None = None
    counted_from: AgeFrom = dates[0]
    for name in dates:
        for each in authenticators:
            date: datetime | None = getattr(each, name)
            if date is not None and (latest is None or date > latest):
                latest, counted_from = date, name
    return None if latest is None else Age(days_between(latest, now), counted_from)


def days_between(earlier: datetime, now: datetime) -> int:
    """Whole days; 0 for what is in the future."""
    return max((now - earlier).days, 0)


def unused(authenticators: Sequence[Authenticator], now: datetime) -> Age | None:
    """Age of an enrollment that was never used after its confirmation; None for one that was."""
    for each in authenticators:
        enrolled = each.enrolled_at or each.created_at
        if each.last_auth_at and (enrolled is None or each.last_auth_at - enrolled > CONFIRMATION):
            return None
    return age(authenticators, now, ("enrolled_at", "created_at"))


def is_datable(authenticators: Sequence[Authenticator], now: datetime) -> bool:
    """Whether the latest date is known for sure: there is one, none is in the future, and each can be read."""
    known = False
    for each in authenticators:
        # A date that cannot be read may be today's.
        if each.unread_dates:
            return False
        for date in (each.last_auth_at, each.enrolled_at, each.created_at):
            if date is not None:
                known = True
                if date - now > SKEW:
                    return False
    return known


def is_used_too_early(authenticator: Authenticator) -> bool:
    """Whether it was used before it was enrolled."""
    used, enrolled = authenticator.last_auth_at, authenticator.enrolled_at or authenticator.created_at
    return used is not None and enrolled is not None and enrolled - used > CONFIRMATION
