# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit function in the real runtime client, against the embedded tenant and a local AWS."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from tests.emulator.launch import start
from tests.support.lambda_runtime import FunctionError

BUCKET = "mfa-reports"
METHODS = "/api/v2/users/*/authentication-methods"
# Of user 11 alone, and of some.
METHODS_OF_ONE = "/api/v2/users/oauth2|*/authentication-methods"
METHODS_OF_SOME = "/api/v2/users/google-oauth2|*/authentication-methods"


def user_reads(tenant) -> list[dict]:
    return [each for each in tenant.control("GET", "requests") if "/authentication-methods" in each["path"]]


def report(aws, result: dict, name: str) -> bytes:
    return aws.read(BUCKET, result["reports"] + name)


def rows_of(aws, result: dict) -> list[dict]:
    return [json.loads(line) for line in gzip.decompress(report(aws, result, "users.jsonl.gz")).splitlines()]


def test_every_user_is_read_once_with_one_request(function, aws, tenant):
    result = function(tenant).invoke({})
    reads = user_reads(tenant)
    # An export reads only, although it is begun with a POST.
    others = [each for each in tenant.control("GET", "requests") if each["method"] != "GET"]
    assert [each["path"] for each in others] == ["/oauth/token", "/api/v2/jobs/users-exports"]
    assert len(reads) == len({each["path"] for each in reads}) == 500
    assert len(tenant.control("GET", "requests")) <= 500 + 11  # token, list, counts and the tenant's settings
    rows = rows_of(aws, result)
    assert len({row["user_id"] for row in rows}) == len(rows) == 500
    assert (result["partial"], result["reason"], result["coverage"]["read"]) == (False, None, 500)


def test_the_first_user_has_no_factor_and_the_rules_say_so(function, aws, tenant):
    rows = {row["email"]: row for row in rows_of(aws, function(tenant).invoke({}))}
    first = rows["user00001@example.com"]
    assert (first["protection"], [each["rule"] for each in first["findings"]]) == ("none", ["no-mfa"])


def test_the_reports_agree_and_are_stored_encrypted_under_the_run(function, aws, tenant):
    result = function(tenant, AUDIT_PREFIX="audits/one").invoke({})
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f-]{36}", result["run"])
    summary = json.loads(report(aws, result, "summary.json"))
    counted = [finding["rule"] for row in rows_of(aws, result) if row["place"] == "in" for finding in row["findings"]]
    assert summary["findings"] == {rule: counted.count(rule) for rule in summary["findings"]}
    assert result["findings"] == {rule: count for rule, count in summary["findings"].items() if count}
    assert b"have a strong second factor" in report(aws, result, "report.html")
    kinds = {
        "users.jsonl.gz": "application/gzip",
        "summary.json": "application/json",
        "report.html": "text/html; charset=utf-8",
        "findings.csv": "text/csv; charset=utf-8",
    }
    for name, kind in kinds.items():
        stored = aws.client("s3").head_object(Bucket=BUCKET, Key=result["reports"] + name)
        assert (stored["ContentType"], stored["ServerSideEncryption"]) == (kind, "AES256")
    assert result["reports"] == "audits/one/runs/%s/report/" % result["run"]
    latest = json.loads(aws.read(BUCKET, "audits/one/latest.json"))
    assert (latest["run"], latest["partial"]) == (result["run"], False) and set(kinds) < set(latest["keys"])
    assert all(key == result["reports"] + name for name, key in latest["keys"].items())
    assert len(json.dumps(result)) < 1024


def test_a_second_run_overwrites_nothing(function, tenant):
    audit = function(tenant)
    first, second = audit.invoke({}), audit.invoke({})
    assert first["reports"] != second["reports"]
    assert first["findings"] == second["findings"]


def test_the_event_overrides_the_environment(function, tenant, aws):
    result = function(tenant, AUDIT_STALE_DAYS="3650").invoke({"stale_days": 1, "weak_factors": ["email"]})
    thresholds = json.loads(report(aws, result, "summary.json"))["policy"]
    assert (thresholds["stale_days"], thresholds["weak_factors"]) == (1, ["email"])


