# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of a run in CloudWatch. This is the one place that names them: the template's alarms and dashboard use these names.

They are lines in the function's log in the embedded metric format (EMF), so the function needs no permission for them. There is
no metric for a run that failed: a process that was killed tells nothing. The state machine's ``ExecutionsFailed`` does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Mapping

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import STATES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import as_time

from told import Told

NAMESPACE = "MfaAudit"
# The only one. Its value is the domain of the tenant.
DIMENSION = "tenant"


def of_rule(rule: str) -> str:
    """The metric of a rule, such as ``FindingsNoMfa`` for ``no-mfa``: findings that count for ``fail_on``."""
    return "Findings" + "".join(word.capitalize() for word in rule.split("-"))


def of_state(state: str) -> str:
    """The metric of a kind of protection, such as ``UsersStrong``: users in scope."""
    return "Users" + state.capitalize()


# Name -> unit. What each of them means stands in the guide "Run the audit in AWS".
UNITS: Mapping[str, str] = {
    "Complete": "Count",
    "Partial": "Count",
    **{of_state(state): "Count" for state in STATES},
    "UsersUnread": "Count",
    "UsersNotReached": "Count",
    "PrivilegedNotStrong": "Count",
    **{of_rule(rule): "Count" for rule in RULES},
    "NewHighFindings": "Count",
    "Requests": "Count",
    "RateLimited": "Count",
    "AgeOfOldestReadingHours": "None",
    "RunDurationSeconds": "Seconds",
    "OutputsFailed": "Count",
}


def values(told: Told, outputs_failed: int) -> dict[str, float]:
    """Name -> value. A run that read nobody knows nothing of protection, findings and ages, and leaves these out.

    One that did not get to everybody leaves out how many users and findings there are: less than there were would look like an
    improvement. Whom it tried in vain it counts as ``UsersUnknown`` and ``FindingsUnread``, so one user who can never be read hides
    nobody else.

    :param outputs_failed: how many of the other outputs of this run failed
    """
    figures, costs = told.figures, told.costs
    found: dict[str, float] = {
        "Complete": int(not figures["partial"]),
        "Partial": int(figures["partial"]),
        "UsersUnread": figures["coverage"]["unread"],
        "UsersNotReached": figures["coverage"]["not_reached"],
        "Requests": costs["requests"],
        "RateLimited": costs["rate_limited"],
        "RunDurationSeconds": _seconds(figures["planned"], figures["reported"]),
        "OutputsFailed": outputs_failed,
    }
    if not figures["coverage"]["read"]:
        return found
    found["NewHighFindings"] = sum(told.high.new.values())
    if not figures["coverage"]["not_reached"] and not figures["coverage"]["listed_is_lower_bound"]:
        found.update({of_state(state): figures["users"][state] for state in STATES})
        found["PrivilegedNotStrong"] = sum(figures["privileged"].values()) - figures["privileged"]["strong"]
        found.update({of_rule(rule): sum(figures["rules"][rule]["severities"].values()) for rule in RULES})
    if figures["oldest_reading"] is not None:
        found["AgeOfOldestReadingHours"] = round(_seconds(figures["oldest_reading"], figures["reported"]) / 3600, 2)
    return found


def emit(tenant: str, found: Mapping[str, float]) -> None:
    """Write one line that CloudWatch makes metrics of."""
    from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

    metrics = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)
    metrics.service = ""  # POWERTOOLS_SERVICE_NAME would add a dimension, and the alarms would see nothing
    metrics.add_dimension(DIMENSION, tenant)
    for name, value in found.items():
        metrics.add_metric(name, UNITS[name], value)
    metrics.flush_metrics()


def _seconds(first: str, last: str) -> float:
    """From one moment to the other; 0 where the clock went back."""
    one, other = as_time(first), as_time(last)
    return max((other - one) / timedelta(seconds=1), 0.0) if one and other else 0.0
