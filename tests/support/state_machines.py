# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state machine of the scheduled audit, executed by moto in this process, with a function in the real runtime client."""

from __future__ import annotations

import json
import os
import re
import socket
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from .lambda_runtime import FunctionError, LambdaFunction

DEFINITION = Path(__file__).resolve().parents[2] / "lambda" / "machine.asl.json"
_START_EXECUTION = "arn:aws:states:::states:startExecution"
_LONGEST_SECONDS = 90.0


def definition(function_arn: str, quick: bool = True) -> dict[str, Any]:
    """The state machine as deployed.

    :param quick: a retry comes after a second
    """
    text = DEFINITION.read_text().replace("${FunctionArn}", function_arn).replace("${StartExecution}", _START_EXECUTION)
    if quick:
        text = re.sub(r'"IntervalSeconds": \d+, "BackoffRate": [\d.]+', '"IntervalSeconds": 1, "BackoffRate": 1', text)
    return json.loads(text)


class Ended(NamedTuple):
    """What became of an execution.

    :ivar states: the names of the states that were entered, in order
    """

    status: str
    error: str | None
    cause: str | None
    states: list[str]
    events: int
    output: Any = None


class StateMachines:
    """A context manager: Step Functions that call functions of this process."""

    def __enter__(self) -> StateMachines:
        from moto.awslambda_simple.models import LambdaSimpleBackend
        from moto.core.config import default_user_config
        from moto.server import ThreadedMotoServer
        from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
            StateTaskServiceSfn,
        )

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._functions: dict[str, LambdaFunction] = {}
        self._undo = ExitStack()
        self._undo.enter_context(mock.patch.dict(default_user_config))
        # Its engine calls back.
        self._undo.enter_context(mock.patch.dict(os.environ, MOTO_PORT=str(port)))
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        default_user_config["lambda"] = {"use_docker": False}
        functions = self._functions

        def invoke(_backend, function_name, _qualifier, body, _headers, response_headers):
            name = function_name.rpartition(":")[2]
            try:
                return json.dumps(functions[name].invoke(json.loads(body or "{}"))).encode()
            except FunctionError as error:
                response_headers["x-amz-function-error"] = "Unhandled"
                return json.dumps({"errorType": error.kind, "errorMessage": error.message}).encode()

        self._undo.enter_context(mock.patch.object(LambdaSimpleBackend, "invoke", invoke))
        call = StateTaskServiceSfn._eval_service_task

        def with_the_names_of_boto3(task, env, resource_runtime_part, normalised_parameters, state_credentials):
            # moto 5.2.5 passes the names of the state machine's language on, which boto3 does not know, and returns boto3's dates.
            named = {key[0].lower() + key[1:]: value for key, value in normalised_parameters.items()}
            call(task, env, resource_runtime_part, named, state_credentials)
            env.stack[-1] = {key: str(value) for key, value in env.stack[-1].items()}

        self._undo.enter_context(mock.patch.object(StateTaskServiceSfn, "_eval_service_task", with_the_names_of_boto3))
        self._server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
        self._server.start()
        self.url = "http://127.0.0.1:%d" % port
        self._sfn = self._client("stepfunctions")
        return self

    def __exit__(self, *_exception) -> None:
        self._server.stop()
        self._undo.close()

    def _client(self, service: str):
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def machine(self, function: LambdaFunction, attempts: int = 30) -> str:
        """The ARN of a new state machine that calls the function.

        :param attempts: how often it waits for the only place of the function
        """
        name = "audit-%s" % uuid.uuid4().hex[:8]
        iam = self._client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        arn = self._client("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Role=role, Handler="app.handler", Code={"ZipFile": b"none"}
        )["FunctionArn"]
        self._functions[name] = function
        text = json.dumps(definition(arn)).replace('"MaxAttempts": 30', '"MaxAttempts": %d' % attempts)
        return self._sfn.create_state_machine(name=name, definition=text, roleArn=role)["stateMachineArn"]

    def run(self, machine: str, event: object) -> Ended:
        """Execute it once, and wait for the end."""
        # moto gives no name of its own.
        execution = self._sfn.start_execution(stateMachineArn=machine, name=uuid.uuid4().hex, input=json.dumps(event))
        return self.ended(execution["executionArn"])

    def ended(self, execution: str) -> Ended:
        """Wait for the end of an execution."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while (now := self._sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
            if time.monotonic() > deadline:
                raise RuntimeError("%s did not end" % execution)
            time.sleep(0.05)
        events = self._sfn.get_execution_history(executionArn=execution)["events"]
        states = [each["stateEnteredEventDetails"]["name"] for each in events if "stateEnteredEventDetails" in each]
        output = json.loads(now.get("output") or "null")
        return Ended(now["status"], now.get("error"), now.get("cause"), states, len(events), output)

    def executions(self, machine: str) -> dict[str, str]:
        """Name -> ARN of every execution, the first one first."""
        found = self._sfn.list_executions(stateMachineArn=machine)["executions"]
        return {each["name"]: each["executionArn"] for each in sorted(found, key=lambda each: each["startDate"])}
