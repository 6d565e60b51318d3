# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit function in the real runtime client, against the embedded tenant and a local AWS."""

from __future__ import annotations

import json
import math
import re
from functools import partial

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import run as run_here
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget

from tests.emulator.launch import start
from tests.support.lambda_runtime import FunctionError
from tests.support.operator import client_secret, management_api

from .conftest import PREFIX, SECRET, secret_of, to_the_end

METHODS = "/api/v2/users/*/authentication-methods"
# Of user 11 alone, and of some.
METHODS_OF_ONE = "/api/v2/users/oauth2|*/authentication-methods"
METHODS_OF_SOME = "/api/v2/users/google-oauth2|*/authentication-methods"
MISSING_SCOPE = {
    "statusCode": 403,
    "error": "Forbidden",
    "errorCode": "insufficient_scope",
    "message": "Insufficient scope, expected any of: read:authentication_methods",
}


def user_reads(tenant) -> list[str]:
    return [each["path"] for each in tenant.control("GET", "requests") if "/authentication-methods" in each["path"]]


def test_every_user_is_read_once_with_one_request_and_reports_need_none(function, runs, tenant):
    audit = function(tenant)
    state = audit.invoke({"execution": "e-1"})
    log, reads = tenant.control("GET", "requests"), user_reads(tenant)
    # An export reads only, although it is begun with a POST.
    assert [each["path"] for each in log if each["method"] != "GET"] == ["/oauth/token", "/api/v2/jobs/users-exports"]
    assert len(reads) == len(set(reads)) == 500
    assert len(log) <= 500 + 11  # token, list, counts and the tenant's settings
    assert (state["next"], state["status"], state["read"], state["to_read"]) == ("report", "running", 500, 500)
    assert runs.latest() is None
    (ended,) = to_the_end(audit, state=state)
    assert len(tenant.control("GET", "requests")) == len(log)
    assert (ended["status"], ended["partial"], ended["segment"]) == ("complete", False, 2)
    rows = runs.rows()
    assert len({row["user_id"] for row in rows}) == len(rows) == 500
    first = {row["email"]: row for row in rows}["user00001@example.com"]
    assert (first["protection"], [each["rule"] for each in first["findings"]]) == ("none", ["no-mfa"])


def test_the_reports_agree_and_the_report_can_be_repeated(function, runs, tenant):
    audit = function(tenant)
    states = to_the_end(audit)
    before = {key: runs.read(key) for key in runs.keys() if "/report/" in key or key.endswith("latest.json")}
    assert to_the_end(audit, state=states[-2]) == states[-1:]
    assert {key: runs.read(key) for key in before} == before and len(before) == 9
    summary, run = runs.summary(), states[-1]["run"]
    counted = [finding["rule"] for row in runs.rows() if row["place"] == "in" for finding in row["findings"]]
    assert summary["findings"] == {rule: counted.count(rule) for rule in summary["findings"]}
    assert b"have a strong second factor" in runs.report("report.html")
    latest = runs.latest()
    assert (latest["run"], latest["partial"], latest["complete"]["run"]) == (run, False, run)
    assert set(latest["keys"].values()) < set(runs.keys())
    assert all(key.startswith("%sruns/%s/report/" % (PREFIX, run)) for key in latest["keys"].values())


def test_a_folder_and_the_bucket_have_the_same_rows(function, runs, small, tmp_path):
    ended = to_the_end(function(small))[-1]
    store, budget = FolderStore(str(tmp_path)), Budget(1, math.inf)
    with management_api(small.url, budget, partial(client_secret, client_id="m2m-readonly")) as api:
        outcome = run_here(api, budget, store, Order(small.domain), tenant=GuardianApi(api))

    def of(rows: list[dict]) -> list[dict]:
        """Without what the time and the name of the run decide."""
        return [without(row, ("read_at", "run", "first_seen", "last_seen")) for row in rows]

    with store.open(outcome.keys["users.jsonl.gz"]) as file:
        assert of(read_lines(file, "users")) == of(runs.rows(ended["run"]))


def without(value, names: tuple[str, ...]):
    """The value without these members, wherever they are."""
    if isinstance(value, dict):
        return {name: without(each, names) for name, each in value.items() if name not in names}
    return [without(each, names) for each in value] if isinstance(value, list) else value


