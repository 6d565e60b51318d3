# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""S3 fails at each write of a run, which is tried again as the state machine does. Which writes there are is recorded first, so a new one
fails as well.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from botocore.exceptions import ConnectionClosedError

import stores
from security_hub import ACTIVE
from segments import SHORTEST_AWAY
from tests.emulator.launch import start

from .conftest import PREFIX
from .in_memory import Answer, Do, InMemory

USERS = 12
# The fourth user cannot be read at the first try, which is stored with the first part.
ODD_USER = {"kind": "status", "path": "/api/v2/users/*/authentication-methods", "status": 500, "count": 1, "after": 3}
LOOSE = {PREFIX + "policies/loose.yml": b"version: 1\noff: [no-mfa]\n"}
RUN = re.compile(r"\d{6}-\d{8}T\d{6}Z")
LOCK, LATEST, FIRST_PART = "lock.json", "latest.json", "/parts/000000000.jsonl.gz"


# What goes wrong


class Fault(NamedTuple):
    """What S3 does in place of a write.

    :ivar code: what is told of it
    :ivar lasting: whether a retry cannot help
    :ivar alone: whether other writes of the same segment pass
    :ivar is_done: whether it does the write all the same
    """

    answer: Callable[[str, Do], Answer]
    code: str
    lasting: bool = False
    alone: bool = True
    is_done: bool = False


def refusing(status: int, code: str) -> Callable[[str, Do], Answer]:
    """S3 does nothing, and says why."""
    content = "<Error><Code>%s</Code><Message>said by S3</Message></Error>" % code
    return lambda _url, _do: (status, {}, content)


def losing(url: str, do: Do) -> Answer:
    """S3 does it, and nobody learns it."""
    do()
    raise ConnectionClosedError(endpoint_url=url)


SLOW_DOWN = Fault(refusing(503, "SlowDown"), "SlowDown", alone=False)
LOST = Fault(losing, "ConnectionClosedError", is_done=True)
FAULTS = {
    "throttled until the segment ends": SLOW_DOWN,
    "denied": Fault(refusing(403, "AccessDenied"), "AccessDenied", lasting=True),
    "connection reset": LOST,
}


class Writes:
    """Sees each write to a bucket: one call of the library, which may be several requests.

    :ivar done: what was written, and how often
    """

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self._call, self._requests, self._ended = "", 0, {}
        self._fault: Fault | None = None

    def fault(self, what: str) -> Fault | None:
        """What goes wrong with this write, which is the next one."""

    def meets(self, requests: int) -> bool:
        """Whether the fault is still there at this request of a write."""
        return True

    def __call__(self, request, do: Do) -> Answer:
        """Do it, or not."""
        if ".s3." not in request.url or request.method not in ("PUT", "POST"):
            return do()
        call = request.headers["amz-sdk-invocation-id"]
        if call != self._call:
            what = what_of(request.url)
            self._call, self._requests, self._fault = call, 0, self.fault(what)
            self.done[what] += self._fault is None or self._fault.is_done
        self._requests += 1

        def once() -> Answer:
            return self._end(request.url, do)

        if self._fault is not None and self.meets(self._requests):
            return self._fault.answer(request.url, once)
        return once()

    def _end(self, url: str, do: Do) -> Answer:
        """S3 takes the end of an upload as often as it is told. moto does not."""
        if "uploadId" not in url or "partNumber" in url:
            return do()
        if url not in self._ended:
            self._ended[url] = do()
        return self._ended[url]


class Hesitating(Writes):
    """Each write works when it was asked for so often."""

    def __init__(self, fault: Fault, times: int) -> None:
        super().__init__()
        self._of_each, self._times = fault, times

    def fault(self, what: str) -> Fault | None:
        """The same."""
        return self._of_each

    def meets(self, requests: int) -> bool:
        """As above."""
        return requests <= self._times


class Failing(Writes):
    """Each write fails once.

    :ivar due: those that did not fail yet: what is written, and how often it was written before
    :ivar failed: those of this invocation
    """

    def __init__(self, fault: Fault, expected: Counter[str]) -> None:
        super().__init__()
        self.due = {(what, number) for what, times in expected.items() for number in range(times)}
        self.failed: list[str] = []
        self._of_one = fault

    def begin(self) -> None:
        """Another invocation."""
        self.failed = []

    def fault(self, what: str) -> Fault | None:
        """That of all, if this write is due."""
        this = (what, self.done[what])
        if this not in self.due and (self._of_one.alone or not self.failed):
            return None
        self.due.discard(this)
        self.failed.append(what)
        return self._of_one


