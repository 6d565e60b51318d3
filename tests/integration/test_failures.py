# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input and bad weather: one line that names the cause and the way out, no traceback, nothing changed."""

from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlsplit

import jwt
import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.findings import finding_id

from .conftest import Tenant, email

pytestmark = pytest.mark.run_by("module")

INFO = "mfaops.auth0.auth0_mfa_authenticator_info"
AUTHENTICATOR = "mfaops.auth0.auth0_mfa_authenticator"
CODE = "mfaops.auth0.auth0_recovery_code"
TICKET = "mfaops.auth0.auth0_mfa_enrollment_ticket"
BROWSER = "mfaops.auth0.auth0_remembered_browser"
SESSION = "mfaops.auth0.auth0_user_session"
REFRESH_TOKEN = "mfaops.auth0.auth0_refresh_token"
BLOCK = "mfaops.auth0.auth0_user_block"
FACTOR = "mfaops.auth0.auth0_guardian_factor"
ACTION = "mfaops.auth0.auth0_action"
TOKEN = "mfaops.auth0.auth0_mfa_token"
API_TOKEN = "mfaops.auth0.auth0_api_token"
# One task of each module that reads and, where it can, would write.
TASKS = {
    INFO: {"email": email(3)},
    AUTHENTICATOR: {"email": email(3), "factor": "email", "email_address": "new@example.com"},
    CODE: {"email": email(3)},
    TICKET: {"email": email(3)},
    BROWSER: {"email": email(3), "state": "absent"},
    SESSION: {"email": email(3), "state": "absent"},
    REFRESH_TOKEN: {"email": email(3), "state": "absent"},
    BLOCK: {"email": email(3), "state": "absent"},
}
# The same for those that are about the tenant and no user.
TENANT_TASKS = {
    FACTOR: {"enabled": ["duo"]},
    ACTION: {"name": "mine", "code": "exports.onExecutePostLogin = async () => {};"},
}
ALL_TASKS = {**TASKS, **TENANT_TASKS}
AUDIT = "mfaops.auth0.auth0_mfa_audit"
REMEDIATION = "mfaops.auth0.auth0_mfa_remediation"
# Those that find nothing to change.
UNCHANGED = (INFO, AUDIT, SESSION, REFRESH_TOKEN, BLOCK)
AS_USER = {INFO: {}, AUTHENTICATOR: {"factor": "otp"}}


def decided(tenant: Tenant, number: int = 3, url: str | None = None) -> dict:
    """The options to make a recovery code for a user, of whom an audit has found that there is none.

    :param url: of another tenant
    """
    user_id, domain = tenant.user_id(number), urlsplit(url or tenant.running.url).netloc
    found = {
        **{"rule": "no-recovery-code", "tenant": domain, "user_id": user_id, "email": email(number)},
        **dict.fromkeys(("authenticator_id", "link_id", "seen", "exempted")),
        **{"privileged": False, "break_glass": False, "status": "new", "last_seen": "2026-01-01T00:00:00.000Z"},
        "id": finding_id(domain, "no-recovery-code", user_id, None),
    }
    file = tenant.folder / "findings.jsonl"
    file.write_text(json.dumps(found) + "\n")
    made = {"results_path": str(tenant.folder / "acted.jsonl"), "codes_folder": str(tenant.folder / "codes")}
    return {"findings": str(file), "reviewed": [found["id"]], **made}


def all_tasks(tenant: Tenant, url: str | None = None) -> dict:
    """Those of every module, also of the two that have files.

    :param url: of another tenant
    """
    return {**ALL_TASKS, AUDIT: {"folder": str(tenant.folder / "audits")}, REMEDIATION: decided(tenant, url=url)}


