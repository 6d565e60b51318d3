# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of factors: the only place that knows what a factor is.

Auth0 has a name of its own for the same factor in each API. Here every factor is one row, and whoever treats factors
differently asks the row. A new factor is a new row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

# What is replaced as a whole by other rules than a factor; see users/recovery_codes.py.
RECOVERY_CODE = "recovery-code"


@dataclass(frozen=True)
class Factor:
    """One row.

    :ivar name: in options and results
    :ivar management_types: ``type`` in the Management API's ``authentication-methods``; created as the first of them
    :ivar mfa_type: ``authenticator_type`` in the MFA API; None where that API does not show the factor
    :ivar oob_channels: ``oob_channel`` in the MFA API, for ``oob``; enrolled with the first unless the task names one
    :ivar row_per_channel: whether the MFA API lists a device once for each channel, under the same suffix; users then
        name a channel in place of the factor
    :ivar shown_as: the field that the MFA API masks into ``name``; it tells one device from another
    :ivar guardian_name: in ``/guardian/factors``; None where a tenant cannot turn it on or off there
    :ivar ticket_name: in an enrollment ticket; None where a ticket cannot ask for it
    :ivar options: the options that describe this factor and few others
    :ivar user_needs: the options without which the user cannot enroll it; None where the MFA API does not enroll it
    :ivar operator_needs: the options without which an operator cannot create it, ``credential.x`` for a part of one;
        None where the Management API does not create it
    :ivar confirmed_with: the options that confirm an enrollment; empty where the MFA API does not confirm it
    :ivar has_qr_code: whether its enrollment returns an address to scan
    :ivar brings: the factor that its enrollment makes beside it. Auth0 removes both together, and in the MFA view
        nothing says which belong together.
    :ivar second_factor: whether a user can pass MFA with it
    :ivar phishing_resistant: whether a false site cannot relay it (NIST SP 800-63B-4 §3.2.5)
    :ivar unproven_in_mfa_view: why a row of the MFA view does not prove that it is enrolled; None where it does
    :ivar not_removable_because: None where it can be removed
    """

    name: str
    management_types: tuple[str, ...]
    mfa_type: str | None = None
    oob_channels: tuple[str, ...] = ()
    row_per_channel: bool = False
    shown_as: str | None = None
    guardian_name: str | None = None
    ticket_name: str | None = None
    options: tuple[str, ...] = ()
    user_needs: tuple[str, ...] | None = None
    operator_needs: tuple[str, ...] | None = None
    confirmed_with: tuple[str, ...] = ()
    has_qr_code: bool = False
    brings: str | None = None
    second_factor: bool = True
    phishing_resistant: bool = False
    unproven_in_mfa_view: str | None = None
    not_removable_because: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that users name in place of the factor."""
        return self.oob_channels if self.row_per_channel else ()

    @property
    def words(self) -> tuple[str, ...]:
        """What an option may hold to name the factor: its name, then its channels."""
        return (self.name, *self.channels)

    @property
    def challenges(self) -> tuple[str, ...]:
        """The ways in which Auth0 can send the user a code or a push for it, as options name them."""
        return (self.channels or (self.name,)) if self.oob_channels else ()


_CREDENTIAL = ("credential", "credential.key_id", "credential.public_key")

# Source, unless a row says otherwise: Auth0's OpenAPI descriptions of both APIs, and recorded answers of the MFA API.
FACTORS: dict[str, Factor] = {
    row.name: row
    for row in (
        Factor(
            "otp",
            management_types=("totp",),
            mfa_type="otp",
            guardian_name="otp",
            ticket_name="otp",
            options=("totp_secret",),
            user_needs=(),
            operator_needs=("totp_secret",),
            confirmed_with=("code",),
            has_qr_code=True,
        ),
        Factor(
            "phone",
            management_types=("phone",),
            mfa_type="oob",
            oob_channels=("sms", "voice"),
            row_per_channel=True,
            shown_as="phone_number",
            guardian_name="sms",
            ticket_name="phone",
            options=("phone_number", "preferred_method"),
            user_needs=("phone_number",),
            operator_needs=("phone_number",),
            confirmed_with=("oob_code", "code"),
        ),
        Factor(
            "push",
            # The OpenAPI description knows both; answers have been seen with the second only.
            management_types=("push", "guardian"),
            mfa_type="oob",
            oob_channels=("auth0",),
            guardian_name="push-notification",
            ticket_name="push-notification",
            user_needs=(),
            confirmed_with=("oob_code",),
            has_qr_code=True,
            brings="otp",
        ),
        Factor(
            "email",
            management_types=("email",),
            mfa_type="oob",
            oob_channels=("email",),
            shown_as="email",
            guardian_name="email",
            ticket_name="email",
            options=("email_address",),
            user_needs=("email_address",),
            operator_needs=("email_address",),
            confirmed_with=("oob_code", "code"),
            unproven_in_mfa_view="The MFA API lists every verified e-mail address, enrolled or not. Only an operator can "
            "see which one is enrolled, and remove it.",
        ),
        Factor(
            RECOVERY_CODE,
            management_types=("recovery-code",),
            mfa_type="recovery-code",
            guardian_name="recovery-code",
            second_factor=False,
            not_removable_because="A recovery code cannot be removed, only replaced. Use mfaops.auth0.auth0_recovery_code.",
        ),
        Factor(
            "webauthn-roaming",
            management_types=("webauthn-roaming",),
            mfa_type="webauthn-roaming",
            guardian_name="webauthn-roaming",
            ticket_name="webauthn-roaming",
            options=("credential",),
            operator_needs=(*_CREDENTIAL, "credential.relying_party_identifier"),
            phishing_resistant=True,
        ),
        Factor(
            "webauthn-platform",
            management_types=("webauthn-platform",),
            mfa_type="webauthn-platform",
            guardian_name="webauthn-platform",
            ticket_name="webauthn-platform",
            phishing_resistant=True,
        ),
        Factor(
            # Multi-factor by itself, so it is a second factor wherever the others are.
            "passkey",
            management_types=("passkey",),
            options=("credential",),
            operator_needs=_CREDENTIAL,
            phishing_resistant=True,
        ),
        Factor("duo", management_types=("duo",), guardian_name="duo"),
    )
}

_BY_MANAGEMENT_TYPE = {type_: row.name for row in FACTORS.values() for type_ in row.management_types}
_BY_MFA_TYPE = {
    (row.mfa_type, channel): row.name
    for row in FACTORS.values()
    if row.mfa_type
    for channel in row.oob_channels or (None,)
}
_BY_WORD = {word: row for row in FACTORS.values() for word in row.words}

# Each factor that Auth0 removes together with another, and nothing in the MFA view says so.
UNSEEN_PARTNERS: dict[str, str] = {
    one: other
    for row in FACTORS.values()
    if row.brings
    for one, other in ((row.name, row.brings), (row.brings, row.name))
}


def of_management_type(type_: str) -> str:
    """The factor's name for a ``type`` of the Management API; the type itself where it is no factor."""
    return _BY_MANAGEMENT_TYPE.get(type_, type_)


