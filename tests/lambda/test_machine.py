# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state machine: moto executes it, and a function that does what its script says is in the real runtime client."""

from __future__ import annotations

import json
import re

import pytest

from segments import LONGEST_HELD
from settings import State
from tests.support.lambda_runtime import LambdaFunction
from tests.support.state_machines import StateMachines, definition

CODE = """
import json, os, time

def handler(event, context):
    with open(os.environ["CALLS"], "a+") as calls:
        calls.write(json.dumps(event) + "\\n")
        calls.seek(0)
        step = json.loads(os.environ["SCRIPT"])[len(calls.readlines()) - 1]
    if "exit" in step:
        os._exit(step["exit"])
    if "raise" in step:
        raise type(step["raise"], (Exception,), {})("said by the function")
    time.sleep(step.pop("sleep", 0))
    return step
"""
# Of an execution's history, by AWS.
MOST_EVENTS = 25_000
# What AWS takes as the name of an execution.
NAME = re.compile(r"[A-Za-z0-9_.@+=-]{1,80}")


def state(segment: int, following: str = "read", wait: int = 0, **more) -> dict:
    """What a segment returns."""
    known = {"run": "000001-20261127T020000Z", "next": following, "wait": wait, "segment": segment}
    return {**known, "read": segment, "to_read": 9, "partial": False, "status": "running", **more}


@pytest.fixture(scope="module")
def machines():
    with StateMachines() as running:
        yield running


class Scripted:
    """A state machine whose function follows a script."""

    def __init__(self, machines, function, calls, attempts) -> None:
        self._machines, self._calls = machines, calls
        self.arn = machines.machine(function, attempts)

    def run(self, event: object):
        return self._machines.run(self.arn, event)

    def others(self):
        """The executions that were not started by this test: name -> how each ended, in the order in which they started."""
        ended: dict = {}
        while new := {name: arn for name, arn in self._machines.executions(self.arn).items() if name not in ended}:
            # One that ended may have started another.
            ended.update({name: self._machines.ended(arn) for name, arn in new.items()})
        return {name: how for name, how in ended.items() if not re.fullmatch("[0-9a-f]{32}", name)}

    @property
    def events(self) -> list[dict]:
        """What the function was sent."""
        return [json.loads(line) for line in self._calls.read_text().splitlines()]


@pytest.fixture
def scripted(tmp_path, packages, machines):
    (tmp_path / "app.py").write_text(CODE)
    started = []

    def of(*steps: dict, timeout: float = 60, attempts: int = 30) -> Scripted:
        calls = tmp_path / "calls"
        environment = {"CALLS": str(calls), "SCRIPT": json.dumps(steps)}
        function = LambdaFunction([tmp_path, *packages], environment, timeout, handler="app.handler")
        started.append(function)
        return Scripted(machines, function, calls, attempts)

    yield of
    for one in started:
        with one:
            pass


def test_segments_follow_one_another_until_there_is_no_next_one(scripted):
    first, second, third = state(1), state(2, "report"), state(3, "end", status="complete")
    machine = scripted(first, second, third)
    ended = machine.run({"full": True})
    assert (ended.status, ended.states) == (
        "SUCCEEDED",
        ["Who", "Start", "Begin", *["Segment", "More"] * 3, "Finished"],
    )
    execution = machine.events[0]["execution"]
    assert re.fullmatch(r"arn:aws:states:eu-west-1:\d+:execution:audit-\w+:\w+", execution)
    asked = {"full": True, "execution": execution}
    assert machine.events == [asked, {**asked, "state": first}, {**asked, "state": second}]


def test_a_segment_that_says_when_the_next_one_makes_sense_is_waited_for_by_the_machine(scripted):
    ended = scripted(state(1, wait=1), state(2, "end")).run({})
    assert ended.states == ["Who", "Start", "Begin", "Segment", "More", "Pause", "Segment", "More", "Finished"]


@pytest.mark.parametrize("status", ["complete", "partial", "already running", "planned"])
def test_whatever_a_run_ends_as_is_no_failure_of_the_machine(scripted, status):
    assert scripted(state(1, "end", status=status, run=None)).run({}).status == "SUCCEEDED"


@pytest.mark.parametrize("name", ["ConfigurationError", "NoProgress"])
def test_what_a_retry_cannot_change_is_tried_once_and_ends_the_execution_with_its_reason(scripted, name):
    machine = scripted({"raise": name}, state(1, "end"))
    ended = machine.run({})
    assert (ended.status, ended.error, len(machine.events)) == ("FAILED", name, 1)
    assert "said by the function" in ended.cause


def test_a_question_that_cannot_be_answered_ends_with_its_reason_and_is_no_failure(scripted):
    machine = scripted({"raise": "QuestionError"}, state(1, "end"))
    ended = machine.run({"report_only": True})
    assert (ended.status, ended.states[-2:], len(machine.events)) == ("SUCCEEDED", ["Segment", "Finished"], 1)
    assert ended.output["refused"]["Error"] == "QuestionError"
    assert "said by the function" in ended.output["refused"]["Cause"]


def test_who_waits_for_the_only_place_in_vain_ends_as_already_running(scripted):
    machine = scripted(*[{"raise": "Lambda.TooManyRequestsException"}] * 3, attempts=2)
    ended = machine.run({})
    assert (ended.status, ended.states[-3:]) == ("SUCCEEDED", ["Occupied", "AlreadyRunning", "Finished"])
    told = ended.output["event"]["state"]
    assert State.model_validate(told) and (told["next"], told["status"]) == ("end", "already running")


