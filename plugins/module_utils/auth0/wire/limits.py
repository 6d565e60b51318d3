# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a 429 means, and how long to wait, by its headers and its body.

Not every 429 is the tenant's request limit. Auth0 answers it as well where attack protection blocks a user or an address,
where a user's codes or messages are used up, and where an application's quota of tokens is. To repeat those is of no use,
and may make the block longer.
"""

from __future__ import annotations

import re
from typing import Mapping

from .clock import http_date, number

LONGEST_BACKOFF = 8.0
# The longest bucket is per hour. A reset that is further away is not believed unless the server's time is known.
_CREDIBLE_RESET = 3600.0
# No longer wait is believed, whoever asks for it: whoever kept to it would seem to hang.
_LONGEST_WAIT = 86400.0
# Unix seconds reach it in the year 5138. What is larger counts milliseconds.
_IN_MILLISECONDS = 1e11
_QUOTAS = ("auth0-client-quota-limit", "auth0-organization-quota-limit")


def is_request_limit(headers: Mapping[str, str], body: object) -> bool:
    """Whether a 429 is about the number of requests, so that the same request passes a little later.

    :param body: the parsed JSON, None where there is none
    """
    if _spent(headers) is not None:
        return False
    if isinstance(body, dict):
        if "statusCode" in body:
            # The Management API has no other limits.
            return body.get("errorCode") in (None, "too_many_requests")
        if body.get("error") not in (None, "too_many_requests"):
            return False
    rest = re.search(r"\br=(-?\d+)", headers.get("auth0-ratelimit", ""))
    if rest and int(rest[1][:9]) <= 0:
        return True
    remaining = number(headers.get("x-ratelimit-remaining"))
    # The Authentication API has one word for all limits. A bucket that still has requests refused none.
    return remaining is None or remaining <= 0


def names_auth0(headers: Mapping[str, str], body: object) -> bool:
    """Whether a 429 is Auth0's own, and not of something on the way."""
    return isinstance(body, dict) or any(name.startswith(("x-ratelimit-", "auth0-")) for name in headers)


def is_quota(headers: Mapping[str, str]) -> bool:
    """Whether an application's quota of tokens is used up."""
    return _spent(headers) is not None


def refused_until(headers: Mapping[str, str], now: float) -> float | None:
    """When a refusal ends, as far as the headers tell, in Unix seconds.

    :param now: by the server's clock
    """
    seconds = _retry_after(headers, now)
    if seconds is None:
        seconds = _spent(headers)
    if seconds is None and number(headers.get("x-ratelimit-remaining")) == 0:
        seconds = _until_reset(headers, now, sure=True)
    return now + seconds if seconds else None


def _spent(headers: Mapping[str, str]) -> float | None:
    """Seconds until the quotas that are used up are renewed; None where none is."""
    ends = []
    for name in _QUOTAS:
        # b=per_hour;q=100;r=0;t=1800,b=per_day;q=300;r=12;t=40000
        for bucket in headers.get(name, "").split(","):
            parts = dict(part.strip().partition("=")[::2] for part in bucket.split(";"))
            remaining = number(parts.get("r"))
            if remaining is not None and remaining <= 0:
                ends.append(max(number(parts.get("t")) or 0.0, 0.0))
    return max(ends) if ends else None


def wait_after_limit(headers: Mapping[str, str], now: float, attempt: int, sure: bool = False) -> float:
    """Seconds to wait after a 429: ``retry-after`` first, then ``x-ratelimit-reset``, else 1, 2, 4, 8 s.

    :param now: Unix seconds
    :param attempt: 1 for the first refusal in a row
    :param sure: ``now`` is by the server's clock
    """
    backoff = min(2.0 ** min(attempt - 1, 10), LONGEST_BACKOFF)  # a limit may last for thousands of attempts
    stated = _retry_after(headers, now)
    if stated is None:
        stated = _until_reset(headers, now, sure)
    # A refill that is already due still needs a moment. Without a pause all attempts would be spent within milliseconds.
    return backoff if stated is None else max(stated, 0.25 * backoff)


def next_refill(headers: Mapping[str, str]) -> float | None:
    """When requests are next added to the bucket, in Unix seconds of the server's clock; None where no header tells it."""
    reset = number(headers.get("x-ratelimit-reset"))
    return reset / 1000 if reset is not None and reset > _IN_MILLISECONDS else reset


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    stated = headers.get("retry-after")
    seconds = number(stated)
    if seconds is None:
        date = http_date(stated)
        seconds = None if date is None else date - now
    return _believed(seconds, _LONGEST_WAIT)


def _until_reset(headers: Mapping[str, str], now: float, sure: bool = False) -> float | None:
    reset = next_refill(headers)
    return _believed(None if reset is None else reset - now, _LONGEST_WAIT if sure else _CREDIBLE_RESET)


def _believed(seconds: float | None, longest: float) -> float | None:
    return None if seconds is None or seconds > longest else max(seconds, 0.0)
