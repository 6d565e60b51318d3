# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's authenticators from the operator's side: the Management API."""

from __future__ import annotations

from ..authenticators import MANAGEMENT_VIEW, Authenticator
from ..api.checks import check_id
from ..wire.errors import ConfigurationError
from ..api.management import ManagementApi
from .wanted import Step, Wanted


class OperatorSide:
    """The operator's side: shows dates, creates authenticators confirmed at once."""

    view = MANAGEMENT_VIEW
    _TYPES = {
        "otp": "totp",
        "phone": "phone",
        "email": "email",
        "webauthn-roaming": "webauthn-roaming",
        "passkey": "passkey",
    }
    # What the Management API refuses to do without, by factor.
    _NEEDED = {"otp": "totp_secret", "webauthn-roaming": "credential", "passkey": "credential"}

    def __init__(self, api: ManagementApi, user_id: str | None = None, email: str | None = None) -> None:
        """
        :param user_id: or
        :param email: the address that exactly one user has; looked up once, with the first request
        :raises ConfigurationError: user_id is not an id
        """
        if user_id is not None:
            check_id("user_id", user_id)
        self._api, self._user_id, self._email = api, user_id, email

    @property
    def user_id(self) -> str:
        """:raises Auth0Error: the e-mail address is nobody's, or more than one user's"""
        if self._user_id is None:
            self._user_id = self._api.find_user_id(self._email)
        return self._user_id

    def authenticators(self) -> list[Authenticator]:
        """All of them; one request while there are at most 100."""
        return self._api.list_authenticators(self.user_id)

    def check(self, wanted: Wanted) -> None:
        """:raises ConfigurationError: this side cannot do what is wanted; nothing was sent"""
        if wanted.state == "confirmed":
            raise ConfigurationError(
                "An operator cannot confirm an enrollment",
                hint="Give the user's own token in mfa_token, or username and password.",
            )
        if wanted.state == "present" and not wanted.authenticator_id:
            if wanted.factor not in self._TYPES:
                raise ConfigurationError(
                    "%s cannot be created by an operator" % wanted.factor,
                    hint="Supported are %s; for the others, send the user a ticket with "
                    "mfaops.auth0.auth0_mfa_enrollment_ticket." % ", ".join(self._TYPES),
                )
            needed = self._NEEDED.get(wanted.factor or "")
            if needed and not getattr(wanted, needed):
                raise ConfigurationError("Creating %s as operator needs %s" % (wanted.factor, needed))
            if wanted.factor == "webauthn-roaming" and not wanted.credential.get("relying_party_identifier"):
                raise ConfigurationError("Creating webauthn-roaming needs credential.relying_party_identifier")

    def check_step(self, step: Step, actual: tuple[Authenticator, ...]) -> None:
        """An operator's token can do every step; a missing scope is Auth0's to tell."""

    def carry_out(self, step: Step, wanted: Wanted) -> None:
        """One write."""
        if step.verb == "enroll":
            fields = {
                "type": self._TYPES[wanted.factor],
                "name": wanted.name,
                "phone_number": wanted.phone_number,
                "preferred_authentication_method": wanted.preferred_method or wanted.channel,
                "email": wanted.email_address,
                "totp_secret": wanted.totp_secret,
                **(wanted.credential or {}),
            }
            self._api.create_authenticator(
                self.user_id, {key: value for key, value in fields.items() if value is not None}
            )
        elif step.verb == "update":
            self._api.update_authenticator(self.user_id, step.authenticator_id, step.changes)
        elif step.verb == "remove-all":
            self._api.delete_all_authenticators(self.user_id)
        else:
            self._api.delete_authenticator(self.user_id, step.authenticator_id)

    def regenerate_recovery_code(self) -> str:
        """A new recovery code; the old one is void."""
        return self._api.regenerate_recovery_code(self.user_id)
