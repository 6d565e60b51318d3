# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of tokens that an application gets for itself."""

from __future__ import annotations

import pytest

from tests.emulator.state.token_quotas import Bucket, TokenQuotas

from ..client import refused

CLIENT = {"client_id": "m2m-readonly", "client_secret": "m2m-readonly-secret"}
HEADER = "auth0-client-quota-limit"


@pytest.fixture
def quiet(api):
    """Ten minutes after a full hour that does not end a day."""
    now = api.now()
    seconds = (23 - now.hour) * 3600 + (60 - now.minute) * 60 - now.second
    api.advance(seconds + 600)  # 00:10 of the next day
    return api


def token(api):
    return api.token(grant_type="client_credentials", audience=api.management_audience, **CLIENT)


def allow(api, client_id="m2m-readonly", **quota):
    body = {"token_quota": {"client_credentials": quota}}
    assert api.manage("PATCH", f"/clients/{client_id}", json=body).status_code == 200


def test_without_a_quota_there_is_no_header(api):
    assert HEADER not in token(api).headers


def test_a_quota_is_told_and_ends_with_the_hour(quiet):
    api = quiet
    allow(api, per_hour=2, per_day=10)
    told = [token(api).headers[HEADER] for _time in range(2)]
    parts = [dict(pair.split("=") for pair in bucket.split(";")) for bucket in told[1].split(",")]
    assert [(part["b"], part["q"], part["r"]) for part in parts] == [("per_hour", "2", "0"), ("per_day", "10", "8")]
    assert 2990 <= int(parts[0]["t"]) <= 3000 and told[0].startswith("b=per_hour;q=2;r=1;")
    spent = token(api)
    refused(spent, 429, "too_many_requests", "Client quota exceeded")
    assert spent.headers["retry-after"] == spent.headers[HEADER].split(",")[0].rpartition("t=")[2]
    assert (spent.headers["x-ratelimit-limit"], spent.headers["x-ratelimit-remaining"]) == ("2", "0")
    assert int(spent.headers["x-ratelimit-reset"]) == pytest.approx(api.now().timestamp() + 3000, abs=10)
    api.advance(3001)
    assert token(api).status_code == 200


def test_a_quota_may_only_be_watched(quiet):
    allow(quiet, per_hour=1, enforce=False)
    assert [token(quiet).status_code for _time in range(3)] == [200] * 3


def test_the_tenants_default_counts_where_an_application_has_no_quota_of_its_own(quiet):
    quotas = {"clients": {"client_credentials": {"per_day": 1}}}
    quiet.management_token()
    assert quiet.manage("PATCH", "/tenants/settings", json={"default_token_quota": quotas}).status_code == 200
    assert [token(quiet).status_code for _time in range(2)] == [200, 429]
    allow(quiet, per_day=3)
    assert [token(quiet).status_code for _time in range(3)] == [200, 200, 429]


def test_logins_of_users_do_not_count(quiet):
    allow(quiet, client_id="app", per_hour=1)
    assert [quiet.login(1).status_code for _time in range(3)] == [200] * 3


def test_consumption_and_refusals_are_logged(quiet):
    allow(quiet, per_hour=5)
    for _time in range(6):
        token(quiet)
    entries = quiet.manage(
        "GET", "/logs", params={"q": "type:token_quota_consumption_warning", "sort": "date:1"}
    ).json()
    assert [entry["details"]["quota_consumption_percentage"] for entry in entries] == [60, 80, 100]
    assert entries[0]["description"] == "60% of client per_hour quota consumed"
    (failed,) = quiet.manage("GET", "/logs", params={"q": "type:feccft"}).json()
    assert failed["client_id"] == "m2m-readonly"


@pytest.mark.parametrize("quota", [{}, {"client_credentials": {}}, {"client_credentials": {"per_hour": 0}}])
def test_a_quota_that_says_nothing_is_refused(api, quota):
    assert api.manage("PATCH", "/clients/app", json={"token_quota": quota}).status_code == 400


def test_hours_and_days_are_those_of_utc():
    quotas = TokenQuotas()
    midnight = 86400 * 20000
    for now in (midnight - 1, midnight, midnight + 3599):
        quotas.count("c", now)
    limits = {"per_hour": 2, "per_day": 5, "enforce": True}
    assert quotas.buckets("c", limits, midnight + 3599) == [Bucket("per_hour", 2, 2, 1), Bucket("per_day", 5, 2, 82801)]
    assert quotas.buckets("c", limits, midnight + 3600) == [
        Bucket("per_hour", 2, 0, 3600),
        Bucket("per_day", 5, 2, 82800),
    ]
    assert quotas.buckets("other", limits, midnight)[0].remaining == 2
