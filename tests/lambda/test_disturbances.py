# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever disturbs a run: each user is in the reports once, ``latest.json`` never points to less than before, partial is never called clean."""

from __future__ import annotations

import re
import threading
import time

import pytest

from tests.emulator.launch import start
from tests.support.lambda_runtime import FunctionError

from .conftest import PREFIX, SECRET, to_the_end

USERS = 30
METHODS = "/api/v2/users/*/authentication-methods"
SMALL = {"write": 0.25, "chunk": 12, "pause": 0, "patience": 1, "timeout": 0.5, "attempts": 1}
FEW = {"AUDIT_THREADS": "2"}
# Of one part: the users that it has, and those that the threads are ahead of it.
MOST_AGAIN = 12
# Who was answered behind the user with whom a walk ended: twice as many as there are threads.
MOST_AHEAD = 4
# What is in the key of each part, and in no other key of the run: its folder, and the beginning of nine digits.
PART = "/parts/0000000"


@pytest.fixture(scope="module")
def one_tenant():
    with start(users=USERS, seed=7, switches={"export-seconds": 0}) as running:
        yield running


@pytest.fixture
def tenant(one_tenant):
    one_tenant.control("DELETE", "requests")
    yield one_tenant
    one_tenant.control("DELETE", "faults")


def user_reads(tenant) -> list[str]:
    return [
        each["path"]
        for each in tenant.control("GET", "requests")
        if "/authentication-methods" in each["path"] and each["status"] == 200
    ]


def is_whole(runs, tenant, ended: dict, again: int = 0) -> None:
    """The run that ended has everybody once, and nobody was read again but those of one part."""
    reads = user_reads(tenant)
    assert (ended["status"], ended["partial"]) == ("complete", False)
    ids = [row["user_id"] for row in runs.rows()]
    assert len(set(ids)) == len(ids) == USERS == len(set(reads)) and len(reads) <= USERS + again
    latest = runs.latest()
    assert latest["run"] == latest["complete"]["run"] == ended["run"] and not latest["partial"]
    assert runs.summary()["coverage"]["read"] == USERS and runs.summary()["reason"] is None
    begun = {key.split("/")[3] for key in runs.keys() if key.endswith("checkpoint.json")}
    assert begun == {ended["run"]}


# Crashes

WRITES = [
    ("lock.json", 1, "after"),
    ("/carried-", 1, "before"),
    ("checkpoint.json", 1, "after"),
    (PART, 1, "before"),
    (PART, 2, "after"),
    ("checkpoint.json", 3, "before"),
    ("lock.json", 2, "before"),
    ("report/users.csv", 1, "before"),
    ("latest.json", 1, "before"),
    ("latest.json", 1, "after"),
    ("published/", 1, "before"),
]


@pytest.mark.parametrize(("key", "number", "when"), WRITES)
def test_a_process_that_dies_at_a_write_loses_nothing(function, runs, tenant, key, number, when):
    audit = function(tenant, unruly={**SMALL, "key": key, "number": number, "exit": when}, **FEW)
    states, state = [], None
    with pytest.raises(FunctionError) as failure:
        while state is None or state["next"] != "end":
            state = audit.invoke({"execution": "e-1", "state": state})
            states.append(state)
    assert failure.value.kind == "Runtime.ExitError"
    is_whole(runs, tenant, to_the_end(audit, state=states[-1] if states else None)[-1], MOST_AGAIN)


def test_a_process_that_dies_in_the_middle_of_a_part_reads_no_more_than_that_part_again(function, runs, tenant):
    audit = function(tenant, unruly={**SMALL, "exit_after_reads": 17}, **FEW)
    with pytest.raises(FunctionError, match="ended with 8"):
        to_the_end(audit)
    is_whole(runs, tenant, to_the_end(audit)[-1], MOST_AGAIN)


def test_a_timeout_loses_nothing(function, runs, tenant):
    plan = {**SMALL, "key": PART, "number": 2, "exit": "hang"}
    audit = function(tenant, timeout=4.0, unruly=plan, **FEW)
    with pytest.raises(FunctionError) as failure:
        to_the_end(audit)
    assert failure.value.kind == "Sandbox.Timedout"
    is_whole(runs, tenant, to_the_end(audit)[-1], MOST_AGAIN)


# Time


