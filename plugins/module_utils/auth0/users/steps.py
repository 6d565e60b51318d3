# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes that change a user's authenticators, and the plan they make up. Pure, nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from ..api.mfa import Enrollment
    from ..authenticators import Authenticator, Credential


@dataclass(frozen=True)
class Enroll:
    """Start an enrollment as the user, or create an authenticator as the operator.

    :ivar factor: a name of the table of factors
    :ivar channel: of a factor that has channels; None leaves the choice to the side
    :ivar preferred_method: the channel that is challenged first
    :ivar credential: of a WebAuthn key or a passkey, by the names of the Management API
    """

    factor: str
    channel: str | None = None
    phone_number: str | None = None
    email_address: str | None = None
    name: str | None = None
    preferred_method: str | None = None
    totp_secret: str | None = field(default=None, repr=False)
    credential: Credential | None = None


@dataclass(frozen=True)
class Confirm:
    """Finish an enrollment.

    :ivar code: the digits; None for a push, which the user answers
    :ivar oob_code: from the enrollment; None for an OTP app
    :ivar push_timeout: seconds to wait for the user to answer a push
    """

    authenticator_id: str
    code: str | None = field(default=None, repr=False)
    oob_code: str | None = field(default=None, repr=False)
    push_timeout: float = 60.0


@dataclass(frozen=True)
class Update:
    """Change the label or the method that is challenged first; None leaves it as it is."""

    authenticator_id: str
    name: str | None = None
    preferred_method: str | None = None


@dataclass(frozen=True)
class Remove:
    """Remove one authenticator. Auth0 removes its linked ones with it.

    :ivar listed: False for an ID that the task names and the view does not show: it may be a pending enrollment, or nothing
    """

    authenticator_id: str
    listed: bool = True


@dataclass(frozen=True)
class RemoveAll:
    """Remove all of the user's authenticators with one request: also the recovery code, and what the view does not show."""


Step = Union[Enroll, Confirm, Update, Remove, RemoveAll]


@dataclass(frozen=True)
class Answer:
    """What a write answered.

    :ivar enrollment: what an enrollment returned once and never again
    :ivar found: False where there was nothing to remove
    """

    enrollment: Enrollment | None = None
    found: bool = True


@dataclass(frozen=True)
class Plan:
    """The writes that are needed, and what they lead to.

    :ivar steps: in this order; empty where the state is as wanted
    :ivar target: the authenticator the task is about, None where it does not exist (yet) or where there are several
    :ivar after: the authenticators as they will be; new ones have the ID UNKNOWN_ID
    :ivar removed: IDs that go with the removals, as far as the view tells
    :ivar skipped: (ID, reason) of what fits and is kept all the same
    :ivar matched_by: how the target was found: ``id``, ``number``, ``address``, ``mask``, ``credential`` or ``factor``
    :ivar notices: what the reader should know beside the result
    """

    steps: tuple[Step, ...]
    target: Authenticator | None
    after: tuple[Authenticator, ...]
    removed: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    matched_by: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def foreseen(self) -> bool:
        """Whether it is sure that the steps change something."""
        return any(not isinstance(step, Remove) or step.listed for step in self.steps)