def one_line(result: dict, output: str) -> str:
    assert result["failed"], result
    assert "\n" not in result["msg"]
    assert "Traceback" not in output and "Traceback" not in result.get("exception", "")
    return result["msg"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(
    "options, said, facts",
    [
        (
            {"client_secret": "wrong"},
            "Check client_id and client_secret",
            {"status": 401, "error_code": "access_denied"},
        ),
        ({"api_token": "nonsense"}, "Set api_token to a whole access token for the audience", {"status": 400}),
        ({"email": "nobody@example.com"}, "no user has this e-mail address", {}),
        (
            {"email": None, "user_id": "auth0|0123456789abcdef01234567"},
            "The user does not exist",
            {"status": 404, "error_code": "inexistent_user"},
        ),
        ({"email": None, "user_id": ".."}, "user_id '..' is not an ID", {}),
        ({"email": None, "user_id": "a/b"}, "user_id 'a/b' is not an ID", {}),
        ({"email": None}, "No user given", {}),
        ({"user_id": "auth0|0123456789abcdef01234567"}, "mutually exclusive: user_id|email", {}),
        ({"api_token": "tök€n"}, "characters that no token has", {}),
        ({"auth0_domain": "exa mple.com", "base_url": None}, "auth0_domain 'exa mple.com' is not a domain", {}),
        ({"ca_path": "/"}, "ca_path '/' is not a file of PEM certificates", {}),
        ({"base_url": "http://tenant.example.com"}, "base_url uses plain http for tenant.example.com", {}),
        ({"base_url": "https://tenant.invalid"}, "the host name is unknown", {}),
        ({"base_url": None}, "No tenant is given", {}),
        ({"client_id": "m2m-without-secret", "client_secret": None}, "No credentials given", {}),
        ({"rate_limit_share": 2}, "rate_limit_share 2.0 is not above 0", {}),
        ({"max_rate": 0}, "max_rate 0.0 is not a number of requests each second", {}),
        ({"max_wait": float("inf")}, "max_wait inf is not a number of seconds", {}),
    ],
    ids=[
        "wrong client_secret",
        "api_token of nobody",
        "unknown email",
        "unknown user_id",
        "user_id of two dots",
        "user_id with a slash",
        "no user",
        "user_id and email",
        "api_token that is none",
        "auth0_domain with a space",
        "ca_path that is a directory",
        "plain http",
        "unknown host",
        "no tenant",
        "no credentials",
        "rate_limit_share 2",
        "max_rate 0",
        "max_wait without end",
    ],
)
def test_bad_input_as_operator(tenant, options, said, facts):
    about_a_user = {"email", "user_id"} & options.keys()
    described = TASKS if about_a_user else all_tasks(tenant, options.get("base_url"))
    tasks = [{module: drop_none({**tenant.operator, **task, **options})} for module, task in described.items()]
    played = tenant.play({}, *tasks)
    for module, result in zip(described, played.results, strict=True):
        assert said in one_line(result, played.output)
        # That of many decisions tells of each in its results.
        assert module == REMEDIATION or {name: result.get(name) for name in facts} == facts
    # A write to a user who does not exist is refused, which changes nothing.
    assert tenant.writes(refused=False) == []


@pytest.mark.oldest
@pytest.mark.middle
@pytest.mark.run_by("ansible-playbook")
def test_ansible_playbook_shows_one_line_for_every_module(tenant):
    wrong = {**tenant.operator, "client_secret": "wrong"}
    both = {"user_id": "auth0|0123456789abcdef01234567"}
    as_user = tenant.user(3, password="wrong")
    tasks = all_tasks(tenant)
    played = tenant.play(
        wrong,
        *[{module: task} for module, task in tasks.items()],
        *[{module: {**tenant.operator, **task, **both}} for module, task in TASKS.items()],
        *[{module: {**as_user, **task}} for module, task in {**AS_USER, TOKEN: {}}.items()],
    )
    texts = [one_line(result, played.output) for result in played.results]
    said = [
        *["Check client_id and client_secret"] * len(tasks),
        *["mutually exclusive: user_id|email"] * len(TASKS),
        *["Check username, password and realm"] * 3,
    ]
    assert [expected in text for text, expected in zip(texts, said, strict=True)] == [True] * len(said)
    assert tenant.writes() == []


def drop_none(options: dict) -> dict:
    return {name: value for name, value in options.items() if value is not None}


@pytest.mark.parametrize(
    "options, said, facts",
    [
        ({"password": "wrong"}, "Check username, password and realm", {"status": 403, "error_code": "invalid_grant"}),
        ({"client_secret": "wrong"}, "Check client_id and client_secret", {"status": 401}),
        (
            {"client_id": "app-without-mfa", "client_secret": "app-without-mfa-secret", "otp": "123456"},
            "Enable this grant type",
            {"status": 403, "error_code": "unauthorized_client"},
        ),
        ({"otp": "000000"}, "Check the code and the clock", {"status": 403, "error_code": "invalid_grant"}),
        (
            {"username": None, "password": None, "realm": None, "mfa_token": "Fe26.2*nonsense"},
            "mfa_token",
            {"status": 401},
        ),
        (
            {"username": None, "password": None, "realm": None, "mfa_token": "nonsense"},
            "Use an access token for the /mfa/ audience",
            {"status": 401},
        ),
        ({"email": "user00003@example.com"}, "mfa_token", {}),
        ({"client_id": None}, "client_id is required to act as the user", {}),
        ({"username": None, "password": None, "realm": None, "mfa_token": ""}, "mfa_token is empty", {}),
        ({"realm": "no-such-connection"}, "Check realm", {}),
    ],
    ids=[
        "wrong password",
        "wrong client_secret",
        "MFA grant that is off",
        "wrong otp",
        "mfa_token that cannot be opened",
        "mfa_token that is none",
        "email beside the login",
        "no client_id",
        "empty mfa_token",
        "unknown realm",
    ],
)
def test_bad_input_as_the_user(tenant, options, said, facts):
    tasks = [{module: drop_none({**tenant.user(3), **task, **options})} for module, task in AS_USER.items()]
    played = tenant.play({}, *tasks)
    for result in played.results:
        assert said in one_line(result, played.output)
        assert {name: result.get(name) for name in facts} == facts
    assert tenant.writes() == []


def test_an_expired_token_says_so_on_either_side(tenant):
    as_user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    as_operator = {"base_url": tenant.running.url, "api_token": tenant.operator_token()}
    tasks = all_tasks(tenant)
    tenant.running.control("PUT", "clock", {"advance_seconds": 90_000})
    played = tenant.play({}, {INFO: as_user}, *[{module: {**task, **as_operator}} for module, task in tasks.items()])
    texts = [one_line(result, played.output) for result in played.results]
    assert "younger than 600 s" in texts[0]
    assert [text for text in texts[1:] if "api_token has expired. Get another one" not in text] == []
    assert {result["status"] for result in played.results if "counts" not in result} == {401}


def test_a_missing_scope_is_named_with_what_to_do(tenant):
    reader = {**tenant.operator, "client_id": "m2m-readonly", "client_secret": "m2m-readonly-secret"}
    # Where there is nothing to end, nothing is asked for; test_ending.py has the scopes of these.
    elsewhere = (AUTHENTICATOR, *UNCHANGED)
    played = tenant.play(
        reader,
        {AUTHENTICATOR: TASKS[AUTHENTICATOR]},
        {AUTHENTICATOR: {"email": email(3), "state": "absent", "factor": "phone", "allow_last_factor": True}},
        *[{module: task} for module, task in all_tasks(tenant).items() if module not in elsewhere],
    )
    scopes = [
        "create:authentication_methods",
        "delete:authentication_methods",
        "update:users",
        "create:guardian_enrollment_tickets",
        "update:users",
        "update:guardian_factors",
        "create:actions",
        "update:users",
    ]
    assert len(played.results) == len(scopes)
    for result, scope in zip(played.results, scopes):
        assert "Add the scope %s to the application's grant" % scope in one_line(result, played.output)
        facts = tuple(result.get(name) for name in ("status", "error_code", "required_scope"))
        assert "counts" in result or facts == (403, "insufficient_scope", scope)
    assert len(tenant.methods(3)) == 1


def test_an_application_without_the_scope_to_list_is_told_which(tenant):
    app = tenant.log_in(1, scope="enroll")["access_token"]
    tenant.forget_requests()
    played = tenant.play(
        tenant.application, {INFO: {"mfa_token": app}}, {AUTHENTICATOR: {"mfa_token": app, "factor": "otp"}}
    )
    for result in played.results:
        assert "the access token lacks the scope read:authenticators" in one_line(result, played.output)
        assert result["required_scope"] == "read:authenticators" and "status" not in result
    assert tenant.requests() == []


def test_a_token_for_another_api_is_told_before_any_request(tenant):
    other = jwt.encode({"aud": "https://%s/me/" % tenant.running.domain}, "k" * 32)
    played = tenant.play({**tenant.application, "mfa_token": other}, {INFO: {}}, {AUTHENTICATOR: {"factor": "otp"}})
    for result in played.results:
        said = "is not for the audience https://%s/mfa/" % tenant.running.domain
        assert said in one_line(result, played.output)
    assert tenant.requests() == []


@pytest.mark.parametrize(
    "authenticator_id", ["..", "a/b", "", "totp|"], ids=["two dots", "slash", "empty", "nothing after the bar"]
)
def test_an_authenticator_id_that_is_none_is_refused_before_any_request(tenant, authenticator_id):
    tenant.forget_requests()
    played = tenant.play(
        {**tenant.operator, "email": email(3)},
        {AUTHENTICATOR: {"state": "absent", "authenticator_id": authenticator_id}},
    )
    assert "is not an ID" in one_line(played.results[0], played.output)
    assert tenant.requests() == []


def test_an_authenticator_of_another_user_is_not_touched(tenant):
    (others,) = tenant.methods(2)
    user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    named = {"authenticator_id": others["id"]}
    played = tenant.play(
        {},
        {AUTHENTICATOR: {**user, **named, "state": "confirmed", "code": "123456"}},
        {AUTHENTICATOR: {**tenant.operator, **named, "email": email(3), "name": "mine"}},
        {AUTHENTICATOR: {**tenant.operator, **named, "email": email(3), "state": "absent"}},
    )
    confirm, rename, remove = played.results
    for result in (confirm, rename):
        assert "The user has no authenticator with the ID" in one_line(result, played.output)
    # Whether it is another's or gone cannot be told apart, and removing what is gone is no error.
    assert remove["changed"] is False and "The user has no authenticator with the ID" in remove["warnings"][0]
    assert tenant.methods(2) == [others]


def test_an_unreachable_tenant_is_named(tenant):
    url = "http://127.0.0.1:%d" % free_port()
    tasks = [
        {module: {**tenant.operator, **task, "base_url": url, "max_wait": 0}}
        for module, task in all_tasks(tenant, url).items()
    ]
    tasks += [{module: {**tenant.user(3), **task, "base_url": url, "max_wait": 0}} for module, task in AS_USER.items()]
    played = tenant.play({}, *tasks)
    for result in played.results:
        assert "%s: connection refused" % url in one_line(result, played.output)


@pytest.mark.parametrize(
    "path",
    ["/oauth/token", "/api/v2/users/*/authentication-methods", "/api/v2/*"],
    ids=["token", "authenticators", "Management API"],
)
def test_a_429_is_waited_for_and_the_task_goes_on(tenant, path):
    tasks = {**all_tasks(tenant), REMEDIATION: decided(tenant, 6)}
    tenant.forget_requests()
    tenant.fault(kind="limit", path=path, count=2, seconds=0)
    results = tenant.results(tenant.operator, *[{module: task} for module, task in tasks.items()])
    assert [result.get("msg") for result in results if result.get("failed")] == []
    assert [result["changed"] for result in results] == [module not in UNCHANGED for module in tasks]
    assert len(tenant.requests("POST", "recovery-code-regeneration")) == 2
    assert 429 in {entry["status"] for entry in tenant.requests()}


def test_a_429_on_a_write_is_repeated_because_nothing_happened(tenant):
    tenant.fault(kind="limit", method="POST", path="*/recovery-code-regeneration", seconds=0)
    (result,) = tenant.results(tenant.operator, {CODE: {"email": email(3)}})
    assert result["changed"]
    assert [entry["status"] for entry in tenant.requests("POST", "recovery-code-regeneration")] == [429, 200]


def test_a_tenant_that_stays_at_its_limit_is_given_up_after_max_wait(tenant):
    # An audit waits longer by itself, and has a deadline.
    described = {module: task for module, task in all_tasks(tenant).items() if module != AUDIT}
    tenant.fault(kind="status", status=429, path="/api/v2/*", count=99, headers={"retry-after": "30"})
    # Each finds out by itself.
    tasks = [{module: {**task, "max_wait": 1, "shared_budget": False}} for module, task in described.items()]
    played = tenant.play(tenant.operator, *tasks)
    for result in played.results:
        assert "max_wait is 1 s" in one_line(result, played.output)
        assert "counts" in result or result["status"] == 429
    assert tenant.writes() == []


def test_a_limit_that_one_task_met_is_not_met_again_by_the_next(tenant):
    tenant.fault(kind="status", status=429, path="/api/v2/*", count=99, headers={"retry-after": "30"})
    given = {**tenant.operator, "api_token": tenant.operator_token(), "max_wait": 1}
    tenant.forget_requests()
    met, told = tenant.results(given, {INFO: {"email": email(3)}}, {INFO: {"email": email(4)}})
    assert met["status"] == 429 and "status" not in told and "requires a wait of 30 s" in told["msg"]
    assert [entry["status"] for entry in tenant.requests()] == [429]


def test_a_user_who_is_blocked_is_told_so_at_once(tenant):
    for _attempt in range(10):
        tenant.log_in(2, password="wrong")
    tenant.forget_requests()
    (result,) = tenant.results(tenant.user(2), {TOKEN: {}})
    assert result["failed"] and result["error_code"] == "too_many_attempts"
    assert "Attack protection blocks" in result["msg"] and "rate limit" not in result["msg"]
    assert [entry["status"] for entry in tenant.requests()] == [429]


def test_a_quota_of_tokens_is_told_with_its_end(tenant):
    quota = {"auth0-client-quota-limit": "b=per_hour;q=9;r=0;t=900", "retry-after": "900"}
    tenant.fault(kind="status", status=429, path="/oauth/token", count=9, headers=quota)
    (result,) = tenant.results(tenant.operator, {INFO: {"email": email(2)}})
    assert "The application's quota of tokens is used up." in result["msg"]
    assert re.search(r"accept it again at 20..-..-..T..:..:..Z", result["msg"])
    assert len(tenant.requests()) == 1


@pytest.mark.parametrize("kind", ["close", "lost"])
def test_a_lost_reading_is_repeated(tenant, kind):
    two = {AUDIT: {"folder": str(tenant.folder / "audits")}, REMEDIATION: decided(tenant, 6)}
    tenant.fault(kind=kind, method="GET", path="*/authentication-methods", count=2)
    results = tenant.results(tenant.operator, *[{module: task} for module, task in TASKS.items()])
    assert [result["changed"] for result in results] == [module not in UNCHANGED for module in TASKS]
    tenant.fault(kind=kind, method="GET", path="*/authentication-methods", count=2)
    results = tenant.results(tenant.operator, *[{module: task} for module, task in two.items()])
    assert [(result["changed"], bool(result.get("failed"))) for result in results] == [(False, False), (True, False)]


@pytest.mark.parametrize("kind, made", [("close", 0), ("lost", 1)], ids=["close", "lost"])
def test_a_lost_write_is_sent_once_and_told(tenant, kind, made):
    tenant.fault(kind=kind, method="POST", path="*/authentication-methods")
    before = len(tenant.methods(3))
    tenant.forget_requests()
    played = tenant.play(tenant.operator, {AUTHENTICATOR: TASKS[AUTHENTICATOR]})
    (result,) = played.results
    if made:
        assert result["changed"] and "read again and is as wanted" in result["warnings"][0]
    else:
        assert "read again: nothing has changed" in one_line(result, played.output)
    assert len(tenant.requests("POST", "/authentication-methods")) == 1
    assert len(tenant.methods(3)) == before + made


def test_a_lost_enrollment_as_the_user_is_sent_once_and_told(tenant):
    user = {**tenant.application, "mfa_token": tenant.user_token(1)}
    tenant.fault(kind="lost", method="POST", path="/mfa/associate")
    played = tenant.play(user, {AUTHENTICATOR: {"factor": "otp"}}, {AUTHENTICATOR: {"factor": "otp"}})
    lost, again = played.results
    said = one_line(lost, played.output)
    assert lost["changed"] and "%s was started, and what Auth0 returned" % again["authenticator"]["id"] in said
    assert "first recovery code is lost" in said
    assert len(tenant.requests("POST", "/mfa/associate")) == 1
    assert again["changed"] is False and again["authenticator"]["confirmed"] is False


@pytest.mark.parametrize("kind", ["close", "lost"])
def test_a_lost_removal_is_repeated_and_reported_once(tenant, kind):
    (phone,) = tenant.methods(3)
    tenant.fault(kind=kind, method="DELETE", path="*")
    (result,) = tenant.results(
        tenant.operator,
        {AUTHENTICATOR: {"email": email(3), "state": "absent", "factor": "phone", "allow_last_factor": True}},
    )
    assert result["changed"] and result["removed_ids"] == [phone["id"]]
    assert tenant.methods(3) == []


@pytest.mark.parametrize(
    "module, options",
    [
        ("auth0_mfa_authenticator", {"state": "absent", "factor": "phone", "authenticator_id": None}),
        ("auth0_mfa_authenticator", {"state": "absent", "factor": "phone", "phone_number": None}),
        ("auth0_recovery_code", {"state": "rotated", "max_age": None}),
        ("auth0_recovery_code", {"state": "rotated", "path": None}),
    ],
    ids=lambda value: value if isinstance(value, str) else next(name for name, each in value.items() if each is None),
)
def test_a_null_where_a_limit_was_meant_sends_nothing(tenant, module, options):
    (failed,) = tenant.results(tenant.operator, {"mfaops.auth0." + module: {"email": email(9), **options}})
    assert failed["failed"] and "is null" in failed["msg"] and not tenant.requests()
