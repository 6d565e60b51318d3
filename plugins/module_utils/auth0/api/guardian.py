# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guardian: the tenant's factors and MFA policy, and enrollment tickets."""

from __future__ import annotations

from typing import Any, Mapping

from ..factors import FACTORS
from ..wire.errors import AmbiguousWriteError, Auth0Error, BadRequestError, ConflictError, NotFoundError
from .answers import (
    READ_AGAIN,
    checked,
    flag,
    list_of,
    object_of,
    one_of,
    token,
    undocumented,
    word,
)
from .management import ManagementApi

# The header that chooses the domain of a link.
CUSTOM_DOMAIN = "auth0-custom-domain"
# The policy of a tenant that has none: MFA is never required.
NO_POLICY = "never"


class GuardianApi:
    """The endpoints under ``/guardian/``. Each call is one request."""

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def factors(self) -> dict[str, bool]:
        """Whether each factor is on, by its name here (scope ``read:guardian_factors``)."""
        names = {row.guardian_name: row.name for row in FACTORS.values()}
        action = "read the tenant's factors"
        found = self._api.call(action, lambda client: client.guardian.factors.list())
        # Auth0 lists all that there are, on or off.
        shown = checked(action, found, list_of(object_of(name=word, enabled=flag), distinct="name", least=1))
        return {names[each["name"]]: each["enabled"] for each in shown if each["name"] in names}

    def message_types(self) -> tuple[str, ...]:
        """How phones are challenged, in alphabetical order (scope ``read:guardian_factors``)."""
        action = "read how Auth0 contacts phones"
        answer = self._api.call(action, lambda client: client.guardian.factors.phone.get_message_types())
        return tuple(sorted(checked(action, answer, object_of(message_types=list_of(word)))["message_types"]))

    def policy(self) -> str:
        """When MFA is required (scope ``read:mfa_policies``); NO_POLICY where it never is."""
        action = "read the tenant's MFA policy"
        found = checked(action, self._api.call(action, lambda client: client.guardian.policies.list()), list_of(word))
        if len(found) > 1:
            raise undocumented(action, "more than one policy")
        return str(found[0]) if found else NO_POLICY

    def set_factor(self, factor: str, enabled: bool) -> None:
        """Turn a factor on or off (scope ``update:guardian_factors``)."""
        action = "turn the factor %s %s" % (factor, "on" if enabled else "off")
        answer = self._api.call(
            action, lambda client: client.guardian.factors.set(FACTORS[factor].guardian_name, enabled=enabled)
        )
        checked(action, answer, object_of(enabled=one_of(enabled)), lost=READ_AGAIN)

    def set_message_types(self, message_types: tuple[str, ...]) -> None:
        """Set how phones are challenged (scope ``update:guardian_factors``)."""
        action = "set how Auth0 contacts phones"
        answer = self._api.call(
            action, lambda client: client.guardian.factors.phone.set_message_types(message_types=list(message_types))
        )
        checked(action, answer, object_of(message_types=list_of(one_of(*message_types))), lost=READ_AGAIN)

    def set_policy(self, policy: str) -> None:
        """Set when MFA is required (scope ``update:mfa_policies``)."""
        action = "set the tenant's MFA policy"
        policies = [] if policy == NO_POLICY else [policy]
        answer = self._api.call(action, lambda client: client.guardian.policies.set(request=policies))
        checked(action, answer, one_of(policies), lost=READ_AGAIN)

    def create_ticket(
        self, user_id: str, fields: Mapping[str, object], custom_domain: str | None = None
    ) -> tuple[str, str]:
        """A new enrollment ticket (scope ``create:guardian_enrollment_tickets``), good once and for five days.

        :param fields: ``email``, ``send_mail``, ``email_locale``, ``factor``, ``allow_multiple_enrollments``
        :param custom_domain: where its address leads; by default the tenant decides
        :returns: its id and its address; who has either can enroll
        :raises AmbiguousWriteError: the answer was lost; a ticket may exist
        """
        options: Any = {"additional_headers": {CUSTOM_DOMAIN: custom_domain}} if custom_domain else None
        action = "create an enrollment ticket for %s" % user_id
        try:
            answer = self._api.call(
                action,
                lambda client: client.guardian.enrollments.create_ticket(
                    user_id=user_id, request_options=options, **fields
                ),
            )
            checked(action, answer, object_of(ticket_id=word, ticket_url=token), lost=READ_AGAIN)
            return answer["ticket_id"], answer["ticket_url"]
        except AmbiguousWriteError as error:
            sent = "may have been mailed" if fields.get("send_mail") else "may exist that nobody received"
            raise error.replace(
                hint="A ticket %s. It is safe to create another ticket if you still need one." % sent,
            ) from None
        except (BadRequestError, ConflictError, NotFoundError) as error:
            raise error.replace(hint=_hint_for_domain(error, custom_domain)) from None


def _hint_for_domain(error: Auth0Error, custom_domain: str | None) -> str | None:
    """What to do if a ticket's domain may be what Auth0 refused; None otherwise. Which error it is, is not documented."""
    if error.code == "inexistent_user":
        return None
    if custom_domain:
        return "Check that %s is a custom domain of this tenant, and verified." % custom_domain
    if isinstance(error, ConflictError):
        return "If the tenant has several custom domains, set custom_domain to one of them."
    return None
