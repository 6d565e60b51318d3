# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a user export (API.md §3.7)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from ..state.jobs import Job
from ..users.models import User
from ..users.times import iso
from ..users.views import laid_over, profile_view

MOST_CSV_FIELDS = 30
DEFAULT_FIELDS = (
    "user_id",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "username",
    "identities[0].connection",
    "created_at",
    "updated_at",
)
_PATH = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_FORMULA = ("=", "+", "-", "@")


def rows(job: Job, users: Iterable[User]) -> Iterator[dict]:
    """One row per user: the values by title, without the fields that the user lacks."""
    paths = [(_steps(name), title) for name, title in job.fields]
    wanted = (user for user in users if job.connection is None or user.connection == job.connection.name)
    for user in islice(wanted, job.limit):
        profile = exported_profile(user)
        row = {title: _value(profile, path) for path, title in paths}
        yield {title: value for title, value in row.items() if value is not None}


def lines(job: Job, written: Iterable[dict]) -> Iterator[str]:
    """The file's lines: one object per row, or a title line and one line per row."""
    titles = [title for _name, title in job.fields]
    if job.format == "csv":
        yield ",".join(map(_cell, titles)) + "\r\n"
    for row in written:
        if job.format == "csv":
            yield ",".join(_cell(_text(row.get(title))) for title in titles) + "\r\n"
        else:
            yield _json(row) + "\n"


def exported_profile(user: User) -> dict:
    """The profile with the fields that only exports have."""
    profile = dict(profile_view(user))
    changes = [item.enrolled_at or item.created_at for item in user.authenticators if item.confirmed]
    if user.mfa_removed_at is not None:
        changes.append(user.mfa_removed_at)
    if changes:
        profile["multifactor_last_modified"] = iso(max(changes))
    return laid_over(profile, user.raw)


def _steps(name: str) -> list[int | str]:
    return [int(match[1]) if match[1] else match[2] for match in _PATH.finditer(name)]


def _value(profile: dict, path: list[int | str]) -> object:
    value: object = profile
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # half a surrogate pair has no UTF-8, but JSON can escape it
            return json.dumps(value, separators=(",", ":"))
    return text


def _cell(text: str) -> str:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP)."""
    formula = text.startswith(_FORMULA)
    if formula:
        text = f"'{text}"
    if formula or any(character in text for character in ',"\r\n'):
        quoted = text.replace('"', '""')
        return f'"{quoted}"'
    return text
