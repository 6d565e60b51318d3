# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scheduled audit. Only reads from Auth0."""

from __future__ import annotations

import logging
import math
import os
import tempfile
from datetime import datetime, timezone
from typing import TypedDict

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import CoverageFigures
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import Outcome, run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import ClientSecret
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    ConfigurationError,
    ForbiddenError,
)
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from settings import REQUEST_TIMEOUT, Credentials, Settings, read_settings
from stores import ReportStore, fetch_credentials

# Seconds kept for the slowest request that can be in flight when time runs out, and for writing the reports. Nothing waits
# beyond the deadline, so this is one attempt.
MARGIN = REQUEST_TIMEOUT + 30.0

logger = Logger(service="mfa-audit")

# At the level DEBUG, which a variable of the function's can ask for, they log whole requests and answers, secrets included.
for library in ("boto3", "botocore", "s3transfer", "urllib3", "requests", "httpx", "httpcore", "auth0"):
    logging.getLogger(library).setLevel(logging.WARNING)


class Result(TypedDict):
    """What an invocation returns, below 1 KB.

    ``findings`` has the rules that found something. ``reports`` stands before each file's name in its key.
    """

    run: str
    partial: bool
    reason: str | None
    coverage: CoverageFigures
    findings: dict[str, int]
    reports: str


@logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> Result:
    """Audit one tenant and store the reports.

    :param event: settings to override, or ``{}``
    :raises ConfigurationError: the settings, the secret, the credentials or the scopes are wrong, so a retry would not help
    :raises Auth0Error: nothing could be read for another reason
    """
    settings = read_settings(os.environ, event)
    seconds_left = context.get_remaining_time_in_millis() / 1000
    if seconds_left <= MARGIN:
        raise ConfigurationError(
            "The function's timeout leaves %.0f s, but %.0f s are kept for the end of a run" % (seconds_left, MARGIN),
            hint="Set the timeout to 900 s.",
        )
    run_id = "%s-%s" % (_now().strftime("%Y%m%dT%H%M%SZ"), context.aws_request_id)
    store = ReportStore(settings.bucket, settings.prefix)
    store.begin(run_id)
    logger.info("audit started", extra={"run": run_id})
    with tempfile.TemporaryDirectory() as directory:
        try:
            outcome = _audit_with_current_secret(settings, context, FolderStore(directory))
        except (AuthenticationError, ForbiddenError) as error:
            # A retry policy goes by the name of the error, and must not retry these.
            raise error.replace(ConfigurationError) from None
        figures = outcome.summary
        files = {name: os.path.join(directory, key) for name, key in outcome.keys.items()}
        reports = store.put(run_id, files, figures["partial"])
    result: Result = {
        "run": run_id,
        "partial": figures["partial"],
        "reason": figures["reason"],
        "coverage": figures["coverage"],
        "findings": {rule: count for rule, count in figures["findings"].items() if count},
        "reports": reports,
    }
    logger.info("audit finished", extra={**outcome.costs, **result})
    return result


def _audit_with_current_secret(settings: Settings, context: LambdaContext, store: FolderStore) -> Outcome:
    cached = fetch_credentials(settings.secret)
    try:
        return _audit(settings, context, store, cached)
    except AuthenticationError:
        logger.info("credentials refused, reading the secret again")
        current = fetch_credentials(settings.secret, fresh=True)
        if current == cached:
            raise
        return _audit(settings, context, store, current)


def _audit(settings: Settings, context: LambdaContext, store: FolderStore, credentials: Credentials) -> Outcome:
    stop = Stop(context.get_remaining_time_in_millis() / 1000 - MARGIN)
    budget = Budget(settings.rate_limit_share, math.inf, max_rate=settings.max_rate, sleep=stop.sleep)
    connection = credentials.connection
    bearer = Bearer(ClientSecret(credentials.application, connection, budget))
    with ManagementApi(connection, budget, bearer) as api:
        order = Order(connection.domain, policy=settings.policy)
        return run(api, budget, store, order, stop=stop, tenant=GuardianApi(api))


def _now() -> datetime:
    return datetime.now(timezone.utc)
