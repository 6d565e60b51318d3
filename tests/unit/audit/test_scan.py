# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.findings import finding_id
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.population import Population
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.scan import Coverage, Scan
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    ForbiddenError,
    InsufficientScopeError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)

from tests.unit.audit.fake_tenant import NOW, TENANT, FakeTenant, authenticator, user

FATAL = [AuthenticationError, ForbiddenError, InsufficientScopeError, RateLimitError, TransportError]


def walk(tenant: FakeTenant, remaining=lambda: 1000.0, margin=10.0):
    population = Population(tenant)
    scan = Scan(tenant, TENANT, Policy(), NOW, remaining, margin)
    rows = list(scan.rows(population))
    return rows, scan.coverage, scan.coverage.not_reached(population.total)


def tenant_of(size: int, **answers) -> FakeTenant:
    """Answers are given as n3=..., for the user number 3."""
    return FakeTenant(
        [user(number) for number in range(size)], {"auth0|%05d" % int(key[1:]): value for key, value in answers.items()}
    )


def test_one_request_per_user():
    tenant = tenant_of(40)
    rows, coverage, not_reached = walk(tenant)
    assert tenant.reads == [each["user_id"] for each in tenant.users] == [row["user_id"] for row in rows]
    assert (coverage.read, coverage.partial, not_reached) == (40, False, 0)


def test_an_unreadable_user_is_a_row_that_says_so():
    error = ServerError("Could not list the authenticators of auth0|00001: Bad gateway", status=502)
    rows, coverage, not_reached = walk(tenant_of(3, n1=error))
    assert (rows[1]["mfa"], rows[1]["authenticators"], rows[1]["error"]) == ("unknown", [], str(error))
    assert [finding["rule"] for finding in rows[1]["findings"]] == ["unread"]
    assert (coverage.read, coverage.unread, not_reached) == (2, 1, 0)
    assert (coverage.partial, coverage.stopped) == (True, None)
    assert rows[1]["tenant"] == TENANT
    assert [finding["id"] for finding in rows[1]["findings"]] == [finding_id(TENANT, "unread", "auth0|00001", None)]


def test_everybody_is_counted_once():
    gone, broken = NotFoundError("gone", status=404), ServerError("broken", status=502)
    tenant = tenant_of(10, n1=gone, n2=gone, n4=broken, n5=broken, n6=broken, n8=TransportError("lost"))
    rows, coverage, not_reached = walk(tenant)
    assert (coverage.read, coverage.gone, coverage.unread, not_reached) == (3, 2, 3, 2)
    assert len(rows) == coverage.read + coverage.unread


@pytest.mark.parametrize("total, not_reached", [(None, None), (9, 0), (8, 0), (10, 1)])
def test_users_that_were_not_reached_are_those_that_nobody_counted(total, not_reached):
    assert Coverage(read=4, unread=3, gone=2, stopped="lost").not_reached(total) == not_reached
    assert Coverage(read=4, unread=3, gone=2).not_reached(total) == 0


def test_a_user_deleted_meanwhile_is_gone_and_not_unread():
    rows, coverage, not_reached = walk(tenant_of(3, n1=NotFoundError("The user does not exist", status=404)))
    assert [row["user_id"] for row in rows] == ["auth0|00000", "auth0|00002"]
    assert (coverage.read, coverage.gone, coverage.unread, coverage.partial, not_reached) == (2, 1, 0, False, 0)


@pytest.mark.parametrize("kind", FATAL)
def test_what_would_meet_everybody_ends_the_walk_and_keeps_what_was_read(kind):
    tenant = tenant_of(10, n4=kind("Could not list the authenticators of auth0|00004: no", status=400, hint="Do it."))
    rows, coverage, not_reached = walk(tenant)
    assert (len(rows), coverage.read, coverage.partial, not_reached) == (4, 4, True, 6)
    assert coverage.stopped == "Could not list the authenticators of one user: no (status 400). Do it."
    assert tenant.reads[-1] == "auth0|00004"


