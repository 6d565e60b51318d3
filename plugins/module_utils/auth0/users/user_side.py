# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's authenticators from the user's side: the MFA API with the user's own token."""

from __future__ import annotations

from ..authenticators import MFA_VIEW, Authenticator
from ..wire.errors import AuthenticationError, ConfigurationError
from ..api.mfa import Enrollment, MfaApi
from .wanted import Step, Wanted


class UserSide:
    """The user's side: shows unconfirmed enrollments, can enroll and confirm."""

    view = MFA_VIEW
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
                hint="Supported are otp, phone, sms, voice, push and email; a ticket lets the user enroll the others.",
            )
        for option in ("name", "preferred_method", "totp_secret", "credential"):
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
        if step.verb == "remove" or (step.verb == "enroll" and active):
            raise AuthenticationError(
                "An mfa_token can list authenticators but not %s"
                % ("remove them" if step.verb == "remove" else "enroll one while the user has another"),
                hint="Log in with otp as well, or give an access token for the /mfa/ audience in mfa_token.",
            )

    def carry_out(self, step: Step, wanted: Wanted) -> Enrollment | None:
        """One write; what an enrollment returned."""
        if step.verb == "enroll":
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
