# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant's MFA: which factors are on, how phones are challenged, when MFA is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .errors import AmbiguousWriteError, Auth0Error, ConfigurationError, RefusedError
from .management_api import ManagementApi

# House vocabulary -> Guardian's name.
FACTORS = {
    "otp": "otp",
    "phone": "sms",
    "push": "push-notification",
    "email": "email",
    "recovery-code": "recovery-code",
    "webauthn-roaming": "webauthn-roaming",
    "webauthn-platform": "webauthn-platform",
    "duo": "duo",
}
TICKET_FACTORS = {
    "otp": "otp",
    "phone": "phone",
    "push": "push-notification",
    "email": "email",
    "webauthn-roaming": "webauthn-roaming",
    "webauthn-platform": "webauthn-platform",
}
NEVER = "never"
POLICIES = ("all-applications", "confidence-score", NEVER)


@dataclass(frozen=True)
class TenantMfa:
    """What is wanted of a tenant, or what it has; what is not asked for is empty or None.

    :ivar factors: by house name
    :ivar message_types: C(sms), C(voice), in this order
    :ivar policy: one of POLICIES
    """

    factors: dict[str, bool] = field(default_factory=dict)
    message_types: tuple[str, ...] | None = None
    policy: str | None = None


@dataclass(frozen=True)
class Setting:
    """One write: C(factor), C(message_types) or C(policy)."""

    kind: str
    value: object
    factor: str | None = None


def wanted_from(
    enabled: list[str] | None, disabled: list[str] | None, message_types: list[str] | None, policy: str | None
) -> TenantMfa:
    """What the options ask for.

    :raises ConfigurationError: a factor is on both lists, or nothing is left to challenge a phone with
    """
    both = sorted(set(enabled or ()) & set(disabled or ()))
    if both:
        raise ConfigurationError("%s cannot be both enabled and disabled" % ", ".join(both))
    if message_types is not None and not message_types:
        raise ConfigurationError(
            "phone_message_types is empty", hint="To challenge no phones at all, put phone into disabled."
        )
    factors = {**dict.fromkeys(enabled or (), True), **dict.fromkeys(disabled or (), False)}
    ordered = tuple(sorted(set(message_types))) if message_types is not None else None
    return TenantMfa(factors, ordered, policy)


def plan(wanted: TenantMfa, actual: TenantMfa) -> tuple[Setting, ...]:
    """The writes that are needed, in an order that never asks for MFA while less factors than wanted are on.

    :param actual: has at least what is wanted
    """
    differing = {name: on for name, on in wanted.factors.items() if actual.factors.get(name) is not on}
    on = [Setting("factor", True, name) for name, value in differing.items() if value]
    off = [Setting("factor", False, name) for name, value in differing.items() if not value]
    types = []
    if wanted.message_types is not None and wanted.message_types != actual.message_types:
        types = [Setting("message_types", wanted.message_types)]
    policy = []
    if wanted.policy is not None and wanted.policy != actual.policy:
        policy = [Setting("policy", wanted.policy)]
    relaxing = policy if wanted.policy == NEVER else []
    return (*relaxing, *on, *types, *off, *(policy if not relaxing else ()))


def applied(actual: TenantMfa, settings) -> TenantMfa:
    """The tenant after these writes."""
    for setting in settings:
        if setting.kind == "factor":
            actual = replace(actual, factors={**actual.factors, setting.factor: setting.value})
        else:
            actual = replace(actual, **{setting.kind: setting.value})
    return actual


def asks_for_nothing(state: TenantMfa) -> bool:
    """Whether MFA is asked for while no factor is on that a user could enroll; a recovery code is none."""
    usable = [name for name, on in state.factors.items() if on and name != "recovery-code"]
    return bool(state.factors) and state.policy not in (None, NEVER) and not usable


def for_diff(state: TenantMfa) -> dict[str, object]:
    """What a person compares in C(--diff)."""
    lines: dict[str, object] = {name: "on" if on else "off" for name, on in sorted(state.factors.items())}
    if state.message_types is not None:
        lines["phone_message_types"] = list(state.message_types)
    if state.policy is not None:
        lines["policy"] = state.policy
    return lines


