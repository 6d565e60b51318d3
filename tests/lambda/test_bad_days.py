# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What operators are told, and what a run becomes, on days on which something is wrong."""

from __future__ import annotations

import errno
import gzip
import json
import os
import tempfile
import time
from datetime import datetime, timedelta, timezone
from email.utils import formatdate
from functools import partial
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import DamagedError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import as_time
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

import handler
import policies
import publish
import segments
import stores
import tenant as tenant_module
from tests.emulator.launch import start

from .conftest import PREFIX
from .in_memory import PARAMETER, InMemory

NOBODY = SimpleNamespace(domain="t.example", url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"AUDIT_THREADS": "100"}, "AUDIT_THREADS '100' is not a whole number from 1 to 64"),
        ({"AUDIT_POLICY": "policy.v2.yml"}, "AUDIT_POLICY 'policy.v2.yml' is not the name of a file"),
        ({"AUDIT_BUCKET": ""}, "AUDIT_BUCKET is not set"),
        ({"AUDIT_TENANT": "a domain"}, "AUDIT_TENANT 'a domain' is not the domain of a tenant"),
    ],
)
def test_settings_that_cannot_be_right_are_told_in_a_message(monkeypatch, settings, why):
    with InMemory(NOBODY) as audit:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError, match=why):
            audit.invoke({})
        (mail,) = audit.mails()
    tenant = settings.get("AUDIT_TENANT", "t.example")
    assert mail.startswith("MFA audit: FAILED, %s\nFAILED. %s" % (tenant, why))


@pytest.mark.parametrize(
    ("host", "service", "settings"),
    [
        (".s3.", "S3", {}),
        ("secretsmanager.", "Secrets Manager", {}),
        ("ssm.", "SSM", {"AUDIT_SECRET": "ssm:" + PARAMETER}),
    ],
)
@pytest.mark.parametrize("event", [{}, {"dry_run": True}])
def test_a_service_of_aws_that_is_away_is_waited_for_and_then_named(monkeypatch, host, service, settings, event):
    monkeypatch.setattr(segments, "LONGEST_HELD", 100)
    with InMemory(NOBODY) as audit:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        audit.disturb = lambda request, do: (503, {}, "away") if host in request.url else do()
        state, waits = None, []
        with pytest.raises(segments.NoProgress if not event else handler.QuestionError) as failure:
            while True:
                state = audit.invoke({**event, "execution": "e-1", "state": state})
                waits.append(state["wait"])
        assert waits == [15, 17, 35]
        assert str(failure.value).startswith(service + " does not work, and nothing new was stored for 71 s: ")
        mails = audit.mails()
        assert len(mails) == (not event) and all("status of what is named above (AWS," in mail for mail in mails)