def test_who_has_begun_goes_on_waiting_for_the_place_with_the_same_state(scripted):
    machine = scripted(state(1), *[{"raise": "Lambda.TooManyRequestsException"}] * 3, state(2, "end"), attempts=2)
    ended = machine.run({"full": True})
    assert (ended.status, ended.states[-5:]) == (
        "SUCCEEDED",
        ["Segment", "Occupied", "Segment", "More", "Finished"],
    )
    first, *others = machine.events
    assert others == [{**first, "state": state(1)}] * 4


def test_everything_else_is_tried_again_with_the_same_state(scripted):
    steps = [{"raise": "StoreError"}, {"exit": 3}, {"sleep": 60}, state(2, "end")]
    machine = scripted(state(1), *steps, timeout=2)
    assert machine.run({}).status == "SUCCEEDED"
    events = machine.events
    assert len(events) == 5 and events[1] == events[2] == events[3] == events[4] and events[4]["state"] == state(1)


def test_what_never_passes_ends_the_execution(scripted):
    machine = scripted(*[{"raise": "ServerError"}] * 8)
    ended = machine.run({})
    assert (ended.status, ended.error, len(machine.events)) == ("FAILED", "ServerError", 7)


def test_the_schedule_that_delivers_twice_starts_one_run(scripted):
    machine = scripted(state(1, "end"), state(1, "end"))
    delivery = {"scheduled": "2026-11-27T02:00:00Z", "event": {"full": True}}
    for _time in range(2):
        ended = machine.run(delivery)
        assert (ended.status, ended.states) == ("SUCCEEDED", ["Who", "Start", "Once", "Finished"])
    ((name, run),) = machine.others().items()
    assert NAME.fullmatch(name) and run.status == "SUCCEEDED"
    assert [set(event) for event in machine.events] == [{"full", "execution"}] and machine.events[0][
        "execution"
    ].endswith(name)
    machine.run({**delivery, "scheduled": "2026-11-28T02:00:00Z"})
    assert len(machine.others()) == 2


def test_a_long_run_goes_on_in_another_execution_with_the_same_input_and_state(scripted):
    machine = scripted(state(2500), state(4999), state(5000), state(5001, "end"))
    ended = machine.run({"users": ["auth0|1"]})
    assert (ended.status, ended.states[-2:]) == ("SUCCEEDED", ["Continue", "Finished"])
    others = machine.others()
    assert list(others) == ["000001-20261127T020000Z-2500", "000001-20261127T020000Z-5000"]
    assert all(NAME.fullmatch(name) for name in others)
    second, third = others.values()
    assert second.states == ["Who", "Start", "GoOn", "Segment", "More", "Segment", "More", "Continue", "Finished"]
    assert third.states == ["Who", "Start", "GoOn", "Segment", "More", "Finished"]
    events = machine.events
    assert [event.get("state", {}).get("segment") for event in events] == [None, 2500, 4999, 5000]
    assert [event["users"] for event in events] == [["auth0|1"]] * 4
    # Each is the worker of its own segments.
    assert len({event["execution"] for event in events}) == 3


def test_an_execution_has_room_for_its_segments_with_a_pause_and_some_retries_each(scripted):
    one = scripted(state(1, wait=1), state(2, "end")).run({}).events
    two = scripted(state(1, wait=1), state(2, wait=1), state(3, "end")).run({}).events
    last = definition("arn:f")["States"]["Begin"]["Parameters"]["last"]
    assert last * (two - one) + one < 0.95 * MOST_EVENTS


def test_a_failed_segment_is_where_a_redrive_goes_on():
    """A redrive repeats the state that failed. After a Catch that would be whatever came last."""
    states = definition("arn:f")["States"]
    caught = [name for each in states["Segment"]["Catch"] for name in each["ErrorEquals"]]
    assert caught == ["QuestionError", "Lambda.TooManyRequestsException"]
    assert not [name for name, each in states.items() if each["Type"] == "Fail"]


def retried_for(error: str) -> float:
    """For how many seconds a segment that ends with this error is tried again, without the time of the tries."""
    rows = definition("arn:f", quick=False)["States"]["Segment"]["Retry"]
    row = next(row for row in rows if {error, "States.ALL"} & set(row["ErrorEquals"]))
    if not row["MaxAttempts"]:
        return 0
    waits = (row["IntervalSeconds"] * row["BackoffRate"] ** number for number in range(row["MaxAttempts"]))
    return sum(min(wait, row["MaxDelaySeconds"]) for wait in waits)


def test_a_worker_waits_for_the_only_place_for_longer_than_a_segment_takes():
    assert retried_for("Lambda.TooManyRequestsException") > 900


@pytest.mark.parametrize("name", ["Lambda.ServiceException", "Lambda.SdkClientException"])
def test_lambda_that_is_away_is_waited_for_as_long_as_others_are(name):
    assert LONGEST_HELD <= retried_for(name) < 1.2 * LONGEST_HELD


LASTING = ["ConfigurationError", "NoProgress", "DamagedError", "QuestionError", "Runtime.ImportModuleError"]


@pytest.mark.parametrize("name", [*LASTING, "Runtime.HandlerNotFound", "Lambda.ResourceNotFoundException"])
def test_what_no_retry_can_change_is_not_tried_again(name):
    assert retried_for(name) == 0


@pytest.mark.parametrize("name", ["Sandbox.Timedout", "Lambda.Unknown", "Lambda.AWSLambdaException", "KeyError"])
def test_what_nobody_can_tell_is_tried_again_for_some_minutes(name):
    assert 60 < retried_for(name) < 600
