# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit of a tenant that fails, lies and changes meanwhile: the same rows as without that, or a run that says what is missing."""

from __future__ import annotations

import itertools
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
from tests.support.audits import Audited, audit, copied
from tests.support.operator import client_secret
from tests.support.campaign import MULTIPLIER, tried, trying

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
USER = ("GET", "/api/v2/users/*", ("user_id", "email", "created_at", "identities"))
BY_EMAIL = ("GET", "/api/v2/users-by-email", ("user_id", "email", "created_at", "identities"))
REQUESTS = {"token": TOKEN, "start": START, "job": JOB, "file": FILE, "list": LIST, "methods": METHODS,
            "user": USER, "by-email": BY_EMAIL}  # fmt: skip
# Kinds of runs, each with the requests that it makes.
RUNS = {
    "full": ("token", "start", "job", "file", "list", "methods"),
    "delta": ("token", "start", "job", "file", "list", "methods"),
    "search": ("token", "list", "methods"),
    "given": ("token", "user", "by-email", "methods"),
}
FORTY = Scope(query="email:user0002* OR email:user0003* OR email:user0004* OR email:user0005*")
# What a run gets over: nothing of it changes what the answer says, and the next request is answered.
PASSING = (
    *("close", "lost", "slow", "truncated", "malformed", "error-200", "drip", "endless", "interim", "bomb"),
    *("broken-gzip", "wrong-length", "redirect", "expire-token", "limit", "nested", "echo", "headers"),
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
        ids = [row["user_id"] for row in audit(running, folder / "ids", scope=FORTY).rows]
        self._scopes = {
            "search": FORTY,
            "given": Scope(user_ids=tuple(ids[:12]), emails=tuple("user%05d@example.com" % i for i in range(101, 109))),
        }
        self.expected = {name: self.audit(name) for name in RUNS}
        assert not any(audited.summary["partial"] for audited in self.expected.values())
        assert self.expected["delta"].summary["coverage"]["carried"] > USERS / 2

    def audit(self, name: str, **more) -> Audited:
        """A run of this kind, in a folder of its own."""
        folder = self._folder / str(next(self._numbers))
        if name == "delta":
            copied(self.base, folder)
        scope = self._scopes.get(name, Scope())
        return audit(self.running, folder, **{"scope": scope, "timeout": 0.4, "seconds": 7200.0, **more})

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
def places(draw) -> tuple[str, str]:
    """A kind of run, and one of its requests."""
    run = draw(st.sampled_from(["delta", "delta", "delta", "search", "search", "given", "full"]))
    return run, draw(st.sampled_from(RUNS[run]))


@st.composite
def faults(draw, kind: str, place) -> tuple[str, str, dict]:
    """A kind of run, one of its requests, and a fault of this kind that happens to it.

    :param place: draws the first two. Of the others the first choice is the one that tells most.
    """
    run, request = draw(place)
    method, path, members = REQUESTS[request]
    fault = {"kind": kind, "method": method, "path": path}
    if request in ("list", "methods", "user", "by-email"):
        fault["after"] = draw(st.sampled_from([2, *range(13)]))
    fault["count"] = 1 if kind in SLOW else draw(st.sampled_from([1, 1, 2, 5, 10**6]))
    names = draw(st.lists(st.sampled_from(members), min_size=1, max_size=2, unique=True))
    if kind == "status":
        fault["status"] = draw(st.sampled_from([503, 200, 204, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504]))
    elif kind in ("truncated", "malformed"):
        fault["part"] = draw(st.floats(0, 1))
    elif kind in ("sparse", "retyped"):
        fault["members"] = names
    elif kind == "replaced":
        fault["values"] = {name: draw(st.sampled_from(ODD)) for name in names}
    elif kind == "headers":
        fault["headers"] = draw(
            st.sampled_from([{"date": "Thu, 01 Jan 2026 00:00:00 GMT"}, {"date": "x"}, {"content-type": "x"}])
        )
    elif kind == "proxy":
        fault["status"] = draw(st.sampled_from([503, 403, 407, 502, 504, 200, 302]))
    elif kind in ("shift", "duplicate", "fewer", "more"):
        fault["rows"] = draw(st.integers(1, 12))
    elif kind == "limit":
        fault["seconds"] = draw(st.sampled_from([61, 900] if fault["count"] > 9 else [61, 0, 1, 900]))
    elif kind == "slow":
        fault["seconds"] = draw(st.sampled_from([0.1, 0, 2]))
    return run, request, fault


def changes_what_is_read(request: str, kind: str) -> bool:
    """Whether answers say something else of a user than is true, in a form that no client can tell from the truth."""
    if kind in ("unknown", "sparse", "retyped", "replaced"):
        return request in ("file", "list", "methods", "user", "by-email")
    # The path of one user fits that of the user's methods as well.
    return request in ("methods", "user") and kind in ("shift", "duplicate", "fewer", "more", "status")


def check(tenant: Tenant, run: str, request: str, fault: dict) -> None:
    """Audit with this fault: nobody is missing without being told, and what is told is true."""
    expected = tenant.expected[run].by_id
    tenant.fault(**fault)
    try:
        audited = tenant.audit(run)
    except Auth0Error as error:
        # A tenant that never answered is not waited for.
        never = request in ("token", "list", "user") and not fault.get("after")
        assert never or fault["kind"] not in PASSING or fault["count"] > 1, f"the run got not over it: {error}"
        return
    finally:
        tenant.heal()
    rows, summary = audited.by_id, audited.summary
    coverage = summary["coverage"]
    assert rows.keys() <= expected.keys(), "a user who is not there has a row"
    missing = len(expected.keys() - rows.keys())
    assert missing <= coverage["not_reached"] + coverage["gone"] or coverage["listed_is_lower_bound"], summary
    # Whoever a list names with an ID that nobody has is gone, and may still be found elsewhere under the true one.
    made_up = "user_id" in fault.get("values", {})
    if not summary["partial"]:
        assert missing == coverage["gone"] or (made_up and missing < coverage["gone"]), summary
    if coverage["gone"]:
        assert made_up or (request, fault.get("status")) in (("methods", 404), ("user", 404)), "nobody is gone"
    if not changes_what_is_read(request, fault["kind"]):
        read = {user_id: row for user_id, row in rows.items() if row["error"] is None}
        known = {user_id: {**row, "read_at": None} for user_id, row in expected.items()}
        assert {user_id: {**row, "read_at": None} for user_id, row in read.items()} == {
            user_id: known[user_id] for user_id in read
        }
    if fault["kind"] in PASSING and fault["count"] == 1:
        assert not summary["partial"], summary["reason"]


FAULTS = [kind for kind in KINDS if kind != "delete-user"]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_any_kind_at_any_request_changes_no_row_or_is_told(tenant, kind):
    @trying(1 if kind in SLOW else 3)
    @given(faults(kind, places()))
    def campaign(example):
        tried("faults under an audit")
        check(tenant, *example)

    campaign()


# Each request of an audit. A longer campaign tries each under both, a full run and a delta run.
EACH = {
    True: [("full", "token"), ("full", "job"), ("full", "list"), ("delta", "start"), ("delta", "file"),
           ("delta", "methods"), ("given", "user"), ("given", "by-email")],
    False: [("delta", "token"), ("delta", "job"), ("delta", "list"), ("full", "start"), ("full", "file"),
            ("full", "methods"), ("search", "list"), ("search", "methods")],
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_at_each_request_changes_no_row_or_is_told(tenant, kind):
    half = FAULTS.index(kind) % 2 == 0
    for place in EACH[half] + (EACH[not half] if MULTIPLIER > 1 else []):

        @trying(1)
        @given(faults(kind, st.just(place)))
        def campaign(example):
            tried("faults at each request of an audit")
            check(tenant, *example)

        campaign()


LISTS = {
    "full": ("list", "file"), "delta": ("list", "file"), "search": ("list", "methods"), "given": ("by-email", "methods")
}  # fmt: skip


@st.composite
def lies(draw) -> tuple[str, str, dict]:
    """A list that is not what it says, on any page: without its member, or with too few or too many rows."""
    run = draw(st.sampled_from(["delta", "delta", "search", "search", "search", "given", "full"]))
    request = draw(st.sampled_from(LISTS[run]))
    method, path, _members = REQUESTS[request]
    fault = {"method": method, "path": path, "count": draw(st.sampled_from([1, 1, 2, 10**6]))}
    fault["after"] = draw(st.integers(0, 8)) if request != "file" else 0
    ways = [{"kind": kind, "rows": rows} for kind in ("fewer", "more", "shift", "duplicate") for rows in (1, 2, 9, 50)]
    ways += [
        {"kind": "sparse", "members": members}
        for members in (["users"], ["total"], ["user_id"], ["id"], ["users", "total"])
    ]
    ways += [
        {"kind": "replaced", "values": values}
        for values in (
            {"users": []},
            {"total": 0},
            {"total": 10**6},
            {"total": 1000},
            {"users": [], "total": 0},
            {"user_id": "auth0|same"},
        )
    ]
    ways += [
        {"kind": "status", "status": 200, "body": body} for body in ([], {}, None, {"users": [], "total": 0}, [[]])
    ]
    return run, request, {**fault, **draw(st.sampled_from(ways))}


def test_no_list_is_believed(tenant):
    @trying(60)
    @given(lies())
    def campaign(example):
        tried("lists that lie to an audit")
        check(tenant, *example)

    campaign()


# Each of these lost users once.


@pytest.fixture
def refused_export(tenant):
    """No export can be had, so that the users are listed with the search."""
    tenant.fault(kind="status", status=403, method="POST", path=START[1], count=10**6)
    yield
    tenant.heal()


@pytest.fixture
def healed(tenant):
    """No fault is left behind."""
    yield tenant
    tenant.heal()


def test_a_page_of_the_search_that_fails_five_times_in_the_middle_loses_nobody(tenant, refused_export):
    tenant.fault(kind="status", method="GET", path=LIST[1], after=8, count=5)
    audited = tenant.audit("full")
    assert not audited.summary["partial"] and audited.summary["coverage"]["source"] == "search"
    assert audited.by_id.keys() == tenant.expected["full"].by_id.keys()


def test_rows_that_the_search_shifts_are_missed_by_no_run(tenant, refused_export):
    tenant.fault(kind="shift", rows=7, method="GET", path=LIST[1], after=3, count=2)
    audited = tenant.audit("full")
    assert not audited.summary["partial"]
    assert audited.by_id.keys() == tenant.expected["full"].by_id.keys()


def test_rows_that_no_page_shows_are_counted_as_not_reached(tenant, refused_export):
    tenant.fault(kind="fewer", rows=7, method="GET", path=LIST[1], count=10**6)
    audited = tenant.audit("full")
    coverage = audited.summary["coverage"]
    assert audited.summary["partial"] and len(audited.rows) < USERS
    assert (coverage["listed"], coverage["not_reached"]) == (USERS, USERS - len(audited.rows))


@pytest.mark.parametrize("without", [["users"], ["total"], ["users", "total"]])
def test_a_page_without_its_members_is_no_empty_tenant(tenant, refused_export, without):
    tenant.fault(kind="sparse", members=without, method="GET", path=LIST[1], count=10**6)
    with pytest.raises(Auth0Error):
        tenant.audit("full")


@pytest.mark.parametrize(
    "body", [[], {"users": []}, {"users": [], "total": USERS, "start": 0, "limit": 9, "length": 0}]
)
def test_a_page_without_rows_is_no_empty_tenant(tenant, refused_export, body):
    tenant.fault(kind="status", status=200, body=body, method="GET", path=LIST[1], count=10**6)
    with pytest.raises(Auth0Error):
        tenant.audit("full")


def test_ten_seconds_without_a_network_are_waited_for(healed):
    healed.fault(kind="close", path="*", method="GET", after=70, count=10**6)
    audited = healed.audit("full", told=lambda waited: healed.heal() if waited > 10 else None)
    assert audited.waited > 10 and not audited.summary["partial"]
    assert audited.by_id == healed.expected["full"].by_id


def test_a_network_that_stays_away_ends_the_run_and_the_next_one_goes_on(healed, tmp_path):
    healed.fault(kind="close", path="*", method="GET", after=70, count=10**6)
    cut = audit(healed.running, tmp_path)
    healed.heal()
    coverage = cut.summary["coverage"]
    assert cut.summary["partial"] and 0 < coverage["read"] < USERS
    whole = audit(healed.running, tmp_path)
    assert whole.outcome.run == cut.outcome.run and not whole.summary["partial"]
    assert whole.by_id == healed.expected["full"].by_id


def test_a_limit_that_lasts_61_seconds_is_waited_for(healed):
    healed.fault(kind="limit", seconds=61, path=METHODS[1], after=70)
    audited = healed.audit("full")
    assert audited.waited > 60 and not audited.summary["partial"]
    assert audited.by_id == healed.expected["full"].by_id


def test_a_token_and_a_secret_that_are_replaced_in_the_middle_end_no_run(healed):
    known = []

    def login(connection, budget):
        def load():
            known.append("m2m-readonly" if known else "m2m")
            return client_secret(connection, budget, known[-1])

        return Reread(load)

    healed.fault(kind="expire-token", path=METHODS[1], after=70)
    healed.fault(kind="status", status=401, body={"error": "access_denied"}, path=TOKEN[1], after=1)
    audited = healed.audit("full", login=login)
    assert known == ["m2m", "m2m-readonly"] and not audited.summary["partial"]
    assert audited.by_id == healed.expected["full"].by_id


@pytest.mark.parametrize("name", ["full", "delta"])
def test_users_who_are_deleted_under_an_audit_are_gone_and_all_others_are_told(tmp_path, name):
    with start(users=120, switches={"export-seconds": 0}) as running:
        before = audit(running, tmp_path / "base")
        assert not before.summary["partial"]
        running.control("POST", "logins", {"every": 3})
        folder = tmp_path / ("base" if name == "delta" else "other")
        deleting = {"kind": "delete-user", "path": METHODS[1]}
        running.control("POST", "faults", {**deleting, "after": 5, "count": 7})
        # One who was read, or carried over, before that.
        (kept,) = [row["user_id"] for row in before.rows if row["email"] == "user00003@example.com"]
        running.control("POST", "faults", {**deleting, "after": 30, "user_id": kept})
        during = audit(running, folder, threads=1)
        coverage = during.summary["coverage"]
        assert not during.summary["partial"], during.summary["reason"]
        assert (coverage["listed"], coverage["gone"], coverage["not_reached"]) == (120, 7, 0)
        assert kept in during.by_id and len(during.rows) == 113
        after = audit(running, folder, threads=1)
        assert not after.summary["partial"]
        assert set(after.by_id) == set(during.by_id) - {kept} and len(after.rows) == 112


def test_eleven_hundred_users_of_one_millisecond_are_all_read_or_told_to_be_missing(tmp_path):
    with start(users=20, switches={"export-seconds": 0}) as running:
        running.control("POST", "users/create", {"count": 1100})
        whole = audit(running, tmp_path / "export", threads=8)
        assert not whole.summary["partial"] and len(whole.rows) == 1120
        refusal = {"kind": "status", "status": 403, "method": "POST", "path": START[1]}
        running.control("POST", "faults", refusal)
        walked = audit(running, tmp_path / "search", threads=8)
        coverage = walked.summary["coverage"]
        assert walked.summary["partial"] and coverage["source"] == "search"
        assert (coverage["listed"], len(walked.rows), coverage["not_reached"]) == (1120, 1020, 100)


ODD_USERS = """
users:
- email: name@example.com
  raw: {name: 5}
- email: address@example.com
  raw: {email: [a]}
- email: login@example.com
  raw: {last_login: 0000-00-00, multifactor_last_modified: soon, created_at: 5}
- email: label@example.com
  authenticators:
  - {factor: phone, number: +15005550123, raw: {name: "\\uD83D", last_auth_at: '2099-01-01T00:00:00.000Z'}}
- email: Saml@Example.com
  identities:
  - {connection: corp, provider: samlp}
  - {connection: google-oauth2}
  app_metadata: {tier: "\\uD83D"}
  raw: {name: "\\uD83D"}
"""


@pytest.mark.parametrize("source", ["export", "search"])
def test_an_odd_profile_or_label_ends_no_run(tmp_path, source):
    path = tmp_path / "users.yml"
    path.write_text(ODD_USERS)
    with start(users=5, seed_file=path, switches={"export-seconds": 0}) as running:
        if source == "search":
            running.control("POST", "faults", {"kind": "status", "status": 403, "method": "POST", "path": START[1]})
        audited = audit(running, tmp_path / "audits")
    assert not audited.summary["partial"] and audited.summary["coverage"]["source"] == source
    rows = {row["user_id"]: row for row in audited.rows}
    assert len(rows) == 10
    unreadable = sorted(row["unreadable"] for row in rows.values() if row["unreadable"])
    dates = ["created_at", "last_login"] + (["multifactor_last_modified"] if source == "export" else [])
    assert unreadable == sorted([["name"], ["email"], dates])
    (saml,) = (row for user_id, row in rows.items() if user_id.startswith("samlp|"))
    assert [each["connection"] for each in saml["identities"]] == ["corp", "google-oauth2"]
