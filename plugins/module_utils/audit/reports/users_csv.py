# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``users.csv``: a row for each user, for auditors."""

from __future__ import annotations

from ...auth0.factors import FACTORS
from ..records import SEVERITIES, AuthenticatorRow, UserRow
from .table import cell, cells, yes

_FACTORS = tuple(FACTORS)

HEADER = (
    "user_id",
    "email",
    "name",
    "connections",
    "protection",
    *("factor_" + name for name in _FACTORS),
    "unconfirmed",
    "other_types",
    "last_use",
    "last_login",
    "created_at",
    "blocked",
    "place",
    "why",
    "identity_provider_does_mfa",
    "privileged",
    "break_glass",
    "in_grace",
    "findings",
    "worst",
    "rules",
    "exempted",
    "read_at",
    "error",
    "tenant",
)


def values(row: UserRow) -> list[object]:
    """The cells of one user, in the order of :data:`HEADER`."""
    confirmed = [each for each in row["authenticators"] if each["confirmed"]]
    has = [each["factor"] for each in confirmed]
    counting = [each for each in row["findings"] if each["exempted"] is None]
    return [
        cell(row["user_id"]),
        cell(row["email"]),
        cell(row["name"]),
        cells(row["connections"]),
        row["protection"],
        *[has.count(factor) or "" for factor in _FACTORS],
        len(row["authenticators"]) - len(confirmed) or "",
        cells(sorted({factor for factor in has if factor not in FACTORS})) if has else "",
        _last_use(confirmed),
        row["last_login"] or "",
        row["created_at"] or "",
        yes(row["blocked"]),
        row["place"],
        cell(row["why"]),
        yes(row["by_idp"]),
        yes(row["privileged"]),
        yes(row["break_glass"]),
        yes(row["in_grace"]),
        len(counting),
        min((each["severity"] for each in counting), key=SEVERITIES.index, default=""),
        "; ".join([each["rule"] for each in counting]),
        len(row["findings"]) - len(counting),
        row["read_at"],
        cell(row["error"]),
        row["tenant"],
    ]


def _last_use(authenticators: list[AuthenticatorRow]) -> str:
    return max((each["last_auth_at"] or "" for each in authenticators), default="")
