# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One user's account behind each of the two APIs: what a side writes, its next reading shows."""

from __future__ import annotations

from dataclasses import replace

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
    """

    def __init__(self, *rows: Authenticator) -> None:
        self.rows = list(rows)
        self.calls: list[tuple] = []
        self.fails: dict[str, Exception] = {}
        self.fails_at: dict[int, Exception] = {}

    @property
    def writes(self) -> list[tuple]:
        return [call for call in self.calls if call[0] not in ("list", "find")]

    def _called(self, *call) -> None:
        self.calls.append(call)
        error = self.fails.get(call[0]) or self.fails_at.get(len(self.calls))
        if error:
            raise error

    def _row(self, authenticator_id: str) -> Authenticator:
        return next(row for row in self.rows if row.id == authenticator_id)


class Management(Account):
    """The Management API for the user USER, who alone has the address EMAIL."""

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
        self.rows.append(Authenticator.from_management(item))

    def update_authenticator(self, user_id, authenticator_id, fields):
        self._called("update", user_id, authenticator_id, fields)
        row = self._row(authenticator_id)
        method = fields.get("preferred_authentication_method", row.preferred_method)
        self.rows[self.rows.index(row)] = replace(row, name=fields.get("name", row.name), preferred_method=method)

    def delete_authenticator(self, user_id, authenticator_id):
        self._called("delete", user_id, authenticator_id)
        link = self._row(authenticator_id).link_id
        self.rows = [row for row in self.rows if row.id != authenticator_id and (not link or row.link_id != link)]

    def delete_all_authenticators(self, user_id):
        self._called("delete all", user_id)
        self.rows = [row for row in self.rows if row.kind is None]

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
        return Enrollment(fields["authenticator_types"][0], oob_code="sent")

    def confirm(self, code, oob_code=None):
        self._called("confirm", code, oob_code)
        self._confirm(self.codes[code])

    def confirm_push(self, oob_code, timeout):
        self._called("confirm push", oob_code, timeout)
        self._confirm(next(row.id for row in self.rows if row.factor == "push" and not row.confirmed))

    def _confirm(self, authenticator_id):
        suffix = authenticator_id.partition("|")[2]
        self.rows = [replace(row, confirmed=True) if row.id.endswith("|" + suffix) else row for row in self.rows]

    def delete(self, authenticator_id):
        self._called("delete", authenticator_id)
        suffix = authenticator_id.partition("|")[2]
        together = {"sms|" + suffix, "voice|" + suffix} if self._row(authenticator_id).factor == "phone" else set()
        pairs = self.partners.items()
        together |= {one for pair in pairs if authenticator_id in pair for one in pair} | {authenticator_id}
        self.rows = [row for row in self.rows if row.id not in together]
