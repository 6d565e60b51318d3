# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The local Lambda runtime behaves as Lambda does."""

from __future__ import annotations

import os

import pytest

from tests.support.lambda_runtime import FunctionError, LambdaFunction

CODE = """
import importlib.util, os, time

calls = []

def handler(event, context):
    calls.append(event)
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("exit"):
        os._exit(event["exit"])
    if event.get("fail"):
        raise LookupError(event["fail"])
    if event.get("find"):
        return {name: importlib.util.find_spec(name) is not None for name in event["find"]}
    left = context.get_remaining_time_in_millis()
    return {"calls": len(calls), "left": left, "pid": os.getpid(), "said": os.environ.get("SAY")}
"""


@pytest.fixture
def function(tmp_path, packages):
    started = []

    def of(code: str = CODE, **options) -> LambdaFunction:
        (tmp_path / "app.py").write_text(code)
        started.append(LambdaFunction([tmp_path, *packages], {"SAY": "hello"}, handler="app.handler", **options))
        return started[-1]

    yield of
    for one in started:
        with one:
            pass


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_stays_warm(function):
    app = function()
    first, second = app.invoke({}), app.invoke({})
    assert (first["calls"], second["calls"], first["said"]) == (1, 2, "hello")
    assert first["pid"] == second["pid"]


def test_the_remaining_time_is_real(function):
    app = function(timeout=5)
    app.invoke({})
    assert 4000 < app.invoke({})["left"] <= 5000
    assert app.invoke({"sleep": 0.3, "find": ["json"]}) == {"json": True}


def test_at_the_deadline_the_process_is_killed_and_the_next_call_gets_a_new_one(function):
    app = function(timeout=0.5)
    pid = app.invoke({})["pid"]
    with pytest.raises(FunctionError, match="timed out after 0.50 seconds") as failure:
        app.invoke({"sleep": 60})
    assert failure.value.kind == "Sandbox.Timedout"
    assert not is_running(pid)
    assert app.invoke({})["calls"] == 1


def test_a_process_that_ends_is_an_exit_error(function):
    app = function()
    with pytest.raises(FunctionError, match="ended with 3") as failure:
        app.invoke({"exit": 3})
    assert failure.value.kind == "Runtime.ExitError"
    assert app.invoke({})["calls"] == 1


def test_an_exception_is_reported_by_its_class_and_the_process_goes_on(function):
    app = function()
    with pytest.raises(FunctionError, match="nothing there") as failure:
        app.invoke({"fail": "nothing there"})
    assert failure.value.kind == "LookupError"
    assert app.invoke({})["calls"] == 2


def test_code_that_cannot_be_imported_is_an_error_of_the_import(function):
    with pytest.raises(FunctionError, match="no_such_module") as failure:
        function("import no_such_module").invoke({})
    assert failure.value.kind == "Runtime.ImportModuleError"


def test_only_the_given_folders_are_importable(function):
    found = function().invoke({"find": ["ansible", "pytest", "moto", "boto3", "awslambdaric"]})
    assert found == {
        "ansible": False,
        "pytest": False,
        "moto": False,
        "boto3": True,
        "awslambdaric": True,
    }


def test_no_process_is_left(function):
    with function() as app:
        pid = app.invoke({})["pid"]
        assert is_running(pid)
    assert not is_running(pid)
