# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's authenticators as something that can be read and changed, the same way from either side.

The user's side is the MFA API with the user's own token; the operator's side is the Management API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from .authenticators import MANAGEMENT_VIEW, MFA_VIEW, Authenticator, twins
from .connection import encode_id
from .enrollment import plan
from .errors import Auth0Error, AuthenticationError, ConfigurationError
from .management_api import ManagementApi
from .mfa_api import Enrolment, MfaApi
from .wanted import Plan, Step, Wanted, check


class UserView:
    """The user's side: shows unconfirmed enrolments, can enrol and confirm."""

    name = MFA_VIEW
    # The token says who the user is; a client need not look into it.
    user_id = None
    _ENROLLED_BY = ("otp", "phone", "push", "email")

    def __init__(self, api: MfaApi) -> None:
        self._api = api

    def authenticators(self) -> list[Authenticator]:
        """All of them; one request."""
        return self._api.list_authenticators()

    def check(self, wanted: Wanted) -> None:
        """:raises ConfigurationError: this side cannot do what is wanted; nothing was sent"""
        if wanted.factor in ("passkey", "duo"):
            raise ConfigurationError("The MFA API does not show a %s" % wanted.factor, hint="Act as operator.")
        if wanted.state == "present" and wanted.factor not in self._ENROLLED_BY and not wanted.authenticator_id:
            raise ConfigurationError(
                "%s cannot be enrolled with the user's own token" % wanted.factor,
                hint="Supported are otp, phone, sms, voice, push and email; a ticket lets the user enrol the others.",
            )
        for option in ("name", "preferred_channel", "totp_secret", "credential"):
            if getattr(wanted, option) is not None:
                raise ConfigurationError(
                    "%s cannot be set with the user's own token" % option, hint="Leave it out, or act as operator."
                )
        if wanted.selector == "unused":
            raise ConfigurationError(
                "The MFA API shows no dates, so selector=unused cannot select", hint="Act as operator."
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
            return self._api.associate(_association(wanted))
        if step.verb == "confirm" and step.factor == "push":
            self._api.confirm_push(wanted.oob_code, wanted.push_timeout)
        elif step.verb == "confirm":
            self._api.confirm(wanted.code, wanted.oob_code if step.factor != "otp" else None)
        else:
            self._api.delete(step.authenticator_id)
        return None


def _association(wanted: Wanted) -> dict[str, object]:
    """The body of C(POST /mfa/associate)."""
    if wanted.factor == "otp":
        return {"authenticator_types": ["otp"]}
    body: dict[str, object] = {"authenticator_types": ["oob"]}
    if wanted.factor == "phone":
        return {**body, "oob_channels": [wanted.channel or "sms"], "phone_number": wanted.phone_number}
    if wanted.factor == "email":
        return {**body, "oob_channels": ["email"], "email": wanted.email_address}
    return {**body, "oob_channels": ["auth0"]}


class OperatorView:
    """The operator's side: shows dates, creates authenticators confirmed at once."""

    name = MANAGEMENT_VIEW
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
        if step.verb == "enrol":
            fields = {
                "type": self._TYPES[wanted.factor],
                "name": wanted.name,
                "phone_number": wanted.phone_number,
                "preferred_authentication_method": wanted.preferred_channel or wanted.channel,
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


@dataclass(frozen=True)
class Outcome:
    """What happened.

    :ivar after: read again after a change; predicted in check mode
    :ivar target: the authenticator that was asked for, as it is in C(after); None where it is absent
    :ivar removed: ids that are gone, twins included
    :ivar skipped: (id, reason) of what fits and was kept all the same
    :ivar enrolment: what a new enrolment returned; None otherwise
    :ivar notice: what the reader should know beside the result; None otherwise
    """

    changed: bool
    before: tuple[Authenticator, ...]
    after: tuple[Authenticator, ...]
    target: Authenticator | None
    removed: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    enrolment: Enrolment | None = None
    notice: str | None = None


def converge(
    view: UserView | OperatorView, wanted: Wanted, check_mode: bool = False, now: datetime | None = None
) -> Outcome:
    """Bring a user's authenticators to the wanted state.

    :param now: aware time that ages are counted to; by default the present
    :raises Auth0Error: input, plan or a request was refused; what was removed before is in the error's C(progress)
    """
    check(wanted)
    view.check(wanted)
    before = tuple(view.authenticators())
    needed: Plan = plan(wanted, list(before), view.name, now or datetime.now(timezone.utc))
    for step in needed.steps:
        view.check_step(step, before)
    if not needed.steps or check_mode:
        target = _shown(needed, wanted, before, needed.after)
        return Outcome(
            bool(needed.steps), before, needed.after, target, needed.removed, needed.skipped, notice=needed.notice
        )
    enrolment = _carry_out_all(view, wanted, needed, before)
    try:
        after, notice = tuple(view.authenticators()), needed.notice
    except Auth0Error as error:
        # What the write returned (a seed, a recovery code) exists nowhere else: it must not go down with this reading.
        after, notice = needed.after, "The change was made, but the result is predicted: %s" % error
    removed = set(needed.removed)
    if wanted.state == "absent":
        # A push takes its OTP along without any row naming it, and not everything goes with remove-all: what is gone is
        # known from the second reading only.
        removed = {row.id for row in before} - {row.id for row in after}
    changed = bool(removed) or wanted.state != "absent"
    target = _shown(needed, wanted, before, after)
    return Outcome(changed, before, after, target, tuple(sorted(removed)), needed.skipped, enrolment, notice)


def _carry_out_all(
    view: UserView | OperatorView, wanted: Wanted, needed: Plan, before: tuple[Authenticator, ...]
) -> Enrolment | None:
    enrolment, linked = None, twins(before)
    removed: set[str] = set()
    for step in needed.steps:
        try:
            enrolment = view.carry_out(step, wanted)
        except Auth0Error as error:
            if removed:
                error.progress = {"removed_ids": sorted(removed)}
            raise
        if step.verb == "remove":
            removed |= {step.authenticator_id, *linked[step.authenticator_id]}
    return enrolment


def _shown(
    needed: Plan, wanted: Wanted, before: tuple[Authenticator, ...], after: tuple[Authenticator, ...]
) -> Authenticator | None:
    if wanted.state == "absent":
        return None
    if wanted.state == "confirmed" and needed.steps:
        # Which pending OTP a code belongs to is known to Auth0 only.
        pending = {row.id for row in before if not row.confirmed}
        confirmed = [row for row in after if row.id in pending and row.confirmed and row.factor == needed.target.factor]
        if confirmed:
            return min(confirmed, key=lambda row: (row.id != needed.target.id, row.id))
    if needed.target is not None:
        return next((row for row in after if row.id == needed.target.id), needed.target)
    known = {row.id for row in before}
    new = [row for row in after if row.id not in known and row.factor == wanted.factor]
    return min(new, key=lambda row: (wanted.channel not in (None, *row.channels), row.id)) if new else None
