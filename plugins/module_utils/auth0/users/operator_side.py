# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's authenticators from the operator's side: the Management API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from ..api.checks import check_address, check_id
from ..api.management import ManagementApi
from ..authenticators import MANAGEMENT_VIEW, Authenticator
from ..factors import FACTORS, names
from ..wire.errors import ConfigurationError

if TYPE_CHECKING:
    from .steps import Answer, Enroll, Step
    from .wanted import Wanted


class OperatorSide:
    """The operator's side: it sees dates, and what it creates is confirmed at once."""

    view = MANAGEMENT_VIEW

    def __init__(self, api: ManagementApi, user_id: str | None = None, email: str | None = None) -> None:
        """
        :param user_id: or
        :param email: the address that exactly one user has; looked up once, with the first request
        :raises ConfigurationError: user_id is not an ID, or email not an address
        """
        if user_id is not None:
            check_id("user_id", user_id)
        if email is not None:
            check_address("email", email)
        self._api, self._user_id, self._email = api, user_id, email or ""

    @property
    def user_id(self) -> str:
        """:raises Auth0Error: the e-mail address is nobody's, or more than one user's"""
        if self._user_id is None:
            self._user_id = self._api.find_user_id(self._email)
        return self._user_id

    def address(self) -> str | None:
        """The user's e-mail address, None without one; one request, unless the user was named by it."""
        return self._email or self._api.user(self.user_id, ("user_id", "email")).get("email")

    def authenticators(self) -> list[Authenticator]:
        """All of them; one request while there are at most 100."""
        return self._api.list_authenticators(self.user_id)

    def check(self, wanted: Wanted) -> None:
        """:raises ConfigurationError: this side cannot do what is wanted; nothing was sent"""
        check(wanted)

    def check_step(self, step: Step, actual: tuple[Authenticator, ...]) -> None:
        """An operator's token can do every step; a missing scope is Auth0's to tell."""

    def carry_out(self, step: Step) -> Answer:
        """One write."""
        # Modules are compiled anew for every task, and most of them only list: so what writes need is loaded for a write.
        from .steps import Answer, Confirm, Enroll, Remove, RemoveAll, Update

        match step:
            case Enroll():
                self._api.create_authenticator(self.user_id, _body(step))
            case Update(authenticator_id):
                fields = {"name": step.name, "preferred_authentication_method": step.preferred_method}
                self._api.update_authenticator(self.user_id, authenticator_id, _given(fields))
            case Remove(authenticator_id):
                return Answer(found=self._api.delete_authenticator(self.user_id, authenticator_id))
            case RemoveAll():
                self._api.delete_all_authenticators(self.user_id)
            case Confirm():
                raise TypeError("check() refuses to confirm as the operator")
        return Answer()

    def regenerate_recovery_code(self) -> str:
        """A new recovery code; the old one is void."""
        return self._api.regenerate_recovery_code(self.user_id)


def check(wanted: Wanted) -> None:
    """Whether an operator can do what is wanted; sends nothing.

    :raises ConfigurationError: no
    """
    from .wanted import missing_option

    if wanted.state == "confirmed":
        raise ConfigurationError(
            "An operator cannot confirm an enrollment",
            hint="Act as the user: set mfa_token, or username and password.",
        )
    if wanted.state != "present" or wanted.authenticator_id or wanted.factor is None:
        return
    needs = FACTORS[wanted.factor].operator_needs
    if needs is None:
        raise ConfigurationError(
            "An operator cannot create factor=%s" % wanted.factor,
            hint="An operator can create %s. For another factor, send the user a ticket with "
            "mfaops.auth0.auth0_mfa_enrollment_ticket." % ", ".join(names(lambda row: row.operator_needs is not None)),
        )
    missing = missing_option(wanted, needs)
    if missing:
        raise ConfigurationError(
            "%s is required to create factor=%s as the operator" % (missing, wanted.channel or wanted.factor)
        )


def _body(step: Enroll) -> dict[str, object]:
    """The body of ``POST /users/{id}/authentication-methods``."""
    fields: dict[str, object] = {
        "type": FACTORS[step.factor].management_types[0],
        "name": step.name,
        "phone_number": step.phone_number,
        "preferred_authentication_method": step.preferred_method or step.channel,
        "email": step.email_address,
        "totp_secret": step.totp_secret,
        **(step.credential or {}),
    }
    return _given(fields)


def _given(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
