# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scheduled audit of one tenant, one segment at a time. Only reads from Auth0."""

from __future__ import annotations

import hashlib
import logging
import os
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.mfaops.auth0.plugins.module_utils.audit import run as audit
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import History
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import RUNS, Checkpoint, Ledger
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports import files
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import UnstartedError
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import DamagedError, RoomError, TakenError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import as_time, iso
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.patience import is_of_the_tenant
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    Auth0Error,
    AuthenticationError,
    ConfigurationError,
    ForbiddenError,
    ServerError,
    TransportError,
)
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from credentials import REQUEST_TIMEOUT
from deadline import Deadline
from outage import Outage
from policies import read_policy
from publish import publish, tell_failure
from segments import PATIENCE, NoProgress, Walked, after, without
from settings import Ask, Settings, State, read_event, read_settings
from stores import S3Store
from tenant import keeper
from told import nobody

# For so many seconds after a segment nobody else takes its run.
GRACE = 120.0
_DAMAGED = "Start a new execution, which begins a new run. A redrive would fail again."
_MORE_ROOM = "Increase EphemeralStorage of the function in template.yaml, and deploy it. What was read is kept."

logger = Logger(service="mfa-audit")

# At the level DEBUG, which a variable of the function's can ask for, they log whole requests and answers, secrets included.
for library in ("boto3", "botocore", "s3transfer", "urllib3", "requests", "httpx", "httpcore", "auth0"):
    logging.getLogger(library).setLevel(logging.WARNING)

_tenant = keeper()


class QuestionError(ConfigurationError):
    """What somebody asked beside the audit cannot be answered. Only who asked needs to know, so it is no failure of the state machine."""


# Whatever the environment says, an event is not logged: it may name users.
@logger.inject_lambda_context(clear_state=True, log_event=False)
def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """One segment of an audit; returns what the next segment needs to be given as ``state``.

    :param event: what to do, see :class:`settings.Ask`
    :raises ConfigurationError: settings, event, secret, credentials, scopes or policy are wrong, so a retry would not help
    :raises QuestionError: the same or the next, and it was asked for something else than the audit
    :raises NoProgress: segments end, and nothing new is stored, because the tenant or a service of AWS is away or too slow
    :raises DamagedError: what is stored of the run cannot be read, so a retry would not help
    :raises Auth0Error: anything else failed, which a retry may mend
    """
    settings = ask = None
    try:
        settings = read_settings(os.environ)
        ask = read_event(event, settings)
        state = Segment(settings, ask, context).run()
    except Auth0Error as error:
        # A retry policy goes by the name of the error, and must not retry these.
        lasting = isinstance(error, (ConfigurationError, AuthenticationError, ForbiddenError))
        # What is raised goes to logs, and a message may name the user whom a request was about.
        hint = _DAMAGED if isinstance(error, DamagedError) and not lasting else None
        told = error.replace(ConfigurationError if lasting else None, message=nobody(error.message), hint=hint)
        if lasting or isinstance(error, (NoProgress, DamagedError)):
            if settings is not None and (ask is None or not ask.is_audit):
                raise told.replace(QuestionError) from None
            tell_failure(os.environ, told)
        raise told from None
    logger.info("segment ended", extra=state.model_dump())
    return state.model_dump()


