# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moments and ages, as Auth0 writes them and as people do."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import overload

from .wire.errors import ConfigurationError

# Python accepts more from 3.11 on. What is a date must not depend on the host.
_FORM = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?)?",
    re.ASCII,
)
# As Auth0 writes nearly all of them; there are millions in an audit.
_USUAL_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def as_time(value: object) -> datetime | None:
    """A moment from Auth0's ISO 8601 text (or a datetime of a client library), aware, in UTC; None for anything else."""
    try:
        if isinstance(value, str):
            if _USUAL_FORM.fullmatch(value):
                return datetime.fromisoformat(value[:-1] + "+00:00")
            match = _FORM.fullmatch(value)
            if match is None:
                return None
            date, time, fraction, offset = match.groups()
            text = "%sT%s" % (date, time or "00:00")
            # Python 3.10 takes three or six digits of a second.
            text += "%s.%s" % ("" if text.count(":") == 2 else ":00", fraction[:6].ljust(6, "0")) if fraction else ""
            value = datetime.fromisoformat(text + ("" if offset is None else offset.replace("Z", "+00:00")))
        if isinstance(value, datetime):
            return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None
    return None


@overload
def iso(moment: datetime) -> str:
    """As below."""


@overload
def iso(moment: None) -> None:
    """As below."""


@overload
def iso(moment: datetime | None) -> str | None:
    """As below."""


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 with milliseconds and Z, as the Management API writes it."""
    if moment is None:
        return None
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def seconds(option: str, age: str) -> int:
    """``180d`` as seconds; units s, m, h, d, w.

    :param option: where it came from, for the message
    :raises ConfigurationError: not of this form
    """
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", age.strip())
    if not match:
        raise ConfigurationError(
            "%s %r is not a number with a unit" % (option, age), hint="Write for instance 12h, 30d or 26w."
        )
    return int(match[1]) * _UNITS[match[2]]


def moment(option: str, text: str, now: datetime) -> datetime:
    """``30d``, so long before now, or an ISO 8601 date or time; without an offset it is UTC.

    :param option: where it came from, for the message
    :raises ConfigurationError: neither
    """
    given = as_time(text.strip())
    if given is not None:
        return given
    try:
        return now - timedelta(seconds=seconds(option, text))
    except (ConfigurationError, OverflowError):
        raise ConfigurationError(
            "%s %r is neither an age nor a date" % (option, text), hint="Write for instance 90d or 2026-03-01."
        ) from None
