# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guardian: the tenant's factors and MFA policy, enrollment tickets, and remembered browsers."""

from __future__ import annotations

from ..factors import FACTORS
from ..wire.errors import AmbiguousWriteError
from .management import ManagementApi

# The policy of a tenant that has none: MFA is never required.
NO_POLICY = "never"


class GuardianApi:
    """The endpoints under ``/guardian/``, and the one that forgets browsers. Each call is one request."""

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def factors(self) -> dict[str, bool]:
        """Whether each factor is on, by its name here (scope ``read:guardian_factors``)."""
        names = {row.guardian_name: row.name for row in FACTORS.values()}
        found = self._api.call("read the tenant's factors", lambda client: client.guardian.factors.list())
        return {names[each.name]: bool(each.enabled) for each in found if each.name in names}

    def message_types(self) -> tuple[str, ...]:
        """How phones are challenged, in alphabetical order (scope ``read:guardian_factors``)."""
        answer = self._api.call(
            "read how Auth0 contacts phones", lambda client: client.guardian.factors.phone.get_message_types()
        )
        return tuple(sorted(answer.message_types or ()))

    def policy(self) -> str:
        """When MFA is required (scope ``read:mfa_policies``); NO_POLICY where it never is."""
        found = self._api.call("read the tenant's MFA policy", lambda client: client.guardian.policies.list())
        return found[0] if found else NO_POLICY

    def set_factor(self, factor: str, enabled: bool) -> None:
        """Turn a factor on or off (scope ``update:guardian_factors``)."""
        self._api.call(
            "turn the factor %s %s" % (factor, "on" if enabled else "off"),
            lambda client: client.guardian.factors.set(FACTORS[factor].guardian_name, enabled=enabled),
        )

    def set_message_types(self, message_types: tuple[str, ...]) -> None:
        """Set how phones are challenged (scope ``update:guardian_factors``)."""
        self._api.call(
            "set how Auth0 contacts phones",
            lambda client: client.guardian.factors.phone.set_message_types(message_types=list(message_types)),
        )

    def set_policy(self, policy: str) -> None:
        """Set when MFA is required (scope ``update:mfa_policies``)."""
        policies = [] if policy == NO_POLICY else [policy]
        self._api.call("set the tenant's MFA policy", lambda client: client.guardian.policies.set(request=policies))

    def create_ticket(self, user_id: str, fields: dict[str, object]) -> tuple[str, str]:
        """A new enrollment ticket (scope ``create:guardian_enrollment_tickets``), good once and for five days.

        :param fields: ``email``, ``send_mail``, ``email_locale``, ``factor``, ``allow_multiple_enrollments``
        :returns: its id and its address; who has either can enroll
        :raises AmbiguousWriteError: the answer was lost; a ticket may exist
        """
        action = "create an enrollment ticket for %s" % user_id
        try:
            answer = self._api.call(
                action, lambda client: client.guardian.enrollments.create_ticket(user_id=user_id, **fields)
            )
            if not answer.ticket_id or not answer.ticket_url:
                raise AmbiguousWriteError("Could not %s: Auth0's response has no ticket" % action)
            return answer.ticket_id, answer.ticket_url
        except AmbiguousWriteError as error:
            sent = "may have been mailed" if fields.get("send_mail") else "may exist that nobody received"
            raise error.replace(
                hint="A ticket %s. It is safe to create another ticket if you still need one." % sent,
            ) from None

    def forget_browsers(self, user_id: str) -> None:
        """Let every remembered browser of the user ask for MFA again (scope ``update:users``). Twice does no harm."""
        self._api.call(
            "forget the remembered browsers of %s" % user_id,
            lambda client: client.users.multifactor.invalidate_remember_browser(user_id),
        )