class Guardian:
    """The endpoints under C(/guardian/), and the one that forgets browsers."""

    def __init__(self, api: ManagementApi) -> None:
        self._api = api

    def read(self, wanted: TenantMfa) -> TenantMfa:
        """What the tenant has of what is wanted (scopes C(read:guardian_factors), C(read:mfa_policies)).

        A policy is read where a factor shall go, and the factors for a policy, because a policy without a factor locks users
        out.
        """
        names = {guardian: name for name, guardian in FACTORS.items()}
        factors, types, policy = {}, None, None
        if wanted.factors or wanted.policy is not None:
            found = self._api.call("read the tenant's factors", lambda client: client.guardian.factors.list())
            factors = {names[each.name]: bool(each.enabled) for each in found if each.name in names}
        if wanted.message_types is not None:
            answer = self._api.call(
                "read how phones are challenged", lambda client: client.guardian.factors.phone.get_message_types()
            )
            types = tuple(sorted(answer.message_types or ()))
        if wanted.policy is not None or False in wanted.factors.values():
            found = self._api.call("read the tenant's MFA policy", lambda client: client.guardian.policies.list())
            policy = found[0] if found else NEVER
        return TenantMfa(factors, types, policy)

    def apply(self, setting: Setting) -> None:
        """One write (scopes C(update:guardian_factors), C(update:mfa_policies)). The same one again changes nothing."""
        if setting.kind == "factor":
            self._api.call(
                "turn the factor %s %s" % (setting.factor, "on" if setting.value else "off"),
                lambda client: client.guardian.factors.set(FACTORS[setting.factor], enabled=setting.value),
            )
        elif setting.kind == "message_types":
            self._api.call(
                "set how phones are challenged",
                lambda client: client.guardian.factors.phone.set_message_types(message_types=list(setting.value)),
            )
        else:
            policies = [] if setting.value == NEVER else [setting.value]
            self._api.call("set the tenant's MFA policy", lambda client: client.guardian.policies.set(request=policies))

    def create_ticket(self, user_id: str, fields: dict[str, object]) -> tuple[str, str]:
        """A new enrollment ticket (scope C(create:guardian_enrollment_tickets)), good once and for five days.

        :param fields: C(email), C(send_mail), C(email_locale), C(factor), C(allow_multiple_enrollments)
        :returns: its id and its address; who has either can enroll
        :raises AmbiguousWriteError: the answer was lost; a ticket may exist
        """
        action = "make an enrollment ticket for %s" % user_id
        try:
            answer = self._api.call(
                action, lambda client: client.guardian.enrollments.create_ticket(user_id=user_id, **fields)
            )
            if not answer.ticket_id or not answer.ticket_url:
                raise AmbiguousWriteError("Could not %s: the answer has none" % action)
            return answer.ticket_id, answer.ticket_url
        except AmbiguousWriteError as error:
            sent = "may have been mailed" if fields.get("send_mail") else "may exist that nobody has"
            raise error.as_kind(
                AmbiguousWriteError,
                hint="A ticket %s; it was not asked for again. Another one does no harm, if that is meant." % sent,
            ) from None

    def forget_browsers(self, user_id: str) -> None:
        """Let every remembered browser of the user ask for MFA again (scope C(update:users)). Twice does no harm."""
        self._api.call(
            "forget the remembered browsers of %s" % user_id,
            lambda client: client.users.multifactor.invalidate_remember_browser(user_id),
        )


def converge_tenant(
    guardian: Guardian, wanted: TenantMfa, allow_no_factor: bool, check_mode: bool
) -> tuple[TenantMfa, TenantMfa]:
    """Bring the tenant to what is wanted; what it had and what it has.

    :param allow_no_factor: whether MFA may be asked for while no factor is on
    :raises RefusedError: it would be; nothing was written
    :raises Auth0Error: a request was refused; what was set before is in the error's C(progress)
    """
    before = guardian.read(wanted)
    settings = plan(wanted, before)
    if settings and not allow_no_factor and asks_for_nothing(applied(before, settings)):
        raise RefusedError(
            "MFA would be asked for while no factor is on, and users without one could not log in",
            hint="Set policy=never as well, or allow_no_factor if that is meant.",
        )
    done: list[Setting] = []
    for setting in settings if not check_mode else ():
        try:
            guardian.apply(setting)
        except AmbiguousWriteError as error:
            kind = AmbiguousWriteError
            raise _with(done, error.as_kind(kind, hint="Run the task again: it looks what the tenant has.")) from None
        except Auth0Error as error:
            raise _with(done, error) from None
        done.append(setting)
    return before, applied(before, settings)


def _with(done: list[Setting], error: Auth0Error) -> Auth0Error:
    if done:
        error.progress = {"applied": ["%s=%s" % (setting.factor or setting.kind, setting.value) for setting in done]}
    return error