def test_at_the_deadline_a_segment_ends_and_the_next_goes_on(function, runs, tenant):
    tenant.control("POST", "faults", {"kind": "slow", "path": METHODS, "seconds": 0.15, "count": 999})
    states = to_the_end(function(tenant, timeout=4.0, unruly=SMALL, AUDIT_THREADS="1"))
    reading = [state for state in states if state["next"] == "read"]
    assert reading and {(state["wait"], state["status"]) for state in reading} == {(0, "running")}
    assert sorted(state["read"] for state in states) == [state["read"] for state in states]
    is_whole(runs, tenant, states[-1])


def test_a_list_of_users_that_does_not_fit_into_a_segment_is_told(function, runs):
    with start(users=20, switches={"export-seconds": 60}) as tenant:
        audit = function(tenant, timeout=4.0, unruly=SMALL)
        state = audit.invoke({"execution": "e-1"})
        assert (state["run"], state["next"], state["idle"]) == (None, "read", 1)
        with pytest.raises(FunctionError, match="The list of users does not fit into one segment of 4 s") as failure:
            audit.invoke({"execution": "e-1", "state": state})
    assert failure.value.kind == "NoProgress"
    assert runs.keys() == [PREFIX + "lock.json"]


def test_a_rate_limit_that_lasts_is_waited_for_between_segments(function, runs, tenant):
    tenant.control("POST", "faults", {"kind": "limit", "seconds": 2, "path": METHODS, "after": 9})
    states = to_the_end(function(tenant, unruly={**SMALL, "longest_hold": 0.5}, **FEW))
    waits = [state["wait"] for state in states if state["next"] == "read"]
    assert waits and set(waits) <= {1, 2, 3}
    is_whole(runs, tenant, states[-1], MOST_AHEAD)


# Workers


def test_a_second_delivery_ends_as_already_running(function, runs, tenant):
    tenant.control("POST", "faults", {"kind": "slow", "path": METHODS, "seconds": 0.2, "count": 999})
    first, second = function(tenant, unruly=SMALL, **FEW), function(tenant, unruly=SMALL, **FEW)
    states = []
    worker = threading.Thread(target=lambda: states.append(first.invoke({"execution": "e-1"})))
    worker.start()
    while not any(key.endswith("checkpoint.json") for key in runs.keys()):
        time.sleep(0.05)
    # While a segment runs, and between two of them.
    told = [to_the_end(second, execution="e-2")]
    worker.join()
    told.append(to_the_end(second, execution="e-2"))
    for ((state),) in told:
        assert (state["status"], state["next"], state["run"]) == ("already running", "end", None)
        assert re.search(r"Start again after 20\d\d-[^ ]*Z, or redrive", state["hint"])
    is_whole(runs, tenant, to_the_end(first, state=states[0])[-1])
    # Then it is free.
    assert to_the_end(second, execution="e-2")[-1]["status"] == "complete"


def test_an_execution_that_goes_on_for_another_one_has_its_run(function, runs, tenant):
    audit = function(tenant, unruly=SMALL, **FEW)
    state = audit.invoke({"execution": "e-1"})
    is_whole(runs, tenant, to_the_end(audit, execution="e-2", state=state)[-1])
    # Somebody who invokes by hand names no execution.
    state = None
    while state is None or state["next"] != "end":
        state = audit.invoke({"state": state})
    assert state["status"] == "complete"


def test_two_attempts_of_one_execution_keep_each_user_once(function, runs, tenant):
    tenant.control("POST", "faults", {"kind": "slow", "path": METHODS, "seconds": 0.1, "count": 999})
    audits = [function(tenant, unruly=SMALL, **FEW) for _worker in range(2)]
    ends: list[str] = []

    def work(audit) -> None:
        try:
            ends.append(audit.invoke({"execution": "e-1"})["status"])
        except FunctionError as error:
            ends.append(error.kind)

    workers = [threading.Thread(target=work, args=(audit,)) for audit in audits]
    for number, worker in enumerate(workers):
        worker.start()
        while not number and not any(key.endswith("checkpoint.json") for key in runs.keys()):
            time.sleep(0.05)
    for worker in workers:
        worker.join()
    assert set(ends) <= {"running", "already running", "TakenError"}
    ended = to_the_end(audits[0])[-1]
    assert ended["status"] == "complete" and len({row["user_id"] for row in runs.rows()}) == USERS == len(runs.rows())


# Credentials


