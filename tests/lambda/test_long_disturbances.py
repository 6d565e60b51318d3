# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lasts for minutes, with a clock that the test moves: a rate limit that lets nothing through, and a rotation during which both
secrets are valid.
"""

from __future__ import annotations

import json
import time
from functools import partial
from itertools import groupby

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget

import tenant as kept
from tests.emulator.launch import start

from .conftest import PREFIX, secret_of
from .in_memory import InMemory

USERS, THREADS = 12, 2
# Who was answered behind the user with whom a segment ended.
MOST_AHEAD = 2 * THREADS
METHODS = "/api/v2/users/*/authentication-methods"
OLD, NEW = "m2m-readonly", "m2m-jwt"


class Clock:
    """That of the function and of the tenant."""

    def __init__(self, tenant) -> None:
        self._tenant, self._passed = tenant, 0.0

    def __call__(self) -> float:
        return time.time() + self._passed

    def passes(self, seconds: float) -> None:
        """So much time goes by."""
        self._passed += seconds
        self._tenant.control("PUT", "clock", {"advance_seconds": seconds})


@pytest.fixture(scope="module")
def running():
    with start(users=USERS, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        yield audit, tenant


@pytest.fixture
def tenant(running):
    _audit, tenant = running
    tenant.reset()
    return tenant


@pytest.fixture
def clock(tenant, monkeypatch):
    clock = Clock(tenant)
    monkeypatch.setattr(kept, "Budget", partial(Budget, clock=clock))
    return clock


@pytest.fixture
def audit(running, tenant, clock):
    """The function in a new process, with an empty bucket."""
    audit, _tenant = running
    audit.put_secret(secret_of(tenant))
    audit.fill({})
    audit.forget()
    return audit


def is_whole(audit, state) -> None:
    """The run has everybody."""
    assert (state["status"], state["read"]) == ("complete", USERS)
    latest = json.loads(audit.read(PREFIX + "latest.json"))
    assert latest["run"] == latest["complete"]["run"] == state["run"]
    assert json.loads(audit.read(latest["keys"]["summary.json"]))["coverage"]["read"] == USERS


def requests(tenant, part: str) -> list[dict]:
    """What the tenant was asked for."""
    return [each for each in tenant.control("GET", "requests") if part in each["path"]]


def test_a_tenant_that_refuses_for_90_seconds_is_waited_for_by_the_state_machine_and_asked_no_more_than_its_limit(
    audit, tenant, clock
):
    tenant.control("POST", "faults", {"kind": "limit", "seconds": 90, "path": METHODS, "after": 5, "count": 999})
    state, waits, began = None, [], time.monotonic()
    while state is None or state["next"] != "end":
        state = audit.invoke({"execution": "e-1", "state": state})
        if state["wait"]:
            waits.append(state["wait"])
            clock.passes(state["wait"])
            tenant.control("DELETE", "faults")
    assert len(waits) == 1 and 89 <= waits[0] <= 92
    # Nobody pays for a function that waits.
    assert time.monotonic() - began < 60
    is_whole(audit, state)
    reads = [each["status"] for each in requests(tenant, "/authentication-methods")]
    assert USERS <= reads.count(200) <= USERS + MOST_AHEAD and reads.count(429) <= THREADS


REFUSED = {"error": "access_denied", "error_description": "Unauthorized"}
# Of the old secret: before how many users its token ends, how often it still is accepted then, and by whom users are read.
ROTATIONS = {
    "revoked after the run": ([], None, [OLD]),
    "revoked when its token ends": ([5], 0, [OLD, NEW]),
    "revoked after another token of it": ([3, 8], 1, [OLD, NEW]),
}


@pytest.mark.parametrize("name", ROTATIONS)
def test_while_both_secrets_are_valid_the_run_goes_on_with_either(audit, tenant, key, name):
    ends, accepted, expected = ROTATIONS[name]
    assert audit.invoke({"dry_run": True})["status"] == "planned"
    signs = {"domain": tenant.domain, "base_url": tenant.url, "client_id": NEW, "private_key": key}
    audit.put_secret(signs)
    for after in ends:
        tenant.control("POST", "faults", {"kind": "expire-token", "path": METHODS, "after": after})
    if accepted is not None:
        refusal = {"kind": "status", "path": "/oauth/token", "status": 401, "body": REFUSED, "after": accepted}
        tenant.control("POST", "faults", refusal)
    tenant.control("DELETE", "requests")
    is_whole(audit, audit.to_the_end({"execution": "e-1"}))
    # Those who were told that their token is over were asked for again.
    reads = [each["principal"] for each in requests(tenant, "/authentication-methods") if each["status"] == 200]
    assert len(reads) == USERS and [who for who, _each in groupby(sorted(reads, reverse=True))] == expected
    logins = [each["status"] for each in requests(tenant, "/oauth/token")]
    assert logins == [200] * (accepted or 0) + [401, 200] * (accepted is not None)
    # A process that begins later knows the new one only.
    audit.forget()
    tenant.control("DELETE", "requests")
    is_whole(audit, audit.to_the_end({"execution": "e-2", "full": True}))
    assert {each["principal"] for each in requests(tenant, "/authentication-methods")} == {NEW}


def test_a_secret_that_is_put_between_two_segments_is_used_by_the_second(audit, tenant, clock, key):
    tenant.control("POST", "faults", {"kind": "limit", "seconds": 60, "path": METHODS, "after": 5})
    state = audit.invoke({"execution": "e-1"})
    assert state["wait"] >= 59
    audit.put_secret({"domain": tenant.domain, "base_url": tenant.url, "client_id": NEW, "private_key": key})
    clock.passes(state["wait"])
    # The secret was read five minutes ago.
    audit.forget()
    is_whole(audit, audit.to_the_end({"execution": "e-1"}, state))
    reads = [each["principal"] for each in requests(tenant, "/authentication-methods") if each["status"] == 200]
    assert len(reads) <= USERS + MOST_AHEAD and set(reads) == {OLD, NEW}