def test_the_log_has_a_line_for_each_chunk_with_run_and_segment(function, tenant):
    # The fixture looks for names in all of it.
    audit = function(tenant, unruly={"chunk": 120}, AUDIT_THREADS="10")
    run = to_the_end(audit)[-1]["run"]
    lines = [json.loads(line) for line in audit.output.splitlines()]
    chunks = [line for line in lines if line.get("message") == "chunk stored"]
    assert [line["kept"] for line in chunks] == [100, 200, 300, 400]
    assert {(line["run"], line["segment"], line["level"]) for line in chunks} == {(run, 1, "INFO")}
    ended = [line["status"] for line in lines if line.get("message") == "segment ended"]
    assert ended == ["running", "complete"]


def test_a_warm_function_keeps_its_token_and_the_next_run_reads_what_is_new(function, runs, tenant):
    audit = function(tenant)
    first, second = to_the_end(audit, execution="e-1")[-1], to_the_end(audit, execution="e-2")[-1]
    assert first["run"] < second["run"] and second["to_read"] < 40
    assert [each["path"] for each in tenant.control("GET", "requests")].count("/oauth/token") == 1
    assert runs.summary()["coverage"]["read"] == 500 and runs.summary()["base"] == first["run"]
    full = to_the_end(audit, {"full": True}, execution="e-3")[-1]
    assert full["to_read"] == 500 and runs.latest()["complete"]["run"] == full["run"]


def test_some_users_are_a_run_of_their_own_and_do_not_become_the_latest(function, runs, tenant):
    audit = function(tenant)
    whole = to_the_end(audit)[-1]["run"]
    some = to_the_end(audit, {"users": ["user00003@example.com", runs.rows()[7]["user_id"]]}, execution="e-2")[-1]
    assert (some["to_read"], some["status"], len(runs.rows(some["run"]))) == (2, "complete", 2)
    assert runs.latest()["run"] == whole


def test_a_dry_run_reads_nobody_and_stores_nothing(function, runs, tenant):
    state = function(tenant).invoke({"dry_run": True})
    assert (state["status"], state["next"], state["to_read"], state["run"]) == ("planned", "end", 500, None)
    assert runs.keys() == [] and user_reads(tenant) == []


def test_a_user_who_cannot_be_read_makes_the_run_partial_and_is_not_without_mfa(function, runs, tenant):
    refusal = {"statusCode": 400, "error": "Bad Request", "message": "No luck", "errorCode": "no_luck"}
    fault = {"kind": "status", "path": METHODS_OF_ONE, "status": 400, "body": refusal, "count": 9}
    tenant.control("POST", "faults", fault)
    ended = to_the_end(function(tenant))[-1]
    assert (ended["status"], ended["partial"]) == ("partial", True)
    assert runs.summary()["reason"] == "Users who could not be read: 1."
    (unread,) = [row for row in runs.rows() if row["error"]]
    assert re.fullmatch(r"Could not list the authenticators of \S+: No luck \(status 400, no_luck\)\.", unread["error"])
    assert (unread["protection"], [each["rule"] for each in unread["findings"]]) == ("unknown", ["unread"])
    assert b"This report is partial" in runs.report("report.html")
    latest = runs.latest()
    assert (latest["run"], latest["partial"], latest["complete"]) == (ended["run"], True, None)


def test_an_error_names_nobody(function, small):
    body = {"statusCode": 403, "error": "Forbidden", "message": "No user00003@example.com here", "errorCode": "odd"}
    small.control(
        "POST", "faults", {"kind": "status", "path": "/api/v2/users*", "status": 403, "body": body, "count": 9}
    )
    with pytest.raises(FunctionError, match="status 403, odd") as failure:
        function(small).invoke({"users": ["user00003@example.com"]})
    assert "user00003" not in failure.value.message


def test_a_page_of_users_without_members_is_not_a_tenant_without_users(function, tenant, runs):
    tenant.control("POST", "faults", {"kind": "sparse", "path": "/api/v2/users", "members": ["users"], "count": 9})
    with pytest.raises(FunctionError, match="not in the documented format"):
        function(tenant).invoke({})
    assert runs.latest() is None


def test_a_user_deleted_meanwhile_does_not_make_it_partial(function, runs):
    with start(users=20, switches={"export-seconds": 0}) as tenant:
        tenant.control("POST", "faults", {"kind": "delete-user", "path": METHODS})
        ended = to_the_end(function(tenant))[-1]
    assert ended["status"] == "complete" and runs.summary()["coverage"]["gone"] == 1 and len(runs.rows()) == 19


