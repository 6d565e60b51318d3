# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All users of the tenant, by an export job and by the search: everybody once or an error, whatever goes wrong on the way."""

from __future__ import annotations

import logging
from collections import Counter
from itertools import count

import pytest
import requests

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.given_token import GivenToken
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.export import ExportedUsers, ExportUnavailable
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.population import Population
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error

from tests.emulator.switches import MIXED
from tests.emulator.users.seed import Population as EmulatedPopulation
from tests.support.audits import audit

USERS = 230


@pytest.fixture
def running(emulator):
    emulator.reset(users=USERS, switches={"export-seconds": 0})
    return emulator


@pytest.fixture
def api(running):
    body = {"grant_type": "client_credentials", "client_id": "m2m-readonly", "client_secret": "m2m-readonly-secret"}
    body["audience"] = "https://%s/api/v2/" % running.domain
    token = requests.post(running.url + "/oauth/token", json=body, timeout=10).json()["access_token"]
    connection = Connection.from_options(base_url=running.url, timeout=1)
    with ManagementApi(connection, Budget(max_wait=5), Bearer(GivenToken("api_token", token))) as client:
        yield client


def exported(api) -> ExportedUsers:
    """An export that loses no time."""
    ticks = count()
    return ExportedUsers(api, sleep=lambda seconds: None, clock=lambda: float(next(ticks)))


def paths(running) -> list[str]:
    return ["%(method)s %(path)s" % each for each in running.control("GET", "requests")]


def fault(running, kind, path, **members):
    running.control("POST", "faults", {"kind": kind, "path": path, **members})


def test_both_ways_list_the_same_users_and_count_them(api):
    listed = {user["user_id"]: user for user in exported(api)}
    searched = {user["user_id"]: user for user in Population(api)}
    assert len(listed) == len(searched) == api.count_users() == USERS
    for user_id, user in searched.items():
        changed = {"multifactor_last_modified": listed[user_id].get("multifactor_last_modified")}
        assert {**listed[user_id], **changed} == {**user, **changed}
        assert set(user["identities"][0]) == {"connection", "provider", "is_social"}
    assert any("multifactor_last_modified" in user for user in listed.values())


def test_an_export_takes_three_requests(running, api):
    running.control("DELETE", "requests")
    assert len(list(exported(api))) == USERS
    kinds = [path.partition("?")[0] for path in paths(running)]
    assert [kind.split("/")[-2] for kind in kinds] == ["jobs", "jobs", kinds[2].split("/")[-2]]
    assert kinds[2].startswith("GET /exports/job_")
    assert {each["principal"] for each in running.control("GET", "requests") if "/exports/" in each["path"]} <= {
        None,
        "",
    }


def test_a_failed_job_is_no_empty_tenant(running, api):
    running.reset(users=USERS, switches={"export-seconds": 0, "export-outcome": "failed"})
    with pytest.raises(ExportUnavailable, match="the job failed: The export failed"):
        list(exported(api))


def test_a_job_that_takes_its_time_is_waited_for(running, api):
    running.reset(users=USERS, switches={"export-seconds": 2})
    assert len(list(ExportedUsers(api))) == USERS


