# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's authenticators from the user's side: the MFA API with the user's own token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api.mfa import Association, MfaApi
from ..authenticators import MFA_VIEW, Authenticator
from ..factors import FACTORS, Factor, words
from ..wire.errors import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from .steps import Answer, Enroll, Step
    from .wanted import Wanted

# What the MFA API has no field for.
_OPERATORS_ONLY = ("name", "preferred_method", "totp_secret", "credential")


class UserSide:
    """The user's side: it sees unconfirmed enrollments, and can enroll and confirm."""

    view = MFA_VIEW
    # The token says who the user is; a client need not look into it.
    user_id = None

    def __init__(self, api: MfaApi) -> None:
        self._api = api

    def authenticators(self) -> list[Authenticator]:
        """All of them; one request."""
        return self._api.list_authenticators()

    def check(self, wanted: Wanted) -> None:
        """:raises ConfigurationError: this side cannot do what is wanted; nothing was sent"""
        factor = FACTORS[wanted.factor] if wanted.factor else None
        if factor and factor.mfa_type is None:
            as_operator = wanted.state != "present" or factor.operator_needs is not None
            raise ConfigurationError(
                "The user's own token does not show factor=%s" % factor.name,
                hint="Act as the operator." if as_operator else "The user enrolls it in the browser.",
            )
        if factor and wanted.state == "present" and not wanted.authenticator_id:
            _check_enrollable(wanted, factor)
        for option in _OPERATORS_ONLY:
            if getattr(wanted, option) is not None:
                raise ConfigurationError(
                    "%s cannot be set with the user's own token" % option,
                    hint="Remove %s, or act as the operator." % option,
                )
        if wanted.selector == "everything":
            raise ConfigurationError(
                "selector=everything is for the operator only", hint="Act as the operator, or set selector=all."
            )
        if wanted.selector == "unused":
            raise ConfigurationError(
                "selector=unused needs dates, and the user's own token shows none", hint="Act as the operator."
            )

    def check_step(self, step: Step, actual: tuple[Authenticator, ...]) -> None:
        """:raises AuthenticationError: Auth0 would refuse the step, because the bearer is an ``mfa_token``"""
        from .steps import Enroll, Remove

        if not self._api.holds_mfa_token:
            return
        has_active = any(row.confirmed and not row.unproven for row in actual)
        refused = None
        if isinstance(step, Remove):
            refused = "remove an authenticator"
        elif isinstance(step, Enroll) and has_active:
            refused = "enroll another authenticator"
        if refused:
            raise AuthenticationError(
                "An mfa_token can list authenticators and enroll the first one. It cannot %s" % refused,
                hint="Set otp as well to complete the login, or set mfa_token to an access token for the /mfa/ audience.",
            )

    def carry_out(self, step: Step) -> Answer:
        """One write."""
        # Modules are compiled anew for every task, and most of them only list: so what writes need is loaded for a write.
        from .steps import Answer, Confirm, Enroll, Remove, RemoveAll, Update

        match step:
            case Enroll():
                return Answer(enrollment=self._api.associate(_association(step)))
            case Confirm(code=None, oob_code=oob_code) if oob_code:
                self._api.confirm_push(oob_code, step.push_timeout)
            case Confirm(code=code) if code:
                self._api.confirm(code, step.oob_code)
            case Remove(authenticator_id):
                return Answer(found=self._api.delete(authenticator_id))
            case Update() | RemoveAll() | Confirm():
                raise TypeError("check() refuses %s as the user" % type(step).__name__)
        return Answer()


def _check_enrollable(wanted: Wanted, factor: Factor) -> None:
    from .wanted import missing_option

    if factor.user_needs is None:
        raise ConfigurationError(
            "factor=%s cannot be enrolled with the user's own token" % factor.name,
            hint="The user's own token can enroll %s. For another factor, send the user a ticket."
            % ", ".join(words(lambda row: row.user_needs is not None)),
        )
    missing = missing_option(wanted, factor.user_needs)
    if missing:
        raise ConfigurationError("%s is required to enroll factor=%s" % (missing, wanted.channel or factor.name))


def _association(step: Enroll) -> Association:
    """The body of ``POST /mfa/associate``."""
    factor = FACTORS[step.factor]
    # check() refuses what the MFA API does not show.
    body: Association = {"authenticator_types": [factor.mfa_type or ""]}
    if factor.oob_channels:
        body["oob_channels"] = [step.channel or factor.oob_channels[0]]
    if step.phone_number is not None:
        body["phone_number"] = step.phone_number
    if step.email_address is not None:
        body["email"] = step.email_address
    return body