def what_of(url: str) -> str:
    """The key below the prefix, without what the time decides, and the step of an upload."""
    place, _question, query = url.partition("?")
    key = re.sub(r"-[0-9a-f]{16}|\d{8}T\d{6}Z-[0-9a-f]{8}", "-DIGEST", RUN.sub("RUN", place.partition(PREFIX)[2]))
    return " ".join([key, *(word for word in ("uploads", "partNumber", "uploadId") if word in query)])


# The run


@pytest.fixture(scope="module")
def tenant():
    with start(users=USERS, seed=7, switches={"export-seconds": 0}) as running:
        yield running


class Story:
    """A run after an earlier one, then its reports by another policy.

    :ivar first: the earlier run
    """

    def __init__(self, audit: InMemory, tenant) -> None:
        self.audit, self._tenant = audit, tenant
        audit.fill(LOOSE)
        self.first = audit.to_the_end({"execution": "e-1"})["run"]
        self._before = {key: audit.read(key) for key in audit.keys()}

    def played(self, writes: Callable[[int], Writes], invoke: Callable[[dict[str, Any], Any], dict[str, Any]]) -> str:
        """Invocation after invocation, as the state machine does; returns the run.

        :param writes: number of the step -> what happens to its writes
        :param invoke: does one step
        """
        self.audit.fill(self._before)
        self._tenant.control("DELETE", "faults")
        steps, state = count(), None
        while state is None or state["next"] != "end":
            state = self._step({"execution": "e-2", "full": True, "state": state}, writes(next(steps)), invoke)
        again = {"execution": "e-3", "report_only": True, "policy": "loose"}
        assert self._step(again, writes(next(steps)), invoke)["status"] == "complete"
        return state["run"]

    def _step(self, event, writes, invoke) -> dict[str, Any]:
        # A process that has asked again too often does so no more, and this is another one.
        stores._s3.cache_clear()
        self.audit.disturb = writes
        try:
            return invoke(event, writes)
        finally:
            self.audit.disturb = lambda _request, do: do()

    def once(self, event: dict[str, Any], _writes: Writes | None = None) -> dict[str, Any]:
        """One invocation."""
        if self._begins():
            self._tenant.control("POST", "faults", ODD_USER)
        try:
            return self.audit.invoke(event)
        finally:
            # One that nobody met yet would be met beside the next one.
            self._tenant.control("DELETE", "faults")

    def _begins(self) -> bool:
        """Whether nobody is read yet."""
        return not [key for key in self.audit.keys() if key.endswith(FIRST_PART) and self.first not in key]


@pytest.fixture(scope="module")
def story(tenant) -> Iterator[Story]:
    with InMemory(tenant) as audit, pytest.MonkeyPatch.context() as patch:
        # The page goes in several requests.
        patch.setattr(stores, "LARGEST_PUT", 20_000)
        yield Story(audit, tenant)


class Recorded(NamedTuple):
    """A run that nothing disturbed.

    :ivar steps: what each step writes, and how often
    :ivar keys: of all that it leaves
    """

    steps: list[Counter[str]]
    keys: set[str]


@pytest.fixture(scope="module")
def recorded(story) -> Recorded:
    steps: list[Writes] = []

    def writes(_step: int) -> Writes:
        steps.append(Writes())
        return steps[-1]

    story.played(writes, story.once)
    return Recorded([each.done for each in steps], keys_of(story.audit))


def keys_of(audit: InMemory) -> set[str]:
    """What is kept: the keys without what the time decides."""
    return {what_of(key) for key in audit.keys() if "/parts/" not in key}


# What has to hold


def test_every_kind_of_write_is_tried(recorded):
    seen = {what for each in recorded.steps for what in each}
    named = {LOCK, LATEST, "runs/RUN/checkpoint.json", "runs/RUN/report/users.csv", "published/digest.json"}
    named |= {"parts/RUN/%s-DIGEST.jsonl.gz" % kind for kind in ("plan", "carried", "out")}
    named |= {"parts/RUN/%s/000000000.jsonl.gz" % kind for kind in ("parts", "again")}
    named |= {"runs/RUN/report/report.html " + step for step in ("uploads", "partNumber uploadId", "uploadId")}
    assert named < seen
    assert {what.split("/")[0] for what in seen} == {LOCK, LATEST, "parts", "runs", "published", "tables"}