KINDS = {
    "status": {"status": 403},
    "close": {},
    "lost": {},
    "truncated": {},
    "malformed": {},
    "error-200": {},
    "endless": {},
    "bomb": {},
    "broken-gzip": {},
    "wrong-length": {},
    "redirect": {},
    "drip": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_download_that_goes_wrong_once_is_repeated_with_another_link(running, api, kind):
    fault(running, kind, "/exports/*", **KINDS[kind])
    assert len({user["user_id"] for user in exported(api)}) == USERS
    links = [path for path in paths(running) if path.startswith("GET /exports/")]
    assert len(links) == len(set(links)) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_download_that_always_goes_wrong_is_an_error(running, api, kind):
    fault(running, kind, "/exports/*", count=99, **KINDS[kind])
    with pytest.raises(ExportUnavailable, match="^Could not (download|read) the exported users"):
        list(exported(api))


@pytest.mark.parametrize("part", [0, 0.001, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("kind", ["truncated", "malformed"])
def test_no_part_of_a_file_is_the_file(running, api, kind, part):
    fault(running, kind, "/exports/*", count=99, part=part)
    with pytest.raises(ExportUnavailable):
        list(exported(api))


@pytest.mark.parametrize("kind", ["status", "close", "lost", "truncated", "malformed", "error-200", "redirect"])
@pytest.mark.parametrize("path", ["/api/v2/jobs/users-exports", "/api/v2/jobs/job_*"])
def test_a_job_that_goes_wrong_once_costs_nothing_but_time(running, api, path, kind):
    fault(running, kind, path)
    assert len(list(exported(api))) == USERS


@pytest.mark.parametrize("members", [["id"], ["status"], ["location"]])
@pytest.mark.parametrize("kind", ["sparse", "retyped"])
def test_a_job_without_its_members_is_an_error_and_no_empty_tenant(running, api, kind, members):
    fault(running, kind, "/api/v2/jobs/*", count=10_000, members=members)
    with pytest.raises(ExportUnavailable, match="not in the documented format"):
        list(exported(api))


def test_a_link_that_has_expired_is_renewed(running, api):
    (job,) = [api.start_users_export(("user_id",))]
    link = api.users_export(job).location
    running.control("PUT", "clock", {"advance_seconds": 61})
    with pytest.raises(Auth0Error, match="status 403"):
        list(api.download(link))
    assert len(list(api.download(api.users_export(job).location))) == USERS


def test_the_signature_of_a_link_is_shown_nowhere(running, api, caplog):
    caplog.set_level(logging.DEBUG)
    fault(running, "truncated", "/exports/*", count=99)
    with pytest.raises(ExportUnavailable) as caught:
        list(exported(api))
    signatures = {path.partition("signature=")[2] for path in paths(running) if "/exports/" in path}
    assert len(signatures) == 4
    assert not any(signature in caplog.text + str(caught.value) + repr(caught.value) for signature in signatures)


ODD = {"name": 5, "email": ["a@example.com"], "last_login": "0000-00-00", "created_at": {}, "identities": "none"}


@pytest.mark.parametrize("way", [exported, Population])
def test_profiles_with_odd_members_are_listed_with_what_can_be_read(running, api, way):
    for name in ODD:
        values = {key: value for key, value in ODD.items() if key == name}
        fault(running, "replaced", "/exports/*" if way is exported else "/api/v2/users", values=values)
        found = list(way(api))
        assert len({user["user_id"] for user in found}) == USERS
        odd = [user for user in found if user.get("unreadable") == [name]]
        assert odd and not any(name in user for user in odd)
        running.control("DELETE", "faults")


@pytest.mark.parametrize("kind", ["shift", "fewer", "duplicate"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_page_that_is_off_hides_nobody(running, api, kind, after):
    fault(running, kind, "/api/v2/users", rows=5, after=after)
    population = Population(api)
    found = [user["user_id"] for user in population]
    assert (len(found), len(set(found)), population.incomplete) == (USERS, USERS, None)


@pytest.mark.parametrize("kind", ["shift", "fewer"])
def test_pages_that_are_always_off_are_said_to_be(running, api, kind):
    fault(running, kind, "/api/v2/users", rows=5, count=999)
    population = Population(api)
    found = {user["user_id"] for user in population}
    assert len(found) == USERS or "Auth0 counts 230 users, of whom %d were listed" % len(found) in population.incomplete


@pytest.mark.parametrize("members", [["users"], ["total"], ["user_id"], ["created_at"]])
def test_pages_without_their_members_are_never_a_whole_list(running, api, members):
    fault(running, "sparse", "/api/v2/users", count=999, members=members)
    population = Population(api)
    try:
        found = list(population)
    except Auth0Error:
        return
    # Without dates the pages are walked as they are numbered.
    assert population.incomplete or (members == ["created_at"] and len(found) == USERS)


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_an_audit_counts_every_user_of_every_kind_once(emulator, tmp_path, outcome):
    switches = {"export-seconds": 0, "export-outcome": outcome, "user-kinds": "mixed"}
    emulator.reset(users=USERS, switches=switches)
    population = EmulatedPopulation(7, USERS, 0, ("sms",), MIXED)
    expected = {population.user_id(i): population.kind(i) for i in range(1, USERS + 1)}
    audited = audit(emulator, tmp_path)
    assert not audited.summary["partial"] and audited.summary["coverage"]["read"] == USERS
    assert audited.by_id.keys() == expected.keys()
    seen = Counter(row["connections"][0] for row in audited.rows)
    assert seen == Counter(kind.connection for kind in expected.values()) and len(seen) == 11
    for user_id, row in audited.by_id.items():
        kind = expected[user_id]
        assert (row["email"] is not None) == kind.has_email and row["name"] and row["error"] is None
        assert len(row["connections"]) == (2 if kind.linked else 1)
        # A company's identity provider asks for the second factor itself.
        assert row["protection"] == "elsewhere" if kind.is_enterprise and not row["authenticators"] else True
        assert row["by_idp"] == (kind.provider not in ("auth0", "email", "sms"))
