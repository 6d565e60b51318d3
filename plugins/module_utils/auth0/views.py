# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's authenticators as something that can be read and changed, the same way from either side.

The user's side is the MFA API with the user's own token; the operator's side is the Management API.
"""

from __future__ import annotations

from dataclasses import dataclass

from .authenticators import MANAGEMENT_VIEW, MFA_VIEW, Authenticator
from .connection import encode_id
from .enrollment import Plan, Step, Wanted, check, plan
from .errors import Auth0Error, AuthenticationError, ConfigurationError
from .management_api import ManagementApi
from .mfa_api import Enrolment, MfaApi


class UserView:
    """The user's side: shows unconfirmed enrolments, can enrol and confirm."""

    name = MFA_VIEW
    # The token says who the user is; a client need not look into it.
    user_id = None

    def __init__(self, api: MfaApi) -> None:
        self._api = api

    def authenticators(self) -> list[Authenticator]:
        """All of them; one request."""
        return self._api.list_authenticators()

    def check(self, wanted: Wanted) -> None:
        """:raises ConfigurationError: this side cannot do what is wanted; nothing was sent"""
        if wanted.factor in ("passkey", "duo"):
            raise ConfigurationError("The MFA API does not show a %s" % wanted.factor, hint="Act as operator.")
        if wanted.state == "present" and wanted.factor not in ("otp", "phone") and not wanted.authenticator_id:
            raise ConfigurationError(
                "%s cannot be enrolled with the user's own token by this module" % wanted.factor,
                hint="Supported are otp, phone, sms and voice.",
            )
        for option in ("name", "totp_secret", "email_address"):
            if getattr(wanted, option) is not None:
                raise ConfigurationError(
                    "%s cannot be set with the user's own token" % option, hint="Leave it out, or act as operator."
                )

    def check_step(self, step: Step, actual: tuple[Authenticator, ...]) -> None:
        """:raises AuthenticationError: the bearer cannot do this (Auth0 refuses both cases)"""
        if not self._api.holds_mfa_token:
            return
        active = [row for row in actual if row.confirmed and row.factor != "email"]
        if step.verb == "remove" or (step.verb == "enrol" and active):
            raise AuthenticationError(
                "An mfa_token can list authenticators but not %s"
                % ("remove them" if step.verb == "remove" else "enrol one while the user has another"),
                hint="Log in with otp as well, or give an access token for the /mfa/ audience in mfa_token.",
            )

    def carry_out(self, step: Step, wanted: Wanted) -> Enrolment | None:
        """One write; what an enrolment returned."""
        if step.verb == "enrol":
            if wanted.factor == "otp":
                return self._api.associate({"authenticator_types": ["otp"]})
            channels = [wanted.channel or "sms"]
            return self._api.associate(
                {"authenticator_types": ["oob"], "oob_channels": channels, "phone_number": wanted.phone_number}
            )
        if step.verb == "confirm":
            self._api.confirm(wanted.code, wanted.oob_code if step.factor != "otp" else None)
        else:
            self._api.delete(step.authenticator_id)
        return None


class OperatorView:
    """The operator's side: shows dates, creates authenticators confirmed at once."""

    name = MANAGEMENT_VIEW
    _TYPES = {"otp": "totp", "phone": "phone", "email": "email"}

    def __init__(self, api: ManagementApi, user_id: str | None = None, email: str | None = None) -> None:
        """
        :param user_id: or
        :param email: the address that exactly one user has; looked up once, with the first request
        :raises ConfigurationError: user_id is not an id
        """
        if user_id is not None:
            encode_id("user_id", user_id)
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
                "An operator cannot confirm an enrolment",
                hint="Give the user's own token in mfa_token, or username and password.",
            )
        if wanted.state == "present" and not wanted.authenticator_id:
            if wanted.factor not in self._TYPES:
                raise ConfigurationError(
                    "%s cannot be created by an operator" % wanted.factor, hint="Supported are otp, phone and email."
                )
            for factor, option in (("otp", "totp_secret"), ("email", "email_address")):
                if wanted.factor == factor and not getattr(wanted, option):
                    raise ConfigurationError("Creating %s as operator needs %s" % (factor, option))

    def check_step(self, step: Step, actual: tuple[Authenticator, ...]) -> None:
        """An operator's token can do every step; a missing scope is Auth0's to tell."""

    def carry_out(self, step: Step, wanted: Wanted) -> None:
        """One write."""
        if step.verb == "enrol":
            fields = {
                "type": self._TYPES[wanted.factor],
                "name": wanted.name,
                "phone_number": wanted.phone_number,
                "preferred_authentication_method": wanted.channel,
                "email": wanted.email_address,
                "totp_secret": wanted.totp_secret,
            }
            self._api.create_authenticator(
                self.user_id, {key: value for key, value in fields.items() if value is not None}
            )
        elif step.verb == "rename":
            self._api.update_authenticator(self.user_id, step.authenticator_id, {"name": wanted.name})
        else:
            self._api.delete_authenticator(self.user_id, step.authenticator_id)

    def regenerate_recovery_code(self) -> str:
        """A new recovery code; the old one is void."""
        return self._api.regenerate_recovery_code(self.user_id)


@dataclass(frozen=True)
class Outcome:
    """What happened.

    :ivar after: read again after a change; predicted in check mode
    :ivar target: the authenticator that was asked for, as it is in C(after); None where it is absent
    :ivar removed: ids that are gone, twins included
    :ivar enrolment: what a new enrolment returned; None otherwise
    :ivar notice: what the reader should know beside the result; None otherwise
    """

    changed: bool
    before: tuple[Authenticator, ...]
    after: tuple[Authenticator, ...]
    target: Authenticator | None
    removed: tuple[str, ...]
    enrolment: Enrolment | None = None
    notice: str | None = None


def converge(view: UserView | OperatorView, wanted: Wanted, check_mode: bool = False) -> Outcome:
    """Bring a user's authenticators to the wanted state.

    :raises Auth0Error: input, plan or a request was refused; the state is as the last request left it
    """
    check(wanted)
    view.check(wanted)
    before = tuple(view.authenticators())
    needed: Plan = plan(wanted, list(before), view.name)
    if needed.step is not None:
        view.check_step(needed.step, before)
    if needed.step is None or check_mode:
        changed, shown = needed.step is not None, _shown(needed, wanted, needed.after, before)
        return Outcome(changed, before, needed.after, shown, needed.removed, notice=needed.notice)
    enrolment = view.carry_out(needed.step, wanted)
    try:
        after, notice = tuple(view.authenticators()), None
    except Auth0Error as error:
        # What the write returned (a seed, a recovery code) exists nowhere else: it must not go down with this reading.
        after, notice = needed.after, "The change was made, but the result is predicted: %s" % error
    removed = set(needed.removed)
    if needed.step.verb == "remove":
        # A push takes its OTP along without any row naming it: what is gone is known from the second reading only.
        removed |= {row.id for row in before} - {row.id for row in after}
    shown = _shown(needed, wanted, after, before)
    return Outcome(True, before, after, shown, tuple(sorted(removed)), enrolment, notice)


def _shown(
    needed: Plan, wanted: Wanted, after: tuple[Authenticator, ...], before: tuple[Authenticator, ...]
) -> Authenticator | None:
    if needed.step is not None and needed.step.verb == "remove":
        return None
    if needed.target is not None:
        return next((row for row in after if row.id == needed.target.id), needed.target)
    known = {row.id for row in before}
    new = [row for row in after if row.id not in known and row.factor != "recovery-code"]
    return min(new, key=lambda row: (wanted.channel not in (None, *row.channels), row.id)) if new else None