def of_mfa_type(type_: str, channel: str | None) -> str:
    """The factor's name for an ``authenticator_type`` and ``oob_channel`` of the MFA API; the type itself where it is no
    factor.
    """
    return _BY_MFA_TYPE.get((type_, channel if type_ == "oob" else None), type_)


def named_by(word: str | None) -> tuple[str | None, str | None]:
    """The factor's name and the channel that a word of an option stands for; None for what it does not say.

    :param word: one of a factor's ``words``
    """
    if word is None:
        return None, None
    row = _BY_WORD[word]
    return row.name, word if word in row.channels else None


def names(condition: Callable[[Factor], object] = lambda row: True) -> list[str]:
    """The names of the factors that meet a condition, in the order of the table."""
    return [row.name for row in FACTORS.values() if condition(row)]


def words(condition: Callable[[Factor], object] = lambda row: True) -> list[str]:
    """The same with the words for channels after the name of their factor: the choices of an option."""
    return [word for row in FACTORS.values() if condition(row) for word in row.words]


def challenges() -> list[str]:
    """The ways in which Auth0 can send the user a code or a push."""
    return [word for row in FACTORS.values() for word in row.challenges]


def channels() -> list[str]:
    """The words that name a channel instead of a factor."""
    return [word for row in FACTORS.values() for word in row.channels]