@pytest.mark.parametrize("path", ["/oauth/token", "/api/v2/users"])
@pytest.mark.parametrize("event", [{}, {"dry_run": True}])
def test_a_tenant_that_is_away_is_waited_for_and_then_named_whoever_asks(monkeypatch, event, path):
    monkeypatch.setattr(handler, "PATIENCE", 0)
    monkeypatch.setattr(segments, "LONGEST_HELD", 2)
    with start(users=3, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        for each in (path, "/api/v2/jobs/*"):
            breaks(tenant, each, 503)
        state, held = None, []
        with pytest.raises(segments.NoProgress if not event else handler.QuestionError, match="^Nobody could be read"):
            while len(held) < 9:
                state = audit.invoke({**event, "execution": "e-1", "state": state})
                held.append(state["held"])
        assert held == [1, 2]
        # Nobody else needs to know of a question that has no answer.
        assert len(audit.mails()) == (not event)


@pytest.mark.parametrize(
    ("number", "event"),
    [
        pytest.param(0, {}, id="for the list of users"),
        pytest.param(1, {}, id="for the plan"),
        pytest.param(2, {}, id="for the reports"),
        pytest.param(0, {"dry_run": True}, id="for a question"),
    ],
)
def test_a_full_disk_is_told_as_one_and_not_retried(monkeypatch, number, event):
    made = tempfile.TemporaryDirectory
    with start(users=3, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        state = audit.invoke({"execution": "e-1"}) if number == 2 else None
        left = iter(range(number % 2))

        def full(**arguments):
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return made(**arguments)

        with monkeypatch.context() as patch, pytest.raises(ConfigurationError) as failure:
            patch.setattr(tempfile, "TemporaryDirectory", full)
            audit.invoke({**event, "execution": "e-1", "state": state})
        assert "Could not write temporary files: No space left on device. Increase Ephemeral" in str(failure.value)
        assert isinstance(failure.value, handler.QuestionError) is bool(event)
        mails = audit.mails()
        assert len(mails) == (not event) and all("EphemeralStorage" in mail for mail in mails)


def test_reports_are_made_again_of_the_last_run_of_everybody():
    with start(users=6, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        run = audit.to_the_end({"execution": "e-1"})["run"]
        one = audit.to_the_end({"execution": "e-2", "users": ["user00003@example.com"]})["run"]
        assert one > run == audit.invoke({"execution": "e-3", "report_only": True})["run"]


def test_an_output_that_failed_is_told_when_the_reports_are_made_again(monkeypatch):
    with start(users=6, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        audit.disturb = lambda request, do: (403, {}, "denied") if "/tables/" in request.url else do()
        audit.to_the_end({"execution": "e-1"})
        (mail,) = audit.mails()
        assert "Failed: tables." in mail and not [key for key in audit.keys() if "/tables/" in key]
        audit.disturb = lambda _request, do: do()
        assert audit.invoke({"execution": "e-2", "report_only": True})["status"] == "complete"
        assert len([key for key in audit.keys() if "/tables/" in key]) == 3
        # Nobody is told twice.
        assert audit.mails() == []


def test_reports_are_made_again_of_the_run_that_the_pointer_names_and_not_of_one_that_read_nobody(monkeypatch):
    monkeypatch.setattr(handler, "PATIENCE", 1)
    monkeypatch.setattr(segments, "LONGEST_HELD", 0)
    with start(users=6, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        run = audit.to_the_end({"execution": "e-1"})["run"]
        breaks(tenant, "/api/v2/users/*/authentication-methods")
        with pytest.raises(segments.NoProgress):
            audit.to_the_end({"execution": "e-2", "full": True})
        latest = json.loads(audit.read(PREFIX + "latest.json"))
        assert audit.invoke({"execution": "e-3", "report_only": True})["run"] == latest["run"] == run


def test_a_damaged_checkpoint_is_told_in_the_message_and_the_summary_of_the_next_run():
    with start(users=6, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        audit.to_the_end({"execution": "e-1"})
        lost = audit.to_the_end({"execution": "e-2"})["run"]
        audit.write(PREFIX + "runs/%s/checkpoint.json" % lost, b"{")
        audit.mails()
        run = audit.to_the_end({"execution": "e-3"})["run"]
        (mail,) = audit.mails()
        why = (
            "Damaged runs, whose readings count only as far as they can be read: %s. What changed is told since" % lost
        )
        assert "\nNote: %s" % why in mail
        assert why in json.loads(audit.read(PREFIX + "runs/%s/report/summary.json" % run))["note"]


def test_a_run_that_is_damaged_in_the_middle_is_given_up_for_a_new_one_until_its_checkpoint_is_removed():
    with start(users=6, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        audit.to_the_end({"execution": "e-1"})
        state = audit.invoke({"execution": "e-2"})
        (plan,) = (key for key in audit.keys() if "parts/%s/plan-" % state["run"] in key)
        audit.write(plan, b"{")
        audit.mails()
        with pytest.raises(DamagedError, match="Start a new execution, which begins a new run"):
            audit.to_the_end({"execution": "e-2"}, state)
        (mail,) = audit.mails()
        assert "1. Start the audit again, or wait for the next run. It begins anew" in mail
        assert "Correct" not in mail and "folder" not in mail
        assert audit.to_the_end({"execution": "e-3"})["status"] == "complete"
        assert "Note: Damaged runs" in audit.mails()[0]
        # As the runbook says.
        audit.remove(PREFIX + "runs/%s/checkpoint.json" % state["run"])
        run = audit.to_the_end({"execution": "e-4"})["run"]
        assert "Damaged" not in audit.mails()[0]
        assert json.loads(audit.read(PREFIX + "latest.json"))["complete"]["run"] == run


def clock_is_off(patch, seconds: float) -> None:
    """From now on the clock of the host is so far ahead."""

    class Off(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(seconds=seconds)

    for module in (handler, policies, publish, stores):
        patch.setattr(module, "datetime", Off)
    patch.setattr(tenant_module, "Budget", partial(Budget, clock=lambda: time.time() + seconds))
    # The next invocation is that of a new process, which does not know the tenant's clock yet.
    patch.setattr(handler, "_tenant", tenant_module.keeper())


def dated(_request, do):
    """S3 says what time it is, which moto does not."""
    status, headers, content = do()
    return status, {**headers, "date": formatdate(usegmt=True)}, content


def test_a_host_whose_clock_is_hours_wrong_loses_nothing_doubles_nothing_and_tells_no_wrong_time():
    with start(users=12, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        run, before = None, datetime.now(timezone.utc) - timedelta(seconds=2)
        audit.disturb = dated
        for night, hours in enumerate((0, 9, -9)):
            with pytest.MonkeyPatch.context() as patch:
                clock_is_off(patch, hours * 3600)
                # Whoever has the bucket has it by the clock of S3.
                audit.write(PREFIX + "lock.json", b'{"worker": "other", "token": "t", "seconds": 600}')
                assert audit.invoke({"execution": "e-0"})["status"] == "already running"
                audit.write(PREFIX + "lock.json", b'{"worker": "other", "token": "t", "seconds": 0}')
                state = audit.to_the_end({"execution": "e-%d" % (night + 1), "full": night % 2 == 0})
                assert audit.invoke({"execution": "e-9", "state": {**state, "next": "report"}})["run"] == state["run"]
            assert state["status"] == "complete" and state["run"] > (run or "")
            run = state["run"]
            rows = gzip.decompress(audit.read(PREFIX + "runs/%s/report/users.jsonl.gz" % run)).splitlines()
            figures = json.loads(audit.read(PREFIX + "runs/%s/report/summary.json" % run))
            times = [json.loads(row)["read_at"] for row in rows]
            assert len({json.loads(row)["user_id"] for row in rows}) == len(rows) == 12
            assert before < as_time(min(*times, figures["planned"])) < as_time(max(*times, figures["reported"]))
            assert as_time(figures["reported"]) < datetime.now(timezone.utc) + timedelta(seconds=2)
            statuses = {word for word, count in figures["history"]["statuses"].items() if count}
            assert statuses == ({"persisting"} if night else {"new"})
            assert json.loads(audit.read(PREFIX + "latest.json"))["complete"]["run"] == run
            assert len(audit.mails()) == 1


def breaks(tenant, path, status=500):
    """From now on authenticators cannot be read."""
    tenant.control("POST", "faults", {"kind": "status", "path": path, "status": status, "count": 100_000})


@pytest.fixture
def many(monkeypatch):
    """A tenant of 40 users, the function, and the paths of the users' authenticators in the order of the plan."""
    monkeypatch.setattr(handler, "PATIENCE", 1)
    with start(users=40, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        audit.to_the_end({"execution": "e-0"})
        asked = [each["path"] for each in tenant.control("GET", "requests")]
        yield tenant, audit, [path.partition("?")[0] for path in asked if "/authentication-methods" in path]


def test_users_in_a_row_who_always_fail_are_passed_in_every_run(many):
    tenant, audit, paths = many
    for path in paths[5:30]:
        breaks(tenant, unquote(path))
    for night in ("e-1", "e-2"):
        state = audit.to_the_end({"execution": night, "full": True})
        assert (state["status"], state["read"], state["to_read"], state["held"]) == ("partial", 40, 40, 0)
        latest = json.loads(audit.read(PREFIX + "latest.json"))
        coverage = json.loads(audit.read(PREFIX + "runs/%s/report/summary.json" % state["run"]))["coverage"]
        assert (coverage["read"], coverage["unread"], coverage["not_reached"]) == (15, 25, 0)
        assert latest["run"] == state["run"] > latest["complete"]["run"]


def test_one_request_that_fails_for_everybody_is_waited_for_by_the_state_machine(many):
    tenant, audit, _paths = many
    breaks(tenant, "/api/v2/users/*/authentication-methods", 503)
    state = None
    for _segment in range(3):
        state = audit.invoke({"execution": "e-1", "full": True, "state": state})
        assert (state["next"], state["read"]) == ("read", 0)
    tenant.control("DELETE", "faults")
    state = audit.to_the_end({"execution": "e-1", "full": True}, state)
    assert (state["status"], state["read"]) == ("complete", 40)