@pytest.mark.parametrize("kind", FATAL)
def test_where_nothing_was_read_the_error_is_the_result(kind):
    with pytest.raises(kind, match="authenticators of one user: no"):
        walk(tenant_of(10, n0=kind("Could not list the authenticators of auth0|00000: no")))


def test_a_listing_that_fails_later_keeps_what_was_read():
    tenant = tenant_of(250)
    honest = tenant.list_users

    def failing(**query):
        if query["query"]:
            raise TransportError("Could not list the users: connection lost")
        return honest(**query)

    tenant.list_users = failing
    rows, coverage, not_reached = walk(tenant)
    assert (len(rows), not_reached) == (100, 150)
    assert coverage.stopped == "Could not list the users: connection lost."


def test_the_walk_ends_before_the_margin_is_touched():
    tenant = tenant_of(50)
    rows, coverage, not_reached = walk(tenant, remaining=lambda: 30.0 - len(tenant.reads), margin=10.0)
    assert (len(rows), not_reached, coverage.partial) == (21, 29, True)
    assert coverage.stopped == "The time limit was about to be reached."


def test_no_user_is_read_in_the_time_a_page_of_the_listing_took():
    tenant = tenant_of(5)
    rows, coverage, not_reached = walk(tenant, remaining=lambda: 30.0 - 25.0 * tenant.requests, margin=10.0)
    assert (rows, tenant.reads, not_reached, coverage.partial) == ([], [], 5, True)


def test_without_any_time_nothing_is_asked():
    tenant = tenant_of(5)
    rows, coverage, not_reached = walk(tenant, remaining=lambda: 1.0)
    assert (rows, tenant.requests, not_reached, coverage.partial) == ([], 0, None, True)


def test_an_authenticator_without_dates_has_no_age():
    scan = Scan(FakeTenant([], {"auth0|00001": [authenticator(created=None)]}), TENANT, Policy(), NOW, lambda: 1.0, 0.0)
    ((row,),) = [each["authenticators"] for each in scan.rows([user(1)])]
    assert (row["age_days"], row["age_from"], row["created_at"]) == (None, None, None)


def test_the_row_of_a_user():
    found = [
        authenticator(
            "phone",
            created=200,
            enrolled=199,
            used=100,
            channels=("sms", "voice"),
            phone_number="XXXXXXXX4321",
            name="work",
        )
    ]
    profile = user(1, name="Ada", last_login="2026-05-01T00:00:00.000Z", blocked=True)
    row = next(
        Scan(FakeTenant([], {profile["user_id"]: found}), TENANT, Policy(), NOW, lambda: 1.0, 0.0).rows([profile])
    )
    assert {key: value for key, value in row.items() if key not in ("authenticators", "findings")} == {
        "schema_version": 1,
        "tenant": TENANT,
        "user_id": "auth0|00001",
        "email": "user00001@example.com",
        "name": "Ada",
        "created_at": profile["created_at"],
        "last_login": "2026-05-01T00:00:00.000Z",
        "blocked": True,
        "mfa": "weak",
        "error": None,
    }
    assert row["authenticators"] == [
        {
            "id": "phone|dev_1",
            "factor": "phone",
            "confirmed": True,
            "name": "work",
            "channels": ["sms", "voice"],
            "phone_number": "XXXXXXXX4321",
            "email": None,
            "created_at": "2025-11-13T12:00:00.000Z",
            "enrolled_at": "2025-11-14T12:00:00.000Z",
            "last_auth_at": "2026-02-21T12:00:00.000Z",
            "age_days": 100,
            "age_from": "last_auth_at",
        }
    ]
    assert row["findings"] == [
        {
            "id": finding_id(TENANT, "weak-only", "auth0|00001", None),
            "rule": "weak-only",
            "severity": "medium",
            "authenticator_id": None,
            "factor": None,
            "age_days": None,
            "age_from": None,
        },
        {
            "id": finding_id(TENANT, "stale", "auth0|00001", "phone|dev_1"),
            "rule": "stale",
            "severity": "medium",
            "authenticator_id": "phone|dev_1",
            "factor": "phone",
            "age_days": 100,
            "age_from": "last_auth_at",
        },
    ]
