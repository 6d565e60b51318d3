# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant's MFA: which factors are on, how phones are challenged, when MFA is required."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Iterable, Union

from ..api.guardian import NO_POLICY, GuardianApi
from ..factors import FACTORS
from ..wire.errors import Auth0Error, ConfigurationError, RefusedError
from .interrupted import interrupted

NEVER = NO_POLICY
POLICIES = ("all-applications", "confidence-score", NEVER)


@dataclass(frozen=True)
class TenantMfa:
    """What is wanted of a tenant, or what it has; what is not asked for is empty or None.

    :ivar factors: by the names of the table of factors
    :ivar message_types: ``sms``, ``voice``, in this order
    :ivar policy: one of POLICIES
    """

    factors: dict[str, bool] = field(default_factory=dict)
    message_types: tuple[str, ...] | None = None
    policy: str | None = None


@dataclass(frozen=True)
class SetFactor:
    """Turn a factor on or off."""

    factor: str
    enabled: bool

    def __str__(self) -> str:
        return "%s=%s" % (self.factor, self.enabled)


@dataclass(frozen=True)
class SetMessageTypes:
    """Set how phones are challenged, in alphabetical order."""

    message_types: tuple[str, ...]

    def __str__(self) -> str:
        return "phone_message_types=%s" % ",".join(self.message_types)


@dataclass(frozen=True)
class SetPolicy:
    """Set when MFA is required."""

    policy: str

    def __str__(self) -> str:
        return "policy=%s" % self.policy


# One write each. The same one again changes nothing.
Setting = Union[SetFactor, SetMessageTypes, SetPolicy]


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
        raise ConfigurationError("phone_message_types is empty", hint="To challenge no phones, add phone to disabled.")
    if (enabled, disabled) != (None, None) and not (enabled or disabled or message_types or policy):
        raise ConfigurationError(
            "The task names nothing to set", hint="Set enabled, disabled, phone_message_types or policy."
        )
    factors = {**dict.fromkeys(enabled or (), True), **dict.fromkeys(disabled or (), False)}
    ordered = tuple(sorted(set(message_types))) if message_types is not None else None
    return TenantMfa(factors, ordered, policy)


def plan(wanted: TenantMfa, actual: TenantMfa) -> tuple[Setting, ...]:
    """The writes that are needed, in an order that never requires MFA while fewer factors than wanted are on.

    :param actual: has at least what is wanted; a factor that it lacks cannot be on
    """
    differing = {name: on for name, on in wanted.factors.items() if actual.factors.get(name, False) is not on}
    on = [SetFactor(name, True) for name, value in differing.items() if value]
    off = [SetFactor(name, False) for name, value in differing.items() if not value]
    types: list[Setting] = []
    if wanted.message_types is not None and wanted.message_types != actual.message_types:
        types = [SetMessageTypes(wanted.message_types)]
    policy: list[Setting] = []
    if wanted.policy is not None and wanted.policy != actual.policy:
        policy = [SetPolicy(wanted.policy)]
    if wanted.policy == NEVER:
        return (*policy, *on, *types, *off)
    return (*on, *types, *off, *policy)


def applied(actual: TenantMfa, settings: Iterable[Setting]) -> TenantMfa:
    """The tenant after these writes."""
    for setting in settings:
        match setting:
            case SetFactor(factor, enabled):
                actual = replace(actual, factors={**actual.factors, factor: enabled})
            case SetMessageTypes(message_types):
                actual = replace(actual, message_types=message_types)
            case SetPolicy(policy):
                actual = replace(actual, policy=policy)
    return actual


def asks_for_nothing(state: TenantMfa) -> bool:
    """Whether MFA is required while no second factor is on that a user could enroll."""
    usable = [name for name, on in state.factors.items() if on and FACTORS[name].second_factor]
    return bool(state.factors) and state.policy not in (None, NEVER) and not usable


def for_diff(state: TenantMfa) -> dict[str, object]:
    """What a person compares in ``--diff``."""
    lines: dict[str, object] = {name: "on" if on else "off" for name, on in sorted(state.factors.items())}
    if state.message_types is not None:
        lines["phone_message_types"] = list(state.message_types)
    if state.policy is not None:
        lines["policy"] = state.policy
    return lines


def read_tenant(api: GuardianApi, wanted: TenantMfa) -> TenantMfa:
    """What the tenant has of what is wanted.

    The policy is read where a factor is to go, and the factors where a policy is set, because a policy without a factor
    locks users out.
    """
    needs_factors = bool(wanted.factors) or wanted.policy is not None
    needs_policy = wanted.policy is not None or False in wanted.factors.values()
    return TenantMfa(
        api.factors() if needs_factors else {},
        api.message_types() if wanted.message_types is not None else None,
        api.policy() if needs_policy else None,
    )


def apply_setting(api: GuardianApi, setting: Setting) -> None:
    """One write."""
    match setting:
        case SetFactor(factor, enabled):
            api.set_factor(factor, enabled)
        case SetMessageTypes(message_types):
            api.set_message_types(message_types)
        case SetPolicy(policy):
            api.set_policy(policy)


@dataclass(frozen=True)
class TenantPlan:
    """What it takes to bring a tenant to what is wanted.

    :ivar before: what it has of it
    :ivar settings: the writes, in order
    """

    before: TenantMfa
    settings: tuple[Setting, ...]

    @property
    def after(self) -> TenantMfa:
        """What the tenant has when all is written."""
        return applied(self.before, self.settings)


def prepare(api: GuardianApi, wanted: TenantMfa, allow_no_factor: bool) -> TenantPlan:
    """What is to be done; nothing is written.

    :param allow_no_factor: whether MFA may be required while no factor is on
    :raises RefusedError: it would be, or a factor cannot be turned on
    """
    before = read_tenant(api, wanted)
    missing = [name for name, on in wanted.factors.items() if on and name not in before.factors]
    if missing:
        raise RefusedError(
            "Auth0 does not list %s among the tenant's factors, so the task cannot turn it on" % " and ".join(missing),
            hint="Nothing was changed. Check the factor in Auth0's dashboard and what the tenant's plan includes, "
            "or remove it from enabled.",
        )
    settings = plan(wanted, before)
    if settings and not allow_no_factor and asks_for_nothing(applied(before, settings)):
        raise RefusedError(
            "MFA would be required while no factor is on, so users without a factor could not log in",
            hint="Set policy=never as well, or set allow_no_factor=true to do it all the same.",
        )
    return TenantPlan(before, settings)


def carry_out(api: GuardianApi, settings: Iterable[Setting]) -> None:
    """Write what was planned.

    :raises Auth0Error: a request was refused; what was set before is in the error's ``progress``
    """
    done: list[Setting] = []
    for setting in settings:
        try:
            apply_setting(api, setting)
        except Auth0Error as error:
            raise interrupted(error, {"applied": [str(each) for each in done]} if done else None) from None
        done.append(setting)


def read_all(api: GuardianApi) -> TenantMfa:
    """All that the tenant has (scopes ``read:guardian_factors`` and ``read:mfa_policies``)."""
    return TenantMfa(api.factors(), api.message_types(), api.policy())
