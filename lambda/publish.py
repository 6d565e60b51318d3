# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a run after its reports are stored: tables for queries, Security Hub, a message, an event and metrics.

Each output is tried on its own. What was told is noted in an object for each output:

    published/OUTPUT.json   the last run that was told there, how far it was, and when

So a step that is repeated tells nothing twice, and an older run nothing after a newer one that is still there. The note is written after the output: a
process that is killed in between tells once more, which is better than never.
"""

from __future__ import annotations

import functools
import json
from datetime import datetime, timezone
from typing import Any, Callable, Iterator, Literal, Mapping, Protocol

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.forms import check_of
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.history import rank
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Checkpoint, path
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import FoundRow, Summary
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.asff import Selection
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.files import OWN, REPORT, SUMMARY, is_there
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import FINDINGS
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import DamagedError, Store, StoreError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error
from aws_lambda_powertools import Logger

import digest
import event
import metrics
import security_hub
import tables
from segments import NoProgress
from told import OutputError, Place, Told, nobody

Word = Literal["told", "nothing to tell", "told before", "failed"]
# What an output notes for the next run.
Note = Mapping[str, str]

logger = Logger(service="mfa-audit", child=True)


class Settings(Protocol):
    """What it needs of the settings. Whatever is empty is off.

    :ivar topic: ARN of the topic for the message
    :ivar event_bus: name or ARN
    :ivar digest: ``changes`` or ``always``
    """

    @property
    def tenant(self) -> str: ...

    @property
    def bucket(self) -> str: ...

    @property
    def prefix(self) -> str: ...

    @property
    def topic(self) -> str | None: ...

    @property
    def event_bus(self) -> str | None: ...

    @property
    def security_hub(self) -> bool: ...

    @property
    def digest(self) -> str: ...


@functools.cache
def aws(service: str) -> Any:
    """A client of a service; made when it is first needed. A call that gets no answer ends in time for the other outputs."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        config=Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}),
    )


def publish(
    settings: Settings,
    store: Store,
    checkpoint: Checkpoint,
    function_arn: str,
    seconds_left: Callable[[], float],
    *,
    client: Callable[[str], Any] = aws,
    now: datetime | None = None,
) -> dict[str, Word]:
    """Tell of a run whose own reports are stored; returns what became of each output that is on. Safe to repeat.

    A failed output is told by its word, by a line of the log and by the metric ``OutputsFailed``; it is tried again when this is
    repeated. A run of given or searched users is a matter between them and whoever asked, so nothing is told of it.

    :param checkpoint: of the run
    :param function_arn: as the context of the invocation has it; it says in which region and account this is
    :param seconds_left: how long this may still take
    :raises StoreError: the reports cannot be read
    """
    if not checkpoint.whole_tenant:
        return {}
    told = _told(settings, store, checkpoint, function_arn)
    teller = _Teller(store, told, now or datetime.now(timezone.utc))
    if checkpoint.note and checkpoint.note not in (told.figures["reason"] or ""):
        teller.notes.append(nobody("Note: %s" % checkpoint.note))
    teller.tell("tables", lambda _note: tables.copy(store, told))
    if settings.security_hub:
        teller.tell("security-hub", lambda _note: _security_hub(store, told, client, seconds_left, teller))
    if settings.topic:
        teller.tell("digest", lambda note: _digest(settings, told, client, note, teller))
    if settings.event_bus:
        teller.tell("event", lambda _note: event.put(client("events"), settings.event_bus or "", told))
    failed = list(teller.words.values()).count("failed")
    teller.tell("metrics", lambda _note: _metrics(told, failed))
    logger.info("run told", extra={"run": checkpoint.run, "outputs": dict(teller.words)})
    return teller.words


def tell_failure(environment: Mapping[str, str], error: Auth0Error, *, client: Callable[[str], Any] = aws) -> None:
    """Send a message that the audit failed for good and why, where there is a topic. Raises nothing, because the error says more.

    For errors that nobody retries, or there would be a message for each try. All others end the execution, and an alarm tells that.

    :param environment: of the function, as it is: what is wrong may be a setting, so that nothing else is known
    """
    topic, tenant = (environment.get(name, "").strip() for name in ("AUDIT_TOPIC", "AUDIT_TENANT"))
    if not topic:
        return
    to_do = digest.GOES_ON if isinstance(error, NoProgress) else digest.CORRECT
    if isinstance(error, DamagedError):
        to_do = digest.BEGINS_ANEW
    try:
        client("sns").publish(
            TopicArn=topic,
            Subject=digest.failure_subject(tenant),
            Message=digest.failure_body(tenant, error.told(), to_do),
        )
    except Exception as refusal:
        logger.error("output failed", extra={"output": "digest", "why": _why(refusal)})