def test_a_user_who_cannot_be_read_makes_the_run_partial(function, aws, tenant):
    refusal = {"statusCode": 400, "error": "Bad Request", "message": "No luck", "errorCode": "no_luck"}
    fault = {"kind": "status", "path": METHODS_OF_ONE, "status": 400, "body": refusal, "count": 9}
    tenant.control("POST", "faults", fault)
    result = function(tenant).invoke({})
    assert (result["partial"], result["reason"]) == (True, "Users who could not be read: 1.")
    (unread,) = [row for row in rows_of(aws, result) if row["error"]]
    assert re.fullmatch(r"Could not list the authenticators of \S+: No luck \(status 400, no_luck\)\.", unread["error"])
    assert (unread["protection"], [each["rule"] for each in unread["findings"]]) == ("unknown", ["unread"])
    assert b"This report is partial" in report(aws, result, "report.html")


def test_a_user_whose_list_is_not_complete_is_unread_and_not_without_mfa(function, aws, tenant):
    fault = {"kind": "sparse", "path": METHODS_OF_SOME, "members": ["authenticators"], "count": 999}
    tenant.control("POST", "faults", fault)
    result = function(tenant).invoke({})
    unread = [row for row in rows_of(aws, result) if row["error"]]
    assert {row["user_id"].partition("|")[0] for row in unread} == {"google-oauth2"}
    assert {(row["protection"], row["findings"][0]["rule"]) for row in unread} == {("unknown", "unread")}
    assert result["partial"] and result["coverage"]["unread"] == len(unread) > 1


def test_a_page_of_users_without_members_is_not_a_tenant_without_users(function, tenant):
    tenant.control("POST", "faults", {"kind": "sparse", "path": "/api/v2/users", "members": ["users"], "count": 9})
    with pytest.raises(FunctionError, match="not in the documented format"):
        function(tenant).invoke({})


def test_a_user_deleted_meanwhile_does_not(function, aws):
    with start(users=20, switches={"export-seconds": 0}) as tenant:
        tenant.control("POST", "faults", {"kind": "delete-user", "path": METHODS})
        result = function(tenant).invoke({})
    assert (result["partial"], result["coverage"]["gone"], len(rows_of(aws, result))) == (False, 1, 19)


def test_a_run_that_is_refused_in_the_middle_keeps_what_it_has(function, aws, tenant):
    scope = "read:authentication_methods"
    body = {"statusCode": 403, "error": "Forbidden", "errorCode": "insufficient_scope"}
    body["message"] = "Insufficient scope, expected any of: " + scope
    fault = {
        "kind": "status",
        "path": METHODS_OF_SOME,
        "status": 403,
        "body": body,
        "count": 99,
    }
    tenant.control("POST", "faults", fault)
    result = function(tenant).invoke({})
    coverage = result["coverage"]
    assert result["partial"] and 0 < coverage["read"] < 500
    assert coverage["read"] + coverage["not_reached"] == 500 and len(rows_of(aws, result)) == coverage["read"]
    assert (
        result["reason"].startswith("Could not list the authenticators of one user: Insufficient scope")
        and scope in result["reason"]
    )


def test_a_missing_scope_is_a_configuration_error(function, tenant):
    body = {"statusCode": 403, "error": "Forbidden", "errorCode": "insufficient_scope"}
    body["message"] = "Insufficient scope, expected any of: read:authentication_methods"
    tenant.control("POST", "faults", {"kind": "status", "path": METHODS, "status": 403, "body": body, "count": 99})
    with pytest.raises(
        FunctionError, match=r"status 403, insufficient_scope.*Add the scope read:authentication_methods"
    ) as failure:
        function(tenant).invoke({})
    assert failure.value.kind == "ConfigurationError"


