# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between a tenant and its policy, as rows for results and summaries."""

from __future__ import annotations

from typing import Iterator, TypedDict

from ..auth0.api.actions import Action, Binding
from ..auth0.tenant.action_rollout import ActionOutcome
from ..auth0.tenant.actions import position_of
from ..auth0.tenant.mfa import TenantMfa


class Difference(TypedDict):
    """One setting, as it was and as it is."""

    setting: str
    before: object
    after: object


def of_mfa(before: TenantMfa, after: TenantMfa) -> Iterator[Difference]:
    """Those of factors and policy."""
    for name in sorted(after.factors):
        was = before.factors.get(name, False)
        if was is not after.factors[name]:
            yield {"setting": "factors.%s" % name, "before": was, "after": after.factors[name]}
    if before.message_types != after.message_types:
        yield {
            "setting": "phone_message_types",
            "before": list(before.message_types or ()),
            "after": list(after.message_types or ()),
        }
    if before.policy != after.policy:
        yield {"setting": "policy", "before": before.policy, "after": after.policy}


def of_action(name: str, outcome: ActionOutcome) -> Iterator[Difference]:
    """Those of an Action. Its code is not shown here, only that it differs."""
    if not outcome.changed:
        return
    setting = "actions.%s" % name
    if outcome.before is None or outcome.after is None:
        yield {
            "setting": setting,
            "before": None if outcome.before is None else "present",
            "after": None if outcome.after is None else "present",
        }
        return
    before, after = _facts(outcome.before, outcome.bound_before), _facts(outcome.after, outcome.bound_after)
    if outcome.before.code != outcome.after.code:
        yield {"setting": setting + ".code", "before": "other code", "after": "the code of the file"}
    for fact, was in before.items():
        if was != after[fact]:
            yield {"setting": "%s.%s" % (setting, fact), "before": was, "after": after[fact]}


def _facts(action: Action, bindings: tuple[Binding, ...]) -> dict[str, object]:
    return {
        "trigger_version": action.trigger_version,
        "runtime": action.runtime,
        "dependencies": action.dependencies,
        "deployed": action.deployed,
        "position": position_of(action.id, bindings),
    }
