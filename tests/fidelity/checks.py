# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a case or a probe finds: nothing to say, a difference, or that it cannot be seen on this tenant."""

from __future__ import annotations

from typing import Any

from .tenant import Answer


class Differs(Exception):
    """The tenant does not do what the fact says. The text holds no token, code or address."""


class NotSeen(Exception):
    """This tenant does not show it; the text says why."""


class CannotRun(Exception):
    """Nothing can be told of the tenant, because what was given for the run is wrong; the text says what."""


def has_status(answer: Answer, *statuses: int) -> Answer:
    """The answer, if it has one of these statuses; raises :class:`Differs`."""
    if answer.status not in statuses:
        raise Differs(f"{answer.request}: expected {' or '.join(map(str, statuses))}, got {answer.told()}")
    return answer


def refused(answer: Answer, statuses: int | tuple[int, ...], error: str, description: str | None = None) -> None:
    """Check an error of the Authentication and MFA APIs. ``description`` is compared as a whole."""
    has_status(answer, *((statuses,) if isinstance(statuses, int) else statuses))
    equal(f"{answer.request}: error", answer.member("error"), error)
    if description is not None:
        equal(f"{answer.request}: error_description", answer.member("error_description"), description)


def refused_by_management(answer: Answer, status: int, message: str | None = None, code: str | None = None) -> None:
    """Check an error of the Management API: its shape, and ``message`` and ``errorCode`` where given."""
    has_status(answer, status)
    equal(f"{answer.request}: statusCode", answer.member("statusCode"), status)
    holds(isinstance(answer.member("error"), str), f"{answer.request}: error is not a text")
    if message is not None:
        equal(f"{answer.request}: message", answer.member("message"), message)
    if code is not None:
        equal(f"{answer.request}: errorCode", answer.member("errorCode"), code)


def equal(what: str, found: Any, expected: Any) -> None:
    """Raises :class:`Differs` that shows both. For values that may be shown only."""
    if found != expected:
        raise Differs(f"{what}: expected {expected!r}, got {found!r}")


def holds(condition: bool, otherwise: str) -> None:
    """Raises :class:`Differs` with the text unless the condition holds."""
    if not condition:
        raise Differs(otherwise)