class _Teller:
    """Tells one output after the other.

    :ivar words: what became of each
    :ivar notes: what a person should know of them and of the run, one sentence each
    """

    def __init__(self, store: Store, told: Told, now: datetime) -> None:
        self.words: dict[str, Word] = {}
        self.notes: list[str] = []
        self.now = now
        self._store, self._told = store, told

    def tell(self, output: str, action: Callable[[Note], Note | None]) -> None:
        """Tell one output, unless it was told before.

        :param action: is given what the output noted last, and returns what it notes now; None where it had nothing to tell
        """
        try:
            self.words[output] = self._tell(output, action)
        except Exception as error:  # whatever it is, the other outputs and the run are not lost with it
            self.words[output] = "failed"
            self.notes.append("Failed: %s. See the function's log." % output.replace("-", " "))
            logger.error(
                "output failed", extra={"run": self._told.figures["run"], "output": output, "why": _why(error)}
            )

    def _tell(self, output: str, action: Callable[[Note], Note | None]) -> Word:
        name = "published/%s.json" % output
        known, version = self._known(name)
        run, stage = self._told.figures["run"], self._told.stage
        last = known.get("run", "")
        # The numbers of runs begin anew where the bucket has none anymore.
        is_later = rank(last) > rank(run) and is_there(self._store, last)
        if is_later or (last, known.get("stage")) == (run, stage):
            return "told before"
        noted = action(known)
        note = {**(known if noted is None else noted), "run": run, "stage": stage, "at": iso(self.now)}
        self._store.write(name, json.dumps(note, indent=2, sort_keys=True).encode() + b"\n", version)
        return "nothing to tell" if noted is None else "told"

    def _known(self, name: str) -> tuple[dict[str, str], str | None]:
        """What is noted, and its version. What nobody can read of it is not noted."""
        found = self._store.read(name)
        if found is None:
            return {}, None
        try:
            note = json.loads(found[0])
        except (ValueError, RecursionError):
            note = None
        members = note.items() if isinstance(note, dict) else ()
        return {name: text for name, text in members if isinstance(text, str)}, found[1]


def _security_hub(
    store: Store, told: Told, client: Callable[[str], Any], seconds_left: Callable[[], float], teller: _Teller
) -> Note:
    shown = security_hub.Shown(store, teller.now)
    selection = Selection(shown.at, told.place.account, told.place.region, active=shown.active)
    for found in _findings(store, told.figures["run"]):
        selection.add(found)
    if not told.figures["partial"]:
        selection.archive_unknown()
    # Before they are sent, or nobody would know of them if this ends in between.
    shown.save(selection.active(sent=False))
    sent = security_hub.send(client("securityhub"), selection.batches(), seconds_left)
    sent.left_out = selection.left_out
    logger.info("Security Hub: %s", sent, extra={"run": told.figures["run"]})
    teller.notes.append("Security Hub: %s." % sent)
    if sent.not_sent:
        # Not noted: it is tried again, and what is closed by now is told by a later run.
        raise OutputError("Security Hub: %s" % sent)
    shown.save(selection.active(sent=True))
    return {}


def _digest(settings: Settings, told: Told, client: Callable[[str], Any], note: Note, teller: _Teller) -> Note | None:
    if not digest.is_due(settings.digest, told, note.get("run"), note.get("sent"), teller.now):
        return None
    client("sns").publish(
        TopicArn=settings.topic, Subject=digest.subject(told), Message=digest.body(told, teller.notes)
    )
    return {"sent": iso(teller.now)}


def _metrics(told: Told, failed: int) -> Note:
    metrics.emit(told.figures["tenant"], metrics.values(told, failed))
    return {}


def _told(settings: Settings, store: Store, checkpoint: Checkpoint, function_arn: str) -> Told:
    """All that the outputs need, from the reports of the run.

    :raises StoreError: they cannot be read
    """
    figures = _summary(store, checkpoint.run)
    if figures is None:
        raise StoreError("The run %s has no reports to tell of" % checkpoint.run, hint="Make its reports first.")
    base = figures["history"]["base"] if figures["history"] else None
    place = Place.of(function_arn, settings.bucket, settings.prefix + path(checkpoint.run, "%s/%s" % (OWN, REPORT)))
    before = complete = _summary(store, base) if base else None
    while complete is not None and complete["partial"]:
        earlier = complete["history"]["base"] if complete["history"] else None
        complete = _summary(store, earlier) if earlier else None
    told = Told(figures, checkpoint.costs, place, before=before, complete=complete)
    for found in _findings(store, checkpoint.run):
        told.high.add(found)
    return told


def _summary(store: Store, run: str) -> Summary | None:
    """That of a run; None where there is none of this form."""
    found = store.read(path(run, "%s/%s" % (OWN, SUMMARY)))
    try:
        figures = json.loads(found[0]) if found else None
    except (ValueError, RecursionError):
        return None
    return figures if check_of(Summary)(figures) else None


def _findings(store: Store, run: str) -> Iterator[FoundRow]:
    name = path(run, "%s/%s" % (OWN, FINDINGS))
    with store.open(name) as file:
        yield from read_lines(file, name, FoundRow)


def _why(error: Exception) -> str:
    """What went wrong, in words that name nobody."""
    from botocore.exceptions import ClientError

    # Other messages may quote what was sent.
    known = isinstance(error, (ClientError, StoreError, OutputError))
    return nobody("%s: %s" % (type(error).__name__, error)) if known else type(error).__name__
