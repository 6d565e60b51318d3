# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that a report says of users, findings and changes, from one pass over the records of a run."""

from __future__ import annotations

from typing import Callable, Iterable, Mapping

from ..changes import Changes, changes_of
from ..found import found_rows
from ..judging import AboutPolicy
from ..past import Differences, Missing, Past, Terms
from ..pseudonyms import Pseudonyms
from ..records import ActedNote, FoundRow, Record, UserRow
from .lists import Lists
from .summary import Tally

# Makes the row of a user from what was read.
Judge = Callable[[Record], UserRow]

_DOUBTED = (
    "Auth0 answered that %s does not exist, and so it did of the other users, whom it lists. Check the tenant's status and what is "
    "between it and the audit."
)


class OnePass:
    """Judges each record, holds it against the past, writes it into the lists and counts it. Memory is flat.

    :ivar tally: users and findings
    :ivar changes: devices added and removed
    :ivar differences: what became of the findings of the run before
    """

    def __init__(
        self,
        run: str,
        at: str,
        judge: Callable[[Terms], Judge],
        terms: Terms,
        past: Past,
        lists: Lists,
        masked: Pseudonyms | None = None,
        acted: Mapping[str, ActedNote] | None = None,
        *,
        doubts_gone: bool = False,
    ) -> None:
        """
        :param run: ID of the run
        :param at: its time, ISO 8601
        :param judge: how records are judged on some terms
        :param terms: of the report
        :param past: knows the findings of the run before
        :param masked: replaces names before anything is written or counted
        :param acted: what was done about findings, by their IDs
        :param doubts_gone: whoever is said to be gone is not believed to be, and counts as unread
        """
        self.tally, self.changes, self.differences = Tally(), Changes(), Differences(at)
        self._acted, self._doubts_gone = acted or {}, doubts_gone
        self._run, self._at, self._past, self._lists, self._masked = run, at, past, lists, masked
        self._make_judge, self._judge = judge, judge(terms)
        # Few: those of the runs that found something which is not found any more.
        self._former: list[tuple[Terms, Judge]] = []

    def over(self, records: Iterable[Record]) -> None:
        """Take each user of the run, once."""
        for record in records:
            if record["gone"] and self._doubts_gone:
                self.tally.doubted += 1
                self._user({**record, "gone": False, "error": _DOUBTED % record["profile"]["user_id"]})
            elif record["gone"]:
                self.tally.gone += 1
                self._closed(self._past.leave(record["profile"]["user_id"], "gone"))
            else:
                self._user(record)

    def about_policy(self, about: AboutPolicy) -> None:
        """Take the findings about the policy itself, once."""
        closed = self._past.mark_policy(about.found, about.undecided)
        for found in about.found:
            shown = self._masked.found(found) if self._masked else found
            self.tally.add_found(shown)
            self._write(shown)
        self._closed(closed)

    def rest(self, why: Missing) -> None:
        """Take what was known of users that are not in the run. To be called last."""
        self._closed(self._past.rest(why))

    def _user(self, record: Record) -> None:
        row = self._judge(record)

        def on(terms: Terms) -> set[str]:
            return {each["id"] for each in self._former_judge(terms)(record)["findings"]}

        closed = self._past.mark(row, on)
        if self._acted:
            for finding in row["findings"]:
                finding["acted"] = self._acted.get(finding["id"])
        changes = changes_of(record, row, self._run)
        if self._masked:
            row, changes = self._masked.user(row), [self._masked.change(each) for each in changes]
        self.tally.add(row)
        self._lists.user(row)
        for found in found_rows(row, self._run, self._at):
            self._write(found)
        self._closed(closed)
        for change in changes:
            self.changes.add(change)
            self._lists.change(change)

    def _closed(self, rows: Iterable[FoundRow]) -> None:
        for found in rows:
            # What an earlier report said stays known where the file of results is gone.
            found["acted"] = self._acted.get(found["id"], found.get("acted"))
            self._write(self._masked.found(found) if self._masked else found)

    def _write(self, found: FoundRow) -> None:
        self.differences.add(found)
        self._lists.found(found)

    def _former_judge(self, terms: Terms) -> Judge:
        for known, judge in self._former:
            if known == terms:
                return judge
        made = self._make_judge(terms)
        self._former.append((terms, made))
        return made