def is_sound(story: Story) -> None:
    """Whatever just failed: nothing that can be read says more than is known, or less than before."""
    audit = story.audit
    latest, keys = json.loads(audit.read(PREFIX + LATEST)), set(audit.keys())
    for named in (latest, latest["complete"]):
        assert named["run"] >= story.first and set(named["keys"].values()) <= keys
        figures = json.loads(audit.read(named["keys"]["summary.json"]))
        assert (figures["run"], figures["partial"], figures["coverage"]["read"]) == (named["run"], False, USERS)
        lines = gzip.decompress(audit.read(named["keys"]["users.jsonl.gz"])).splitlines()
        assert len({json.loads(line)["user_id"] for line in lines}) == len(lines) == USERS


def is_whole(story: Story, run: str, recorded: Recorded) -> None:
    """The run is as if nothing had happened."""
    is_sound(story)
    audit, keys = story.audit, story.audit.keys()
    latest = json.loads(audit.read(PREFIX + LATEST))
    assert latest["run"] == latest["complete"]["run"] == run and not latest["partial"]
    assert keys_of(audit) == recorded.keys
    begun = {RUN.search(key)[0] for key in keys if key.endswith("checkpoint.json")}
    assert begun == {story.first, run}
    # A list of users whose run could not begin goes with the parts, by the lifecycle of the bucket.
    others = {what_of(key) for key in keys if "/parts/" in key and RUN.search(key)[0] not in begun}
    assert others <= {"parts/RUN/%s-DIGEST.jsonl.gz" % kind for kind in ("plan", "carried", "out")}
    notes = [key for key in keys if "/published/" in key and not key.endswith(ACTIVE)]
    assert {json.loads(audit.read(key))["run"] for key in notes} == {run}


@pytest.mark.parametrize("name", FAULTS)
def test_each_write_may_fail_and_the_next_attempt_goes_on(story, recorded, caplog, name):
    fault, steps = FAULTS[name], []

    def writes(step: int) -> Writes:
        steps.append(Failing(fault, recorded.steps[step]))
        return steps[-1]

    def until_it_works(event: dict[str, Any], writes: Failing) -> dict[str, Any]:
        while True:
            writes.begin()
            caplog.clear()
            story.audit.mails()
            try:
                state = story.once(event)
            except ConfigurationError as error:
                assert fault.lasting
                told = [" ".join(error.told())]
                # Reports by another policy are a question of whoever asks for them.
                mails = story.audit.mails()
                assert len(mails) == (not event.get("report_only"))
                assert all("FAILED" in mail and "s3:PutObject" in mail for mail in mails)
            else:
                if not writes.failed:
                    return state
                told = [record.why for record in caplog.records if hasattr(record, "why")]
                if state["held"]:
                    # S3 is waited for, and then there is another segment.
                    assert state["wait"] == SHORTEST_AWAY and not fault.lasting and not story.audit.mails()
                    event = {**event, "state": {**state, "held": 0}}
                    told = [record.reason for record in caplog.records if getattr(record, "away", None) == "S3"]
                    assert len(told) == 1
                else:
                    # An output is no reason to lose a run. Whoever lets go has nothing more to do, and the lease ends by itself.
                    assert len(told) == len([what for what in writes.failed if what != LOCK])
            assert all("(s3:PutObject)" in text and fault.code in text for text in told), (writes.failed, told)
            is_sound(story)
            # Nobody knows an upload whose beginning was not answered. The bucket's lifecycle ends it.
            assert fault.is_done or not story.audit.uploads()

    run = story.played(writes, until_it_works)
    assert [each.due for each in steps] == [set()] * len(recorded.steps)
    is_whole(story, run, recorded)


# A lost answer costs more of what the library keeps for asking again.
@pytest.mark.parametrize(("fault", "times"), [(SLOW_DOWN, 3), (LOST, 1)], ids=["throttled", "connection reset"])
def test_what_passes_while_s3_is_asked_again_is_not_noticed(story, recorded, caplog, fault, times):
    run = story.played(lambda _step: Hesitating(fault, times), story.once)
    assert not [record for record in caplog.records if hasattr(record, "why")]
    is_whole(story, run, recorded)