def test_facts_whose_scopes_are_missing_are_noted(function, runs, small):
    for path, scope in (("guardian/policies", "read:mfa_policies"), ("guardian/factors", "read:guardian_factors")):
        body = {**MISSING_SCOPE, "message": "Insufficient scope, expected any of: " + scope}
        small.control("POST", "faults", {"kind": "status", "path": "/api/v2/" + path, "status": 403, "body": body})
    assert to_the_end(function(small))[-1]["status"] == "complete"
    note = runs.summary()["note"]
    assert "lacks the scope read:mfa_policies" in note and "lacks the scope read:guardian_factors" in note


# Credentials


def test_a_wrong_client_secret_is_a_configuration_error_and_leaves_nothing(function, runs, tenant):
    with pytest.raises(FunctionError, match="Check client_id and client_secret") as failure:
        function(secret=secret_of(tenant, "not-the-secret")).invoke({})
    assert failure.value.kind == "ConfigurationError"
    assert "not-the-secret" not in str(failure.value)
    # Once: a secret that has not changed is not tried again.
    assert [entry["path"] for entry in tenant.control("GET", "requests")] == ["/oauth/token"]
    assert runs.keys() == []


def test_a_rotated_secret_is_read_again_at_once(function, aws, tenant):
    audit = function(secret=secret_of(tenant, "not-the-secret"))
    with pytest.raises(FunctionError):
        audit.invoke({})
    aws.put_secret(SECRET, secret_of(tenant))
    assert to_the_end(audit)[-1]["status"] == "complete"


def test_the_secret_may_be_a_parameter_of_ssm(function, aws, small, runs):
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/mfa/tenant", Value=json.dumps(secret_of(small)), Type="SecureString", Overwrite=True)
    assert to_the_end(function(small, AUDIT_SECRET="ssm:/mfa/tenant"))[-1]["status"] == "complete"
    with pytest.raises(
        FunctionError, match=r"ssm:/mfa/none cannot be read \(ssm:GetParameter\).*ParameterNotFound"
    ) as failure:
        function(small, AUDIT_SECRET="ssm:/mfa/none").invoke({})
    assert failure.value.kind == "ConfigurationError"


# What is wrong before anything begins: a ConfigurationError that names it, no object, and no request to the tenant.


@pytest.mark.parametrize(
    ("event", "settings", "message"),
    [
        ({"id": "1"}, {}, "The event's id is not a setting"),
        ({"bucket": "b"}, {}, "The event's bucket is not a setting"),
        ([], {}, "The event is not an object"),
        ({"users": ["auth0|"]}, {}, "The event's users has an entry, number 1, that is neither a user ID"),
        ({"tenant": "other.example"}, {}, "The event's tenant 'other.example' is not that of this function"),
        ({"policy": "none"}, {}, "There is no policy audits/one/policies/none.yml in the bucket. Policies there: none"),
        ({}, {"AUDIT_POLICY": "none.yml"}, "There is no policy audits/one/policies/none.yml"),
        ({}, {"AUDIT_BUCKET": "not-there"}, "in the bucket not-there .*NoSuchBucket.*Check AUDIT_BUCKET"),
        ({}, {"AUDIT_SECRET": "nowhere"}, "The secret nowhere cannot be read .*ResourceNotFound.*Check AUDIT_SECRET"),
        ({}, {"AUDIT_MAX_RATE": "-1"}, "AUDIT_MAX_RATE '-1' is not a number of requests"),
        ({}, {"AUDIT_TENANT": "other.example"}, "domain is not the tenant of this function, other.example"),
        ({"report_only": True}, {}, "There is no run in the folder"),
    ],
)
def test_what_is_wrong_is_named_before_anything_begins(function, runs, tenant, event, settings, message):
    with pytest.raises(FunctionError, match=message) as failure:
        function(tenant, **settings).invoke(event)
    is_audit = isinstance(event, dict) and set(event) <= {"policy"} or settings
    assert failure.value.kind == ("ConfigurationError" if is_audit else "QuestionError")
    assert runs.keys() == [] and tenant.control("GET", "requests") == []


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        pytest.param("{not json", "The secret mfaops/tenant is not JSON", id="not JSON"),
        pytest.param('["list"]', "The secret mfaops/tenant cannot be used: it is not a JSON object", id="no object"),
        pytest.param(
            '{"domain": "t.example", "client_id": "not-the-secret"}', "client_secret is missing", id="missing"
        ),
    ],
)
def test_a_secret_that_cannot_be_right_is_named_and_never_quoted(function, aws, runs, secret, message):
    audit = function()
    aws.put_secret(SECRET, secret)
    with pytest.raises(FunctionError, match=message) as failure:
        audit.invoke({})
    assert failure.value.kind == "ConfigurationError" and "not-the-secret" not in str(failure.value)
    assert runs.keys() == []


