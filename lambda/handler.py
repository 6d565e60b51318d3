# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scheduled audit. Only reads from Auth0."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import run
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import ATTEMPTS, Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    ConfigurationError,
    ForbiddenError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from aws_lambda_powertools import Logger

from settings import REQUEST_TIMEOUT, Credentials, Settings, read_settings
from stores import ReportStore, fetch_credentials

# Seconds one request may be held back for the tenant's limit: buckets that are refilled once a minute need this much.
MAX_WAIT = 60.0
# Seconds kept for what is in flight when time gets short, at its worst, and for writing the reports.
MARGIN = ATTEMPTS * REQUEST_TIMEOUT + MAX_WAIT + 10.0

logger = Logger(service="mfa-audit")


@logger.inject_lambda_context
def handler(event, context) -> dict:
    """Audit one tenant and store the reports.

    :param event: settings to override, or C({})
    :param context: the Lambda context
    :returns: C(run), C(partial), C(reason), the counts and the keys of the reports, below 1 KB
    :raises ConfigurationError: settings, secret, credentials or scopes are wrong; a retry would not help
    :raises Auth0Error: nothing could be read for another reason
    """
    settings = read_settings(os.environ, event)
    seconds_left = context.get_remaining_time_in_millis() / 1000
    if seconds_left <= MARGIN:
        raise ConfigurationError(
            "The function's time-out leaves %.0f s, and %.0f s are kept for the end of a run" % (seconds_left, MARGIN),
            hint="Set the time-out to 900 s.",
        )
    run_id = "%s-%s" % (_now().strftime("%Y%m%dT%H%M%SZ"), context.aws_request_id)
    store = ReportStore(settings.bucket, settings.prefix)
    store.begin(run_id)
    logger.info("audit started", extra={"run": run_id})
    with tempfile.TemporaryDirectory() as folder:
        try:
            figures = _audit_with_current_secret(settings, context, folder)
        except (AuthenticationError, ForbiddenError) as error:
            # Whoever retries by the name of the error must not retry these.
            raise error.replace(ConfigurationError) from None
        keys = store.put(run_id, folder, figures["partial"])
    result = {
        "run": run_id,
        "partial": figures["partial"],
        "reason": figures["reason"],
        "coverage": figures["coverage"],
        "findings": figures["findings"],
        "keys": keys,
    }
    logger.info(
        "audit finished", extra={key: figures[key] for key in ("requests", "rate_limited", "waited_seconds")} | result
    )
    return result


def _audit_with_current_secret(settings: Settings, context, folder: str) -> dict:
    cached = fetch_credentials(settings.secret)
    try:
        return _audit(settings, context, folder, cached)
    except AuthenticationError:
        logger.info("credentials refused, reading the secret again")
        current = fetch_credentials(settings.secret, fresh=True)
        if current == cached:
            raise
        return _audit(settings, context, folder, current)


def _audit(settings: Settings, context, folder: str, credentials: Credentials) -> dict:
    budget = Budget(settings.rate_limit_share, MAX_WAIT)
    connection = credentials.connection
    with ManagementApi.with_client_credentials(connection, budget, credentials.application) as api:
        return run(
            api,
            budget,
            connection.domain,
            settings.policy,
            folder,
            clock=_now,
            remaining=lambda: context.get_remaining_time_in_millis() / 1000,
            margin=MARGIN,
        )


def _now() -> datetime:
    return datetime.now(timezone.utc)
