# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant's MFA: which factors are on, how phones are challenged, when MFA is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..api.guardian import NO_POLICY, GuardianApi
from ..factors import FACTORS
from ..wire.errors import AmbiguousWriteError, Auth0Error, ConfigurationError, RefusedError

NEVER = NO_POLICY
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
    usable = [name for name, on in state.factors.items() if on and FACTORS[name].second_factor]
    return bool(state.factors) and state.policy not in (None, NEVER) and not usable


def for_diff(state: TenantMfa) -> dict[str, object]:
    """What a person compares in C(--diff)."""
    lines: dict[str, object] = {name: "on" if on else "off" for name, on in sorted(state.factors.items())}
    if state.message_types is not None:
        lines["phone_message_types"] = list(state.message_types)
    if state.policy is not None:
        lines["policy"] = state.policy
    return lines


def read_tenant(api: GuardianApi, wanted: TenantMfa) -> TenantMfa:
    """What the tenant has of what is wanted.

    A policy is read where a factor shall go, and the factors for a policy, because a policy without a factor locks users
    out.
    """
    needs_factors = bool(wanted.factors) or wanted.policy is not None
    needs_policy = wanted.policy is not None or False in wanted.factors.values()
    return TenantMfa(
        api.factors() if needs_factors else {},
        api.message_types() if wanted.message_types is not None else None,
        api.policy() if needs_policy else None,
    )


def apply_setting(api: GuardianApi, setting: Setting) -> None:
    """One write. The same one again changes nothing."""
    if setting.kind == "factor":
        api.set_factor(setting.factor, setting.value)
    elif setting.kind == "message_types":
        api.set_message_types(setting.value)
    else:
        api.set_policy(setting.value)


def converge_tenant(
    api: GuardianApi, wanted: TenantMfa, allow_no_factor: bool, check_mode: bool
) -> tuple[TenantMfa, TenantMfa]:
    """Bring the tenant to what is wanted; what it had and what it has.

    :param allow_no_factor: whether MFA may be asked for while no factor is on
    :raises RefusedError: it would be; nothing was written
    :raises Auth0Error: a request was refused; what was set before is in the error's C(progress)
    """
    before = read_tenant(api, wanted)
    settings = plan(wanted, before)
    if settings and not allow_no_factor and asks_for_nothing(applied(before, settings)):
        raise RefusedError(
            "MFA would be asked for while no factor is on, and users without one could not log in",
            hint="Set policy=never as well, or allow_no_factor if that is meant.",
        )
    done: list[Setting] = []
    for setting in settings if not check_mode else ():
        try:
            apply_setting(api, setting)
        except Auth0Error as error:
            hint = "Run the task again; it checks the tenant's current state first."
            progress = (
                {"applied": ["%s=%s" % (each.factor or each.kind, each.value) for each in done]} if done else None
            )
            raise error.replace(
                hint=hint if isinstance(error, AmbiguousWriteError) else None, progress=progress
            ) from None
        done.append(setting)
    return before, applied(before, settings)