def test_a_missing_scope_is_a_configuration_error(function, tenant, runs):
    fault = {"kind": "status", "path": METHODS, "status": 403, "body": MISSING_SCOPE, "count": 99}
    tenant.control("POST", "faults", fault)
    with pytest.raises(
        FunctionError, match=r"insufficient_scope.*Add the scope read:authentication_methods"
    ) as failure:
        function(tenant).invoke({})
    assert failure.value.kind == "ConfigurationError" and runs.latest() is None


def test_an_unreachable_tenant_is_waited_for_and_an_unknown_one_is_an_error(function, runs):
    secret = {
        "domain": "127.0.0.1:1",
        "base_url": "http://127.0.0.1:1",
        "client_id": "x",
        "client_secret": "not-the-secret",
    }
    audit = function(secret=secret)
    state = audit.invoke({})
    assert (state["next"], state["run"], state["wait"]) == ("read", None, 60)
    # The wait, and as long as the segment tried.
    assert 60 < state["held"] <= 90
    assert "127.0.0.1:1" in audit.output and runs.keys() == []
    secret.update(domain="nowhere.invalid", base_url="https://nowhere.invalid")
    with pytest.raises(FunctionError, match="the host name is unknown") as failure:
        function(secret=secret).invoke({})
    assert failure.value.kind == "TransportError" and runs.keys() == []


def test_a_timeout_that_leaves_no_time_is_a_configuration_error(function, tenant):
    with pytest.raises(FunctionError, match="The function's timeout leaves 15 s, but 20 s are kept") as failure:
        function(tenant, timeout=15.0).invoke({})
    assert failure.value.kind == "ConfigurationError"
    assert tenant.control("GET", "requests") == []


# Policies


def policy_of(text: str) -> bytes:
    return ("version: 1\n" + text).encode()


def test_a_policy_in_the_bucket_counts_and_its_version_is_in_the_summary(function, aws, bucket, runs, small):
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    key = PREFIX + "policies/strict.yml"
    content = policy_of("name: strict\nexclude: {user_ids_file: robots.txt}\nthresholds: {stale: {days: 60}}\n")
    version = s3.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]
    first = "auth0|00000000"
    s3.put_object(Bucket=bucket, Key=PREFIX + "policies/robots.txt", Body=first.encode())
    audit = function(small, AUDIT_POLICY="strict")
    run = to_the_end(audit)[-1]["run"]
    summary = runs.summary()
    assert (summary["policy"]["name"], summary["policy"]["stale_days"]) == ("strict", 60)
    assert summary["versions"]["policy"] == "%s, version %s" % (key, version)
    # What a change would change is seen without a request; the run's own reports stay.
    before, requests = runs.report("summary.json"), len(small.control("GET", "requests"))
    s3.put_object(Bucket=bucket, Key=PREFIX + "policies/loose.yml", Body=policy_of("off: [no-mfa]\n"))
    state = audit.invoke({"report_only": True, "policy": "loose"})
    assert (state["status"], state["next"], state["run"]) == ("complete", "end", run)
    assert len(small.control("GET", "requests")) == requests and runs.report("summary.json") == before
    (derived,) = [key for key in runs.keys() if "/derived/" in key and key.endswith("summary.json")]
    assert json.loads(runs.read(derived))["policy"]["off"] == ["no-mfa"]
    # By the same policy they are the run's own again.
    s3.delete_object(Bucket=bucket, Key=runs.latest()["keys"]["summary.json"])
    audit.invoke({"report_only": True})
    assert runs.report("summary.json") == before and len(small.control("GET", "requests")) == requests


def test_a_mistake_in_a_policy_is_told_with_file_line_and_column_before_the_first_request(
    function, aws, bucket, runs, tenant
):
    key = PREFIX + "policies/strict.yml"
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=policy_of("thresholds:\n  stale: {days: soon}\n"))
    place = r"audits/one/policies/strict.yml:3:\d+: .*'?soon'?.*expected"
    with pytest.raises(FunctionError, match=place) as failure:
        function(tenant, AUDIT_POLICY="strict.yml").invoke({})
    assert failure.value.kind == "ConfigurationError" and "/tmp" not in failure.value.message
    assert runs.keys() == [key] and tenant.control("GET", "requests") == []


@pytest.fixture(scope="module")
def small_tenant():
    with start(users=40, seed=7, switches={"export-seconds": 0}) as running:
        yield running


@pytest.fixture
def small(small_tenant):
    small_tenant.control("DELETE", "requests")
    yield small_tenant
    small_tenant.control("DELETE", "faults")
