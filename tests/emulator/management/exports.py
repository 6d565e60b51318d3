# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a user export (API.md §3.7)."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice

from ..state.jobs import Job
from ..users.models import User
from ..users.times import iso
from ..users.views import profile_view

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
_ROWS_AT_ONCE = 200
_PATH = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_FORMULA = ("=", "+", "-", "@")


def lines(job: Job, users: Iterable[User]) -> Iterator[str]:
    """The file's lines: one object per user, or a title line and one line per user."""
    paths = [(_steps(name), title) for name, title in job.fields]
    wanted = (user for user in users if job.connection is None or user.connection == job.connection.name)
    if job.format == "csv":
        yield ",".join(_cell(title) for _path, title in paths) + "\r\n"
    for user in islice(wanted, job.limit):
        profile = exported_profile(user)
        if job.format == "csv":
            yield ",".join(_cell(_text(_value(profile, path))) for path, _title in paths) + "\r\n"
        else:
            row = {title: _value(profile, path) for path, title in paths}
            present = {title: value for title, value in row.items() if value is not None}
            yield json.dumps(present, ensure_ascii=False, separators=(",", ":")) + "\n"


async def compressed(texts: Iterator[str]) -> AsyncIterator[bytes]:
    """The texts as one gzip file, made while it is sent, so that other requests are answered in between."""
    compressor = zlib.compressobj(wbits=31)
    while batch := list(islice(texts, _ROWS_AT_ONCE)):
        data = compressor.compress("".join(batch).encode())
        if data:
            yield data
        await asyncio.sleep(0)
    yield compressor.flush()


def exported_profile(user: User) -> dict:
    """The profile with the fields that only exports have."""
    profile = dict(profile_view(user))
    changes = [item.enrolled_at or item.created_at for item in user.authenticators if item.confirmed]
    if user.mfa_removed_at is not None:
        changes.append(user.mfa_removed_at)
    if changes:
        profile["multifactor_last_modified"] = iso(max(changes))
    if user.password_changed_at is not None:
        profile["last_password_reset"] = iso(user.password_changed_at)
    return profile


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
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cell(text: str) -> str:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP)."""
    formula = text.startswith(_FORMULA)
    if formula:
        text = f"'{text}"
    if formula or any(character in text for character in ',"\r\n'):
        quoted = text.replace('"', '""')
        return f'"{quoted}"'
    return text
