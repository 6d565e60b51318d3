# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The template in a local AWS with a runtime of our own, which starts the real runtime client. The local AWS calls every exception of a managed
Python ``Runtime.HandlerError``; with such a runtime the state machine gets the names that it gets in AWS."""

from __future__ import annotations

import gzip
import io
import json
import sys
import time
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.emulator.launch import start
from tests.support.cloud import CAPABILITIES, CODE, Cloud, template
from tests.support.ministack import MiniStack
from tests.support.state_machines import definition

from .conftest import secret_of
from .test_disturbances import METHODS, SMALL, USERS

# What the template has -> what this runtime, and a segment of some seconds, need in its place.
VARIANT = {
    "Runtime: {Ref: Runtime}": "Runtime: provided.al2023",
    "Handler: handler.handler": "Handler: unruly.handler",
    "Timeout: 900": "Timeout: 8",
}
# The packages are those of the zip, where they lie, so that another code costs nothing.
BOOTSTRAP = """#!/bin/sh
export PYTHONPATH="$LAMBDA_TASK_ROOT:{path}" AWS_ENDPOINT_URL={url} LANG=C.UTF-8
exec {python} -S -B -m awslambdaric "$_HANDLER"
"""


class Runs:
    """The stack, and what its runs left.

    :ivar outputs: of the stack
    """

    def __init__(self, cloud: Cloud, folders: list[Path]) -> None:
        self.cloud, self._folders = cloud, folders
        self._machines = cloud.aws.client("stepfunctions")
        self._s3 = cloud.aws.client("s3")
        self.outputs: dict[str, str] = {}

    def put_code(self, name: str, plan: dict) -> None:
        """Store a function that has something go wrong; see ``unruly.py``."""
        interpreter = Path(sys.base_prefix) / "bin" / ("python%d.%d" % sys.version_info[:2])
        path = ":".join(map(str, self._folders))
        files = {
            "bootstrap": BOOTSTRAP.format(path=path, url=self.cloud.aws.url, python=interpreter),
            "unruly.py": Path(__file__).with_name("unruly.py").read_text(),
            "plan.json": json.dumps({**SMALL, **plan}),
            "name": name,
        }
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for file, text in files.items():
                archive.writestr(file, text)
        self._s3.put_object(Bucket=CODE, Key=name + ".zip", Body=content.getvalue())

    def use_code(self, name: str) -> None:
        """Make it the function's, without the stack."""
        self.cloud.aws.client("lambda").update_function_code(FunctionName="audit", S3Bucket=CODE, S3Key=name + ".zip")

    def start(self, event: object) -> str:
        """Start an execution; returns its ARN."""
        return self._machines.start_execution(stateMachineArn=self.outputs["MachineArn"], input=json.dumps(event))[
            "executionArn"
        ]

    def errors(self, execution: str) -> list[str]:
        """The names of the errors of the function, as the state machine got them."""
        found = []
        for event in self._events(execution):
            if event["type"] in ("LambdaFunctionFailed", "TaskFailed", "LambdaFunctionTimedOut"):
                details = next(value for key, value in event.items() if key.endswith("EventDetails"))
                found.append(details["error"])
        return found

    def redriven(self, execution: str) -> str:
        """What a redrive does, which this AWS has not: the state that failed begins again with the input that it had. Returns the ARN."""
        entered = [
            event["stateEnteredEventDetails"] for event in self._events(execution) if event["type"].endswith("Entered")
        ]
        failed = entered[-1]
        machine = self._machines.describe_state_machine(stateMachineArn=self.outputs["MachineArn"])
        again = self._machines.create_state_machine(
            name="redrive-%d" % time.time_ns(),
            definition=json.dumps({**json.loads(machine["definition"]), "StartAt": failed["name"]}),
            roleArn=machine["roleArn"],
        )["stateMachineArn"]
        return self._machines.start_execution(stateMachineArn=again, input=failed["input"])["executionArn"]

    def _events(self, execution: str) -> list[dict]:
        return self._machines.get_execution_history(executionArn=execution, maxResults=1000)["events"]

    def state(self, execution: str) -> dict:
        """What the last segment of an execution that ended well returned."""
        ended = self.cloud.ended(execution)
        assert ended["status"] == "SUCCEEDED", (ended["error"], ended["cause"], self.errors(execution))
        return json.loads(ended["output"])["event"]["state"]

    def users(self, run: str) -> list[str]:
        """The ID of each row of a run."""
        key = "%s/runs/%s/report/users.jsonl.gz" % (self.cloud.tenant.domain, run)
        rows = gzip.decompress(self._s3.get_object(Bucket=self.outputs["ReportsBucket"], Key=key)["Body"].read())
        return [json.loads(line)["user_id"] for line in rows.splitlines()]

    def parts(self) -> int:
        """How many parts of all runs there are."""
        prefix = self.cloud.tenant.domain + "/parts/"
        found = self._s3.list_objects_v2(Bucket=self.outputs["ReportsBucket"], Prefix=prefix)
        return sum("/parts/0" in each["Key"].removeprefix(prefix) for each in found.get("Contents", ()))

    def is_whole(self, execution: str) -> dict:
        """The run ended complete, with each user once."""
        state = self.state(execution)
        ids = self.users(state["run"])
        assert (state["status"], len(ids), len(set(ids))) == ("complete", USERS, USERS)
        latest = self.cloud.latest(self.outputs["ReportsBucket"])
        assert latest["run"] == latest["complete"]["run"] == state["run"]
        return state