def test_a_wrong_client_secret_is_a_configuration_error(function, secret_for, tenant):
    with pytest.raises(FunctionError, match="Check client_id and client_secret") as failure:
        function(secret=secret_for(tenant, "not-the-secret")).invoke({})
    assert failure.value.kind == "ConfigurationError"
    assert "not-the-secret" not in str(failure.value)
    # Once: a secret that has not changed is not tried again.
    assert [entry["path"] for entry in tenant.control("GET", "requests")] == ["/oauth/token"]


def test_a_rotated_secret_is_read_again_at_once(function, aws, secret_for, tenant):
    audit = function(secret=secret_for(tenant, "not-the-secret"))
    with pytest.raises(FunctionError):
        audit.invoke({})
    aws.put_secret("mfaops/tenant", secret_for(tenant))
    assert audit.invoke({})["coverage"]["read"] == 500


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        pytest.param("{not json", "The secret mfaops/tenant is not JSON", id="not JSON"),
        pytest.param('["list"]', "The secret mfaops/tenant cannot be used: it is not a JSON object", id="no object"),
        pytest.param({"domain": "t.example", "client_id": "x"}, "client_secret is missing", id="key missing"),
        pytest.param(
            {
                "domain": "t.example",
                "client_id": "x",
                "client_secret": "not-the-secret",
                "base_url": "http://t.example",
            },
            "base_url is not an address that begins with https:",
            id="plain http",
        ),
        pytest.param(
            {"domain": "t.example", "client_id": "x", "client_secret": "not-the-secret", "base_url": 5},
            "base_url is not text",
            id="address no text",
        ),
    ],
)
def test_a_secret_that_cannot_be_right_is_named_and_never_quoted(function, secret, message):
    with pytest.raises(FunctionError, match=message) as failure:
        function(secret=secret).invoke({})
    assert failure.value.kind == "ConfigurationError"
    assert "not-the-secret" not in str(failure.value)


def test_a_missing_secret_says_what_to_check(function):
    with pytest.raises(
        FunctionError, match="The secret nowhere cannot be read .*ResourceNotFoundException.*Check AUDIT_SECRET"
    ) as failure:
        function(AUDIT_SECRET="nowhere").invoke({})
    assert failure.value.kind == "ConfigurationError"


def test_a_missing_bucket_says_what_to_check(function, tenant):
    with pytest.raises(FunctionError, match="to the bucket not-there.*NoSuchBucket.*Check AUDIT_BUCKET") as failure:
        function(tenant, AUDIT_BUCKET="not-there").invoke({})
    assert failure.value.kind == "ConfigurationError"
    assert tenant.control("GET", "requests") == []


def test_an_unreachable_tenant_may_be_retried(function):
    secret = {
        "domain": "127.0.0.1:1",
        "base_url": "http://127.0.0.1:1",
        "client_id": "x",
        "client_secret": "not-the-secret",
    }
    with pytest.raises(FunctionError, match="127.0.0.1:1") as failure:
        function(secret=secret).invoke({})
    assert failure.value.kind == "TransportError"


def test_a_run_that_comes_near_its_deadline_stores_what_it_has(function, aws, slow_tenant):
    result = function(slow_tenant, timeout=50.0).invoke({})
    coverage = result["coverage"]
    assert (result["partial"], result["reason"]) == (True, "The time limit was reached.")
    assert coverage["read"] >= 1 and coverage["read"] + coverage["not_reached"] == 500
    assert len(rows_of(aws, result)) == coverage["read"]


def test_a_timeout_that_leaves_no_time_is_a_configuration_error(function, tenant):
    with pytest.raises(FunctionError, match="The function's timeout leaves 30 s, but 38 s are kept") as failure:
        function(tenant, timeout=30.0).invoke({})
    assert failure.value.kind == "ConfigurationError"
    assert tenant.control("GET", "requests") == []


@pytest.fixture(scope="module")
def slow_tenant():
    with start(users=500, seed=7, plan="free") as running:
        yield running