@pytest.mark.parametrize(
    ("path", "after"),
    [
        pytest.param("/api/v2/users", 0, id="while users are listed"),
        pytest.param(METHODS, 17, id="while users are read"),
        pytest.param("/api/v2/users", 1, id="while users are counted at the end"),
    ],
)
def test_a_secret_that_is_rotated_in_a_run_is_read_again(function, aws, runs, tenant, key, path, after):
    audit = function(tenant, unruly=SMALL, **FEW)
    assert audit.invoke({"dry_run": True})["status"] == "planned"
    # From now on only the new one counts: an application that signs with a private key.
    signs = {"domain": tenant.domain, "base_url": tenant.url, "client_id": "m2m-jwt", "private_key": key}
    aws.put_secret(SECRET, signs)
    refused = {"error": "access_denied", "error_description": "Unauthorized"}
    tenant.control("POST", "faults", {"kind": "status", "path": "/oauth/token", "status": 401, "body": refused})
    tenant.control("POST", "faults", {"kind": "expire-token", "path": path, "after": after})
    tenant.control("DELETE", "requests")
    is_whole(runs, tenant, to_the_end(audit)[-1])
    assert [each["path"] for each in tenant.control("GET", "requests")].count("/oauth/token") == 2
    assert "PRIVATE KEY" not in audit.output


def test_a_refusal_in_the_middle_leaves_a_partial_report_and_is_gone_on_with(function, runs, tenant):
    refusal = {"statusCode": 403, "error": "Forbidden", "errorCode": "insufficient_scope"}
    refusal["message"] = "Insufficient scope, expected any of: read:authentication_methods"
    fault = {"kind": "status", "path": METHODS, "status": 403, "body": refusal, "count": 999, "after": 17}
    tenant.control("POST", "faults", fault)
    audit = function(tenant, unruly=SMALL, **FEW)
    with pytest.raises(FunctionError, match="Add the scope read:authentication_methods") as failure:
        to_the_end(audit)
    assert failure.value.kind == "ConfigurationError"
    latest = runs.latest()
    assert latest["partial"] and latest["complete"] is None
    assert "Insufficient scope" in runs.summary()["reason"] and 0 < runs.summary()["coverage"]["read"] < USERS
    tenant.control("DELETE", "faults")
    is_whole(runs, tenant, to_the_end(audit, execution="e-2")[-1], MOST_AHEAD)


# Outages


def test_a_tenant_that_stays_away_ends_the_run_with_a_partial_report(function, runs, tenant):
    audit = function(tenant, unruly={**SMALL, "longest_held": 4}, **FEW)
    whole = to_the_end(audit, execution="e-0")[-1]["run"]
    before = runs.latest()
    fault = {"kind": "status", "path": METHODS, "status": 503, "count": 9999}
    for after, execution in ((0, "e-1"), (5, "e-2")):
        tenant.control("DELETE", "faults")
        tenant.control("POST", "faults", {**fault, "after": after})
        with pytest.raises(FunctionError, match=r"Nobody could be read for \d+ s: .*What was read is kept") as failure:
            to_the_end(audit, {"full": True}, execution)
        assert failure.value.kind == "NoProgress"
        # A run that read nobody is worth less than the one before.
        assert after or runs.latest() == before
    latest = runs.latest()
    assert latest["run"] > whole and latest["partial"] and latest["complete"]["run"] == whole
    tenant.control("DELETE", "faults")
    ended = to_the_end(audit, {"full": True}, execution="e-3")[-1]
    assert (ended["run"], ended["status"]) == (latest["run"], "complete")
    assert runs.latest()["complete"]["run"] == ended["run"] and len(runs.rows()) == USERS


def test_s3_that_refuses_a_write_loses_nothing(function, runs, tenant):
    """One write in the real runtime; test_refusals.py has each of them."""
    audit = function(tenant, unruly={**SMALL, "key": PART, "refuse": "503"}, **FEW)
    states = to_the_end(audit)
    assert [state["segment"] for state in states if state["wait"]] == [1] and states[0]["run"]
    is_whole(runs, tenant, states[-1], MOST_AGAIN)


def test_a_role_that_may_not_write_is_a_configuration_error(function, runs, tenant):
    audit = function(tenant, unruly={**SMALL, "key": PART, "refuse": "403"}, **FEW)
    with pytest.raises(
        FunctionError, match=r"\(s3:PutObject\): Access Denied .*AccessDenied.*may call s3:PutObject"
    ) as failure:
        to_the_end(audit)
    assert failure.value.kind == "ConfigurationError"
    is_whole(runs, tenant, to_the_end(audit, execution="e-2")[-1], MOST_AGAIN)
