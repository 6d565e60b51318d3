# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One user's account behind each of the two APIs: what a side writes, its next reading shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.mfa import Enrollment
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import (
    MANAGEMENT_VIEW,
    MFA_VIEW,
    Authenticator,
    mask_phone,
)

USER, EMAIL = "auth0|1", "one@example.com"


def managed(id, factor="otp", confirmed=True, **fields):
    """A row of the Management API."""
    return Authenticator(id=id, factor=factor, view=MANAGEMENT_VIEW, confirmed=confirmed, **fields)


def seen(id, factor="otp", confirmed=True, **fields):
    """A row of the MFA API."""
    return Authenticator(id=id, factor=factor, view=MFA_VIEW, confirmed=confirmed, **fields)


def phone(suffix, **fields):
    """A phone's rows of the MFA API."""
    return [seen("%s|%s" % (channel, suffix), "phone", channels=(channel,), **fields) for channel in ("sms", "voice")]


class Account:
    """What both APIs have in common.

    :ivar calls: every request, the readings too
    :ivar fails: the error that each method raises instead of answering, by its name
    :ivar fails_at: the same for the requests with these numbers, from 1
    :ivar lost: the error that comes in place of the answer, although the request was carried out, by its name
    :ivar meanwhile: called when the next write has been carried out: what somebody else does at the same time
    """

    def __init__(self, *rows: Authenticator) -> None:
        self.rows = list(rows)
        self.calls: list[tuple] = []
        self.fails: dict[str, Exception] = {}
        self.fails_at: dict[int, Exception] = {}
        self.lost: dict[str, Exception] = {}
        self.meanwhile: Callable[[], None] | None = None

    @property
    def writes(self) -> list[tuple]:
        return [call for call in self.calls if call[0] not in ("list", "find")]

    def _called(self, *call) -> None:
        self.calls.append(call)
        error = self.fails.get(call[0]) or self.fails_at.get(len(self.calls))
        if error:
            raise error

    def _answer(self) -> None:
        if self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if self.calls[-1][0] in self.lost:
            raise self.lost[self.calls[-1][0]]

    def _row(self, authenticator_id: str) -> Authenticator | None:
        return next((row for row in self.rows if row.id == authenticator_id), None)


class Management(Account):
    """The Management API for the user USER, who alone has the address EMAIL.

    :ivar pending: IDs of enrollments that it does not list and removes all the same
    """

    def __init__(self, *rows: Authenticator) -> None:
        super().__init__(*rows)
        self.pending: set[str] = set()

    def find_user_id(self, email):
        self._called("find", email)
        return {EMAIL: USER}[email]

    def list_authenticators(self, user_id):
        self._called("list", user_id)
        return list(self.rows)

    def create_authenticator(self, user_id, fields):
        self._called("create", user_id, fields)
        number = fields.get("phone_number")
        item = {**fields, "id": "%s|new" % fields["type"], "phone_number": mask_phone(number) if number else None}
        if number:
            item["authentication_methods"] = [{"id": "%s|new" % kind, "type": kind} for kind in ("sms", "voice")]
        self.rows.append(Authenticator.from_management(item))
        self._answer()

    def update_authenticator(self, user_id, authenticator_id, fields):
        self._called("update", user_id, authenticator_id, fields)
        row = self._row(authenticator_id)
        method = fields.get("preferred_authentication_method", row.preferred_method)
        self.rows[self.rows.index(row)] = replace(row, name=fields.get("name", row.name), preferred_method=method)
        self._answer()

    def delete_authenticator(self, user_id, authenticator_id):
        self._called("delete", user_id, authenticator_id)
        row, known = self._row(authenticator_id), authenticator_id in self.pending
        self.pending -= {authenticator_id}
        if row:
            gone = {row.id} | {other.id for other in self.rows if row.link_id and other.link_id == row.link_id}
            self.rows = [other for other in self.rows if other.id not in gone]
        self._answer()
        return known or row is not None

    def delete_all_authenticators(self, user_id):
        self._called("delete all", user_id)
        self.rows = [row for row in self.rows if row.kind is None]
        self.pending.clear()
        self._answer()

    def regenerate_recovery_code(self, user_id):
        self._called("regenerate", user_id)
        return "NEWCODE"


class Mfa(Account):
    """The MFA API for the bearer of a token.

    :ivar codes: the ID of the enrollment that each code confirms
    :ivar partners: the ID of the OTP that goes with each push; nothing in the rows says so
    """

    holds_mfa_token = False

    def __init__(self, *rows: Authenticator) -> None:
        super().__init__(*rows)
        self.codes: dict[str, str] = {}
        self.partners: dict[str, str] = {}

    def list_authenticators(self):
        self._called("list")
        return list(self.rows)

    def associate(self, fields):
        self._called("associate", fields)
        kind = fields.get("oob_channels", fields["authenticator_types"])[0]
        if kind in ("sms", "voice"):
            self.rows += phone("new", confirmed=False, phone_number=mask_phone(fields["phone_number"]))
        else:
            factor = {"auth0": "push"}.get(kind, kind)
            self.rows.append(seen("%s|new" % factor, factor, confirmed=False))
        if kind == "auth0":
            self.rows.append(seen("totp|new", confirmed=False))
            self.partners["push|new"] = "totp|new"
        self._answer()
        return Enrollment(fields["authenticator_types"][0], oob_code="sent")

    def confirm(self, code, oob_code=None):
        self._called("confirm", code, oob_code)
        self._confirm(self.codes[code])

    def confirm_push(self, oob_code, timeout):
        self._called("confirm push", oob_code, timeout)
        self._confirm(next(row.id for row in self.rows if row.factor == "push" and not row.confirmed))

    def _confirm(self, authenticator_id):
        ids = self._together(authenticator_id)
        self.rows = [replace(row, confirmed=True) if row.id in ids else row for row in self.rows]
        self._answer()

    def delete(self, authenticator_id):
        self._called("delete", authenticator_id)
        row, ids = self._row(authenticator_id), self._together(authenticator_id)
        self.rows = [other for other in self.rows if other.id not in ids]
        self._answer()
        return row is not None

    def _together(self, authenticator_id):
        """The IDs that are confirmed and removed with this one, its own included."""
        kind, _separator, suffix = authenticator_id.partition("|")
        found = {"sms|" + suffix, "voice|" + suffix} if kind in ("sms", "voice") else {authenticator_id}
        return found | {one for pair in self.partners.items() if authenticator_id in pair for one in pair}