class Segment:
    """One invocation."""

    def __init__(self, settings: Settings, ask: Ask, context: LambdaContext) -> None:
        self._settings, self._ask, self._context = settings, ask, context
        self._before = ask.state or State()
        name = ask.execution or context.aws_request_id
        self._worker = self._before.worker or hashlib.sha256(name.encode()).hexdigest()[:32]
        self._begun_with = self._seconds_left()
        self._store = S3Store(
            settings.bucket,
            settings.prefix,
            self._worker,
            kms_key=settings.kms_key,
            lease=self._begun_with,
        )
        self._deadline = Deadline(self._seconds_left, self._slowest_write, REQUEST_TIMEOUT)
        # The run that this segment reads, and how far it was before.
        self._reads: tuple[Ledger, Checkpoint | None] | None = None
        logger.append_keys(segment=self._before.segment + 1)

    def run(self) -> State:
        """Do what is next; returns what comes after it."""
        try:
            state = self._done()
        except Outage as outage:
            checkpoint = self._reads[0].checkpoint if self._reads else None
            state = without(self._before, checkpoint, outage, self._is_further(), self._took)
            told = {"away": outage.service, "reason": nobody(str(outage)), "wait": state.wait}
            logger.warning("a service of AWS is away", extra=told)
        except (TransportError, ServerError) as error:
            # Nobody could log in or be listed. An unknown host is a mistake more likely than an outage.
            lasting = isinstance(error, TransportError) and error.lasting
            if lasting or not is_of_the_tenant(error):
                raise
            state = after(self._before, Walked(None, False, nobody(str(error)), in_time=False, took=self._took))
            logger.warning("the tenant is away", extra={"reason": nobody(str(error)), "wait": state.wait})
        except RoomError as full:
            raise ConfigurationError(full.message, hint=_MORE_ROOM) from None
        return state.model_copy(update={"worker": self._worker})

    def _done(self) -> State:
        try:
            if self._before.next == "end":
                return self._before
            if self._ask.report_only:
                return self._reported_again()
            if self._ask.dry_run:
                return self._planned()
            if self._before.next == "report":
                return self._reported()
            return self._read()
        except TakenError:
            if self._store.is_held and not self._store.lost():
                raise  # an earlier attempt of this very execution was quicker; the next one goes on
            logger.info("another audit of this tenant is running")
            free = datetime.now(timezone.utc) + timedelta(seconds=self._store.seconds_held())
            hint = "If no other execution runs, one has died. Start again after %s, or redrive that one." % iso(free)
            return State(segment=self._before.segment + 1, next="end", status="already running", hint=hint)

    # Reading

    def _read(self) -> State:
        self._check_time()
        order = self._order()
        # A bucket that cannot be read shows before the tenant is asked, and a login that is refused before anything is stored.
        self._store.names(RUNS)
        tenant = _tenant(self._settings, self._deadline)
        with ManagementApi(tenant.connection, tenant.budget, tenant.bearer) as api:
            tenant.bearer()
            with self._store.hold():
                state = self._walk(api, tenant.budget, order)
                self._keep(state)
        return state

    def _walk(self, api: ManagementApi, budget: Any, order: Order) -> State:
        clock = audit.server_time(budget)
        try:
            ledger, begun = self._begin(api, budget, order)
        except UnstartedError:
            return self._unlisted()
        checkpoint = ledger.checkpoint
        self._reads = (ledger, None if begun else checkpoint)
        logger.append_keys(run=checkpoint.run)
        logger.info("segment started", extra={"read": checkpoint.first, "to_read": checkpoint.to_read})
        self._deadline.loses_nothing = True
        try:
            walk = audit.read(
                api, budget, ledger, order, stop=self._deadline, clock=clock, tell=_Chunks(self._deadline, budget)
            )
        except (AuthenticationError, ForbiddenError) as error:
            self._give_up(ledger, str(error))
            raise
        walked = Walked(
            ledger.checkpoint,
            self._is_further(),
            walk.stopped,
            self._deadline.reason() is not None,
            self._deadline.wait,
            self._took,
        )
        logger.info("reading ended", extra={**walk.costs, "reason": walk.stopped})
        try:
            return after(self._before, walked)
        except NoProgress as error:
            self._give_up(ledger, error.message)
            raise

    def _unlisted(self) -> State:
        """The list is lost, so it has to fit into one segment. Half of one is nothing to begin with: users move meanwhile."""
        why = "The list of users does not fit into one segment of %.0f s." % self._begun_with
        return after(self._before, Walked(None, False, why, in_time=True))

    def _is_further(self) -> bool:
        """Whether the run came closer to its end. Nobody is counted in it whom a tenant that was away did not answer for."""
        if self._reads is None:
            return False
        ledger, before = self._reads
        return before is None or _place_of(ledger.checkpoint) != _place_of(before)

    @property
    def _took(self) -> float:
        return self._begun_with - self._seconds_left()

    def _begin(self, api: ManagementApi, budget: Any, order: Order) -> tuple[Ledger, bool]:
        """The run, and whether it was begun now."""
        if self._before.run is not None:
            return self._ledger(self._before.run), False
        history = History.of(self._store)
        ledger = audit.begin(
            api,
            budget,
            self._store,
            history,
            order,
            stop=self._deadline,
            clock=audit.server_time(budget),
            tenant=GuardianApi(api),
        )
        return ledger, history.get(ledger.checkpoint.run) is None

    def _order(self) -> Order:
        """
        :raises ConfigurationError: the users or the policy cannot be right
        """
        policy, source = Policy(), None
        if self._before.run is None:
            policy, source = read_policy(self._store, self._ask.policy or self._settings.policy)
        return Order(
            self._settings.tenant,
            self._ask.scope,
            policy,
            source,
            full=self._ask.full,
            threads=self._settings.threads,
            patience=float(PATIENCE),
        )

    def _give_up(self, ledger: Ledger, why: str) -> None:
        """Reports of what there is, before the run fails."""
        if ledger.checkpoint.first:
            self._conclude(ledger, why)

    # Reports

    def _reported(self) -> State:
        with self._store.hold():
            ledger = self._ledger(self._before.run)
            logger.append_keys(run=ledger.checkpoint.run)
            return self._conclude(ledger, None)

    def _conclude(self, ledger: Ledger, stopped: str | None) -> State:
        history, checkpoint = History.of(self._store), ledger.checkpoint
        outcome = audit.conclude(self._store, history, ledger, _time_of(checkpoint), stopped, checkpoint.costs)
        partial = outcome.summary["partial"]
        logger.info("reports stored", extra={**outcome.costs, **outcome.summary["coverage"], "partial": partial})
        arn = self._context.invoked_function_arn
        publish(self._settings, self._store, ledger.checkpoint, arn, self._seconds_left)
        return self._ended(checkpoint, partial)

    def _reported_again(self) -> State:
        policy, _source = read_policy(self._store, self._ask.policy or self._settings.policy)
        history = History.of(self._store)
        # Not of users whom somebody asked about in between, and not of a run that read nobody.
        named = files.latest(self._store)
        ledger = history.get(named["run"]) if named and named["whole_tenant"] else None
        ledger = ledger or next((each for each in history if each.checkpoint.whole_tenant), None) or history.find(None)
        checkpoint = ledger.checkpoint
        logger.append_keys(run=checkpoint.run)
        if policy == Policy.from_row(checkpoint.policy):
            with self._store.hold():
                # Whoever was not told of the run is told now.
                return self._conclude(ledger, audit.unfinished(checkpoint))
        outcome = audit.report(self._store, checkpoint.run, lambda _own: policy, datetime.now(timezone.utc))
        partial = outcome.summary["partial"]
        logger.info(
            "reports stored",
            extra={"partial": partial, "keys": [self._store.place(key) for key in outcome.keys.values()]},
        )
        return self._ended(checkpoint, partial)

    def _planned(self) -> State:
        self._check_time()
        order = self._order()
        tenant = _tenant(self._settings, self._deadline)
        with ManagementApi(tenant.connection, tenant.budget, tenant.bearer) as api:
            try:
                planned = audit.plan(api, self._store, order, stop=self._deadline)
            except UnstartedError:
                return self._unlisted()
        users = {"carried": planned.carried, "out_of_scope": planned.out_of_scope, "unseen": planned.listing.unseen}
        logger.info("planned", extra={"to_read": planned.to_read, "requests": planned.requests, **users})
        return State(next="end", segment=self._before.segment + 1, to_read=planned.to_read, status="planned")

    # What they share

    def _ended(self, checkpoint: Checkpoint, partial: bool) -> State:
        return State(
            run=checkpoint.run,
            next="end",
            segment=self._before.segment + 1,
            read=checkpoint.first,
            to_read=checkpoint.to_read,
            partial=partial,
            status="partial" if partial else "complete",
        )

    def _ledger(self, run: str | None) -> Ledger:
        ledger = Ledger.load(self._store, run) if run is not None else None
        if ledger is None:
            raise DamagedError("There is no run %s in the bucket" % run, hint="Start the audit anew, without a state.")
        return ledger

    def _keep(self, state: State) -> None:
        """Let nobody else take the run until the next segment."""
        self._store.kept = state.wait + GRACE if state.next != "end" else 0.0

    def _seconds_left(self) -> float:
        return float(self._context.get_remaining_time_in_millis()) / 1000

    def _slowest_write(self) -> float:
        return self._store.slowest

    def _check_time(self) -> None:
        if self._deadline.left() <= 0:
            raise ConfigurationError(
                "The function's timeout leaves %.0f s, but %.0f s are kept for the end of a segment"
                % (self._seconds_left(), self._deadline.margin),
                hint="Set the timeout to 900 s.",
            )


class _Chunks:
    """Logs each chunk that is stored, in one line without IDs."""

    def __init__(self, deadline: Deadline, budget: Any) -> None:
        self._deadline, self._budget, self._kept, self._done = deadline, budget, -1, -1
        self._before = (budget.requests, budget.rate_limited)

    def __call__(self, progress: audit.Progress) -> None:
        if progress.done != self._done:
            self._deadline.answered()
        if self._kept not in (-1, progress.kept):
            counts = {"kept": progress.kept, "to_read": progress.total, "unread": progress.unread}
            requests, rate_limited = self._before
            sent = {
                "requests": self._budget.requests - requests,
                "rate_limited": self._budget.rate_limited - rate_limited,
            }
            logger.info("chunk stored", extra={**counts, **sent})
        self._kept, self._done = progress.kept, progress.done


def _place_of(checkpoint: Checkpoint) -> tuple[int, int, str | None]:
    """How far a run is."""
    return checkpoint.first, checkpoint.again, checkpoint.finished


def _time_of(checkpoint: Checkpoint) -> datetime:
    """By what time reports count ages: the same however often they are made."""
    return as_time(checkpoint.finished or "") or datetime.now(timezone.utc)
