# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit of a tenant that fails, lies and changes meanwhile: the same rows as without that, or a run that says what is missing."""

from __future__ import annotations

import itertools
import json
import urllib.request
from pathlib import Path

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import Reread
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users import population
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.http.faults import KINDS
from tests.emulator.launch import Running, start
from tests.support.audits import Audited, audit, client_secret, copied
from tests.support.campaign import tried, trying

USERS = 150
# The requests of an audit: a method, a path, and members of their answers.
TOKEN = ("POST", "/oauth/token", ("access_token", "expires_in", "token_type", "scope"))
START = ("POST", "/api/v2/jobs/users-exports", ("id", "status", "type"))
JOB = ("GET", "/api/v2/jobs/*", ("status", "location", "percentage_done", "id"))
FILE = (
    "GET",
    "/exports/*",
    ("user_id", "email", "identities", "created_at", "multifactor_last_modified", "connection"),
)
# How many users there are, or a page of a search: they have one path.
LIST = ("GET", "/api/v2/users", ("users", "total", "length", "start", "user_id", "created_at", "last_login", "name"))
METHODS = ("GET", "/api/v2/users/*/authentication-methods", ("id", "type", "created_at", "confirmed", "last_auth_at"))
REQUESTS = {"token": TOKEN, "start": START, "job": JOB, "file": FILE, "list": LIST, "methods": METHODS}
# Kinds of runs, each with the requests that it makes.
RUNS = {
    "full": ("token", "start", "job", "file", "list", "methods"),
    "delta": ("token", "start", "job", "file", "list", "methods"),
    "search": ("token", "list", "methods"),
}
FORTY = Scope(query="email:user0002* OR email:user0003* OR email:user0004* OR email:user0005*")
# What a run gets over: nothing of it changes what the answer says, and the next request is answered.
PASSING = (
    *("close", "lost", "slow", "truncated", "malformed", "error-200", "drip", "endless", "interim", "bomb"),
    *("broken-gzip", "wrong-length", "redirect", "expire-token", "limit"),
)
# What takes real time.
SLOW = ("drip", "endless", "interim", "slow", "bomb")
ODD = (
    None,
    True,
    0,
    5,
    -1,
    2.5,
    10**30,
    "",
    " ",
    "x",
    "0000-00-00",
    "9999-12-31T23:59:59.999Z",
    "\ud800",
    [],
    {},
    [None],
    {"x": 1},
)


class Tenant:
    """An embedded tenant whose users have changed a little since an audit, and what audits say of it without faults."""

    def __init__(self, running: Running, folder: Path) -> None:
        self.running, self._folder, self._numbers = running, folder, itertools.count()
        self.base = folder / "base"
        audit(running, self.base)
        running.control("POST", "logins", {"every": 20})
        self.expected = {name: self.audit(name) for name in RUNS}
        assert not any(audited.summary["partial"] for audited in self.expected.values())
        assert self.expected["delta"].summary["coverage"]["carried"] > USERS / 2

    def audit(self, name: str, **more) -> Audited:
        """A run of this kind, in a folder of its own."""
        folder = self._folder / str(next(self._numbers))
        if name == "delta":
            copied(self.base, folder)
        scope = FORTY if name == "search" else Scope()
        return audit(self.running, folder, scope=scope, timeout=0.4, seconds=7200, **more)

    def fault(self, **description) -> None:
        """Make requests go wrong."""
        self.running.control("POST", "faults", description)

    def heal(self) -> None:
        """Forget all faults."""
        self.running.control("DELETE", "faults")


@pytest.fixture(scope="module")
def tenant(tmp_path_factory):
    with start(users=USERS, switches={"export-seconds": 0}) as running, pytest.MonkeyPatch.context() as patch:
        patch.setattr(population, "PER_PAGE", 9)
        yield Tenant(running, tmp_path_factory.mktemp("audits"))


@st.composite
def faults(draw, kind: str) -> tuple[str, str, dict]:
    """A kind of run, one of its requests, and a fault of this kind that happens to it."""
    run = draw(st.sampled_from(["delta", "delta", "delta", "search", "search", "full"]))
    request = draw(st.sampled_from(RUNS[run]))
    method, path, members = REQUESTS[request]
    fault = {"kind": kind, "method": method, "path": path}
    if request in ("list", "methods"):
        fault["after"] = draw(st.integers(0, 12))
    fault["count"] = 1 if kind in SLOW else draw(st.sampled_from([1, 1, 2, 5, 10**6]))
    names = draw(st.lists(st.sampled_from(members), min_size=1, max_size=2, unique=True))
    if kind == "status":
        fault["status"] = draw(st.sampled_from([200, 204, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504]))
    elif kind in ("truncated", "malformed"):
        fault["part"] = draw(st.floats(0, 1))
    elif kind in ("sparse", "retyped"):
        fault["members"] = names
    elif kind == "replaced":
        fault["values"] = {name: draw(st.sampled_from(ODD)) for name in names}
    elif kind in ("shift", "duplicate", "fewer", "more"):
        fault["rows"] = draw(st.integers(1, 12))
    elif kind == "limit":
        fault["seconds"] = draw(st.sampled_from([61, 900] if fault["count"] > 9 else [0, 1, 61, 900]))
    elif kind == "slow":
        fault["seconds"] = draw(st.sampled_from([0, 0.1, 2]))
    return run, request, fault


def changes_what_is_read(request: str, kind: str) -> bool:
    """Whether answers say something else of a user than is true, in a form that no client can tell from the truth."""
    if kind in ("unknown", "sparse", "retyped", "replaced"):
        return request in ("file", "list", "methods")
    return request == "methods" and kind in ("shift", "duplicate", "fewer", "more", "status")


def check(tenant: Tenant, run: str, request: str, fault: dict) -> None:
    """Audit with this fault: nobody is missing without being told, and what is told is true."""
    expected = tenant.expected[run].by_id
    tenant.fault(**fault)
    try:
        audited = tenant.audit(run)
    except Auth0Error as error:
        assert fault["kind"] not in PASSING or fault["count"] > 1, f"the run got not over it: {error}"
        return
    finally:
        tenant.heal()
    rows, summary = audited.by_id, audited.summary
    coverage = summary["coverage"]
    assert rows.keys() <= expected.keys(), "a user who is not there has a row"
    missing = len(expected.keys() - rows.keys())
    assert missing <= coverage["not_reached"] + coverage["gone"] or coverage["listed_is_lower_bound"], summary
    if not summary["partial"]:
        assert missing == coverage["gone"], summary
    if coverage["gone"]:
        assert (request, fault.get("status")) == ("methods", 404), "nobody is gone"
    if not changes_what_is_read(request, fault["kind"]):
        read = {user_id: row for user_id, row in rows.items() if row["error"] is None}
        known = {user_id: {**row, "read_at": None} for user_id, row in expected.items()}
        assert {user_id: {**row, "read_at": None} for user_id, row in read.items()} == {
            user_id: known[user_id] for user_id in read
        }
    if fault["kind"] in PASSING and fault["count"] == 1:
        assert not summary["partial"], summary["reason"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "delete-user"])
def test_a_fault_of_any_kind_at_any_request_changes_no_row_or_is_told(tenant, kind):
    @trying(2 if kind in SLOW else 5)
    @given(faults(kind))
    def campaign(example):
        tried("faults under an audit")
        check(tenant, *example)

    campaign()