@pytest.fixture(scope="module")
def runs(zipped, built, packages):
    with MiniStack() as aws, start(users=USERS, seed=7, switches={"export-seconds": 0}) as tenant:
        cloud = Cloud(aws, tenant, zipped)
        quick = json.dumps(definition("${FunctionArn}")).replace(
            "arn:aws:states:::states:startExecution", "${StartExecution}"
        )
        cloud.put_code(quick)
        runs = Runs(cloud, [built, *packages])
        for name, plan in {
            "plain": {},
            "dies": {"key": "/parts/00", "number": 2, "exit": "after"},
            "refused": {"key": "report/users.csv", "refuse": "403"},
        }.items():
            runs.put_code(name, plan)
        runs.outputs = cloud.deploy("audit", template("dies.zip", VARIANT), secret_of(tenant), Threads="1")
        yield runs


@pytest.fixture(autouse=True)
def no_fault(runs):
    yield
    runs.cloud.tenant.control("DELETE", "faults")


def test_a_process_that_dies_is_told_by_its_name_and_the_machine_tries_again(runs):
    execution = runs.start({"full": True})
    runs.is_whole(execution)
    assert runs.errors(execution) == ["Runtime.ExitError"]


def test_what_has_to_be_corrected_is_told_by_its_name_and_is_not_tried_again(runs):
    execution = runs.start({"nonsense": True})
    ended = runs.cloud.ended(execution)
    # It is no failure of the audit, which would raise an alarm.
    assert ended["status"] == "SUCCEEDED"
    refused = json.loads(ended["output"])["refused"]
    assert refused["Error"] == "QuestionError" and "nonsense" in refused["Cause"]
    assert runs.errors(execution) == ["QuestionError"]


def test_an_update_of_the_stack_in_the_middle_of_a_run_lets_the_run_finish(runs):
    runs.use_code("dies")
    tenant, aws = runs.cloud.tenant, runs.cloud.aws
    tenant.control("POST", "faults", {"kind": "slow", "path": METHODS, "seconds": 0.4, "count": 999})
    before = runs.parts()
    execution = runs.start({"full": True})
    while runs.parts() == before:
        time.sleep(0.1)
    functions, machines = aws.client("lambda"), aws.client("stepfunctions")
    old = functions.get_function_configuration(FunctionName="audit")["CodeSha256"]
    aws.client("cloudformation").update_stack(
        StackName="audit",
        TemplateBody=template("plain.zip", VARIANT),
        Capabilities=CAPABILITIES,
        Parameters=[
            {"ParameterKey": key, "UsePreviousValue": True} for key in ("Tenant", "Secret", "Architecture", "Threads")
        ],
    )
    assert runs.cloud.stack("audit")["StackStatus"] == "UPDATE_COMPLETE"
    assert functions.get_function_configuration(FunctionName="audit")["CodeSha256"] != old
    assert machines.describe_execution(executionArn=execution)["status"] == "RUNNING"
    assert runs.is_whole(execution)["segment"] > 2


def test_what_a_redrive_repeats_goes_on_where_the_run_failed(runs):
    runs.use_code("refused")
    failed = runs.start({"full": True})
    ended = runs.cloud.ended(failed)
    assert (ended["status"], ended["error"]) == ("FAILED", "ConfigurationError") and "s3:PutObject" in ended["cause"]
    runs.cloud.tenant.control("DELETE", "requests")
    again = runs.redriven(failed)
    runs.is_whole(again)
    # All had been read.
    assert not runs.cloud.tenant.control("GET", "requests")


def test_a_schedule_with_the_template_s_target_fires_by_itself_and_its_run_reads_everybody(runs):
    scheduler, machines = runs.cloud.aws.client("scheduler"), runs.cloud.aws.client("stepfunctions")
    made = scheduler.get_schedule(Name="audit")
    # The stack's own fires at night.
    soon = datetime.now(timezone.utc).strftime("at(%Y-%m-%dT%H:%M:%S)")
    kept = {key: made[key] for key in ("FlexibleTimeWindow", "Target")}
    scheduler.create_schedule(Name="soon", ScheduleExpression=soon, **kept)
    deadline = time.monotonic() + 60
    found: list[str] = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.2)
        executions = machines.list_executions(stateMachineArn=runs.outputs["MachineArn"])["executions"]
        found = [each["executionArn"] for each in executions if each["name"].startswith("scheduled-")]
    (run,) = found
    runs.is_whole(run)
