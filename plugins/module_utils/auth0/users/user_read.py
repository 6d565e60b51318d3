# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user as a task reads one, and the user's entry in the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from ..authenticators import Authenticator, Row, to_rows

if TYPE_CHECKING:
    from ..api.profiles import Profile
    from ..wire.errors import Auth0Error
    from .row_filter import RowFilter


class UserEntry(TypedDict):
    """A user in a result; ``authenticators`` is None where ``error`` says why."""

    user_id: str | None
    email: str | None
    authenticators: list[Row] | None
    error: dict[str, object] | None


@dataclass(frozen=True)
class UserRead:
    """One user.

    :ivar authenticators: all of them; None for a user who was not read
    :ivar error: why not; None for a user who was read
    :ivar profile: where it is asked for and could be read
    """

    user_id: str | None
    email: str | None
    authenticators: tuple[Authenticator, ...] | None = None
    error: Auth0Error | None = None
    profile: Profile | None = None

    def entry(self, row_filter: RowFilter) -> UserEntry:
        """The user in a result: the rows that fit, or why there are none."""
        rows = None
        if self.authenticators is not None:
            shown = {row.id for row in self.authenticators if row_filter.fits(row)}
            # Which authenticators are linked is told from all rows, shown or not.
            rows = [row for row in to_rows(self.authenticators) if row["id"] in shown]
        error = {"msg": str(self.error), **self.error.facts()} if self.error else None
        return {"user_id": self.user_id, "email": self.email, "authenticators": rows, "error": error}
