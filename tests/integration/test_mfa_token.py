# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_mfa_token by every grant, with every second step, in good and in bad weather."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import datetime
from urllib.error import HTTPError
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from .conftest import PASSWORD, Tenant, code_of, email
from .test_failures import AUTHENTICATOR, INFO, one_line

pytestmark = pytest.mark.run_by("module")

MODULE = "mfaops.auth0.auth0_mfa_token"
KEYS = {
    *("access_token", "expires_in", "expires_at", "scopes", "missing_scopes", "refresh_token", "recovery_code"),
    *("mfa_token", "oob_code", "binding_method", "authorization_url", "code_verifier", "state"),
}
SCOPES = ["enroll", "read:authenticators", "remove:authenticators"]
SECRET_2 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SECRET_4 = "NBSWY3DPFQQHO33SNBSWY3DPFQQHO33S"
RECOVERY_CODE_4 = "4444AAAABBBBCCCCDDDDEEEE"
CALLBACK = "http://127.0.0.1:49152/callback"


def succeeded(results: list[dict]) -> list[dict]:
    assert not [result["msg"] for result in results if result.get("failed")]
    for result in results:
        assert KEYS <= result.keys()
    return results


def got(tenant: Tenant, options: dict) -> dict:
    """The one result of a task that succeeds."""
    (result,) = succeeded(tenant.results({}, {MODULE: options}))
    return result


def grants(tenant: Tenant) -> list[int | None]:
    """The statuses of the requests for a token."""
    return [entry["status"] for entry in tenant.requests("POST", "/oauth/token")]


def received(tenant: Tenant, number: int) -> dict:
    return tenant.running.control("GET", "codes?user_id=" + quote(tenant.user_id(number)))[-1]


def is_good(tenant: Tenant, token: str) -> bool:
    headers = {"Authorization": "Bearer " + token}
    return requests.get(tenant.running.url + "/mfa/authenticators", headers=headers, timeout=10).status_code == 200


@contextmanager
def answering_the_push(tenant: Tenant, number: int, answer: str):
    """Press the button as soon as there is something to answer."""
    path = "push/%s?user_id=%s" % (answer, quote(tenant.user_id(number)))
    over = threading.Event()

    def press():
        while not over.wait(0.2):
            try:
                tenant.running.control("POST", path)
                return
            except HTTPError:
                pass

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def browse(tenant: Tenant, address: str, number: int, otp: str | None = None) -> str:
    """What the user's browser does with the address: the address it ends at."""

    def step(method, url, **form):
        answer = requests.request(method, url, data=form or None, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    login = step("GET", address)
    if not login.startswith("/u/login"):
        return login
    url = tenant.running.url
    state = parse_qs(urlsplit(login).query)["state"][0]
    onwards = step("POST", url + "/u/login", state=state, username=email(number), password=PASSWORD)
    return step("POST", url + "/u/mfa", state=state, code=otp) if onwards.startswith("/u/mfa") else onwards


# The password grant: three ways, and every second step


def test_a_user_without_a_factor_gets_the_token_at_once(tenant):
    before = time.time()
    result = got(tenant, tenant.user(1))
    assert result["changed"] is False and is_good(tenant, result["access_token"])
    assert (result["scopes"], result["missing_scopes"], result["expires_in"]) == (SCOPES, [], 600)
    expires = datetime.fromisoformat(result["expires_at"]).timestamp()
    assert result["expires_at"].endswith("Z") and before + 600 <= expires <= time.time() + 600
    assert {name for name in KEYS if result[name] is None} == KEYS - {
        *("access_token", "expires_in", "expires_at", "scopes", "missing_scopes")
    }


def test_a_refresh_token_serves_at_any_time_later(tenant):
    login = got(tenant, tenant.user(2, otp=code_of(SECRET_2, tenant.running), offline_access=True))
    assert login["scopes"] == [*SCOPES, "offline_access"]
    refresh = {**tenant.application, "grant": "refresh_token", "refresh_token": login["refresh_token"]}
    tenant.forget_requests()
    refreshed, narrowed = succeeded(
        tenant.results(refresh, {MODULE: {}}, {MODULE: {"scopes": ["read:authenticators", "remove:authenticators"]}})
    )
    assert [result["changed"] for result in (refreshed, narrowed)] == [False, False]
    assert refreshed["refresh_token"] is None and is_good(tenant, refreshed["access_token"])
    assert narrowed["scopes"] == ["read:authenticators", "remove:authenticators"]
    assert grants(tenant) == [200, 200]


def test_a_login_with_a_second_step_gives_a_token_to_list_and_to_remove(tenant):
    token = got(tenant, tenant.user(2, otp=code_of(SECRET_2, tenant.running)))["access_token"]
    remove = {"state": "absent", "factor": "otp", "allow_last_factor": True}
    listed, removed = tenant.results({**tenant.application, "mfa_token": token}, {INFO: {}}, {AUTHENTICATOR: remove})
    assert [row["factor"] for row in listed["authenticators"] if row["factor"] != "email"] == ["otp"]
    assert removed["changed"] and tenant.methods(2) == []


@pytest.mark.parametrize("audience", [None, "userinfo"], ids=["the MFA API", "userinfo"])
def test_a_login_that_stops_half_way_gives_what_lists(tenant, audience):
    audience = audience and "https://%s/%s" % (tenant.running.domain, audience)
    result = got(tenant, {key: value for key, value in tenant.user(3, audience=audience).items() if value is not None})
    assert result["access_token"] is None and result["mfa_token"].startswith("Fe26.2*") and not result["changed"]
    (listed,) = tenant.results({**tenant.application, "mfa_token": result["mfa_token"]}, {INFO: {}})
    assert {row["factor"] for row in listed["authenticators"]} == {"phone", "email"}


@pytest.mark.parametrize(
    "number, channel",
    [(3, "sms"), (3, "voice"), (3, "email"), (19, "email")],
    ids=["sms", "voice", "email", "the only factor"],
)
def test_a_code_that_is_sent_takes_two_tasks(tenant, number, channel):
    audience = {"audience": "https://%s/userinfo" % tenant.running.domain} if number == 19 else {}
    sent = got(tenant, tenant.user(number, challenge=channel, **audience))
    assert sent["access_token"] is None and sent["binding_method"] == "prompt" and not sent["changed"]
    message = received(tenant, number)
    assert message["channel"] == channel
    finish = {**tenant.application, **audience, "mfa_token": sent["mfa_token"], "oob_code": sent["oob_code"]}
    without, wrong, done, again = tenant.results(
        finish,
        {MODULE: {}},
        {MODULE: {"binding_code": "000000" if message["code"] != "000000" else "111111"}},
        *[{MODULE: {"binding_code": message["code"]}}] * 2,
    )
    assert without["failed"] and "Set binding_code" in without["msg"]
    assert wrong["failed"] and "Invalid binding_code" in wrong["msg"] and "send another one" in wrong["msg"]
    succeeded([done])
    assert done["access_token"] and done["mfa_token"] is None and not done["changed"]
    assert again["failed"]


def test_a_challenge_goes_to_the_authenticator_that_was_named(tenant):
    two, wrong = tenant.results(
        tenant.user(10, challenge="sms"), {MODULE: {}}, {MODULE: {"authenticator_id": "sms|dev_nobodys000000000"}}
    )
    assert "The user has 2 authenticators for challenge=sms: sms|dev_" in two["msg"]
    assert "Set authenticator_id to one of them" in two["hint"] and wrong["failed"]
    assert [entry["status"] for entry in tenant.requests("POST", "/mfa/challenge")] == [400]
    named = two["msg"].partition("challenge=sms: ")[2].partition(" ")[0]
    assert got(tenant, tenant.user(10, challenge="sms", authenticator_id=named))["oob_code"]
    (none,) = tenant.results(tenant.user(2, challenge="push"), {MODULE: {}})
    assert "no confirmed authenticator for challenge=push. The user has: email, otp." in none["msg"]


def test_a_push_that_is_approved(tenant):
    with answering_the_push(tenant, 4, "approve"):
        result = got(tenant, tenant.user(4, challenge="push"))
    assert is_good(tenant, result["access_token"]) and not result["changed"]
    assert result["mfa_token"] is None and result["oob_code"] is None
    assert len(tenant.requests("POST", "/mfa/challenge")) == 1


def test_a_push_that_is_rejected(tenant):
    with answering_the_push(tenant, 4, "reject"):
        played = tenant.play(tenant.user(4, challenge="push"), {MODULE: {}})
    assert "The user rejected the push" in one_line(played.results[0], played.output)
    assert played.results[0]["error_code"] == "access_denied"


def test_a_push_that_nobody_answers_in_time(tenant):
    played = tenant.play(tenant.user(4, challenge="push", push_timeout=6), {MODULE: {}})
    assert "did not answer the push within 6 s" in one_line(played.results[0], played.output)
    assert played.results[0]["error_code"] == "authorization_pending"
    assert grants(tenant)[-3:] == [403, 400, 400]


def test_a_push_may_be_looked_after_later(tenant):
    sent = got(tenant, tenant.user(4, challenge="push", push_timeout=0))
    assert sent["access_token"] is None and sent["binding_method"] is None
    finish = {**tenant.application, "mfa_token": sent["mfa_token"], "oob_code": sent["oob_code"], "push_timeout": 0}
    (early,) = tenant.results(finish, {MODULE: {}})
    assert early["failed"] and early["error_code"] == "authorization_pending"
    tenant.running.control("POST", "push/approve?user_id=" + quote(tenant.user_id(4)))
    time.sleep(5)  # or Auth0 says slow_down
    assert is_good(tenant, got(tenant, finish)["access_token"])


@pytest.mark.parametrize("status", [400, 429])
def test_polls_slow_down_when_told_to(tenant, status):
    tenant.running.reset(switches={"slow-down-status": status, "poll-interval": 8})
    with answering_the_push(tenant, 4, "approve"):
        result = got(tenant, tenant.user(4, challenge="push"))
    assert is_good(tenant, result["access_token"]) and status in grants(tenant)


def test_a_recovery_code_is_replaced(tenant):
    tenant.forget_requests()
    checked, used, again = tenant.results(
        tenant.user(4, recovery_code=RECOVERY_CODE_4), {MODULE: {}, "check_mode": True}, {MODULE: {}}, {MODULE: {}}
    )
    succeeded([checked, used])
    assert (checked["changed"], checked["access_token"], checked["recovery_code"]) == (True, None, None)
    assert used["changed"] and len(used["recovery_code"]) == 24 and used["recovery_code"] != RECOVERY_CODE_4
    assert is_good(tenant, used["access_token"])
    assert again["failed"] and "Only the user's newest recovery code" in again["msg"]
    assert grants(tenant) == [403, 200, 403, 403]
    assert got(tenant, tenant.user(4, recovery_code=used["recovery_code"]))["changed"]


def test_scopes_that_are_not_granted_are_named(tenant):
    result = got(tenant, tenant.user(1, scopes=["enroll", "read:secrets"]))
    assert (result["scopes"], result["missing_scopes"]) == (["enroll"], ["read:secrets"])
    assert "Auth0 did not grant read:secrets" in result["warnings"][0]


# Refresh tokens that rotate, and Universal Login


def public(tenant: Tenant, **options) -> dict:
    return {"base_url": tenant.running.url, "client_id": "spa", "redirect_uri": CALLBACK, **options}


def exchange(tenant: Tenant, begun: dict, back: str, **options) -> dict:
    return public(
        tenant,
        grant="authorization_code",
        callback_url=back,
        state=begun["state"],
        code_verifier=begun["code_verifier"],
        **options,
    )


def begin(tenant: Tenant, **options) -> dict:
    return got(tenant, public(tenant, grant="authorization_code", **options))


def test_universal_login_with_pkce(tenant):
    tenant.forget_requests()
    begun = begin(tenant, offline_access=True)
    assert tenant.requests() == [] and begun["access_token"] is None and not begun["changed"]
    query = parse_qs(urlsplit(begun["authorization_url"]).query)
    assert query["code_challenge_method"] == ["S256"] and query["state"] == [begun["state"]]
    assert query["audience"] == ["https://%s/mfa/" % tenant.running.domain]
    assert begun["code_verifier"] not in begun["authorization_url"]

    back = browse(tenant, begun["authorization_url"], 2, code_of(SECRET_2, tenant.running))
    checked, done, again = tenant.results(
        exchange(tenant, begun, back), {MODULE: {}, "check_mode": True}, {MODULE: {}}, {MODULE: {}}
    )
    succeeded([checked, done])
    assert checked["access_token"] is None and is_good(tenant, done["access_token"]) and done["refresh_token"]
    assert again["failed"] and "Invalid authorization code" in again["msg"] and "new authorization_url" in again["msg"]
    assert grants(tenant) == [200, 403]


def test_a_confidential_application_exchanges_a_plain_code(tenant):
    browser = {**tenant.application, "grant": "authorization_code", "redirect_uri": CALLBACK}
    begun = got(tenant, browser)
    back = browse(tenant, begun["authorization_url"], 1)
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert is_good(
        tenant, got(tenant, {**browser, "code": code, "code_verifier": begun["code_verifier"]})["access_token"]
    )


def test_what_does_not_belong_to_the_login_is_refused(tenant):
    begun, other = begin(tenant), begin(tenant)
    back = browse(tenant, begun["authorization_url"], 1)
    tenant.forget_requests()
    strange, checked = tenant.results(exchange(tenant, other, back), {MODULE: {}}, {MODULE: {}, "check_mode": True})
    assert "state in callback_url belongs to another login" in strange["msg"] and strange["msg"] == checked["msg"]
    assert tenant.requests() == []
    (verifier,) = tenant.results(
        exchange(tenant, {**begun, "code_verifier": other["code_verifier"]}, back), {MODULE: {}}
    )
    assert "Failed to verify code verifier" in verifier["msg"] and verifier["error_code"] == "invalid_grant"
    refused = browse(tenant, begun["authorization_url"] + "&prompt=none", 1)
    (said,) = tenant.results(exchange(tenant, begun, refused), {MODULE: {}})
    assert "The login was refused: Login required" in said["msg"] and said["error_code"] == "login_required"


def test_a_refresh_token_that_rotates_is_replaced(tenant):
    begun = begin(tenant, offline_access=True)
    login = got(tenant, exchange(tenant, begun, browse(tenant, begun["authorization_url"], 1)))
    refresh = {"base_url": tenant.running.url, "client_id": "spa", "grant": "refresh_token"}
    checked, first = succeeded(
        tenant.results(
            {**refresh, "refresh_token": login["refresh_token"]}, {MODULE: {}, "check_mode": True}, {MODULE: {}}
        )
    )
    assert (checked["changed"], checked["access_token"]) == (False, None)
    assert first["changed"] and first["refresh_token"] not in (None, login["refresh_token"])
    tenant.fault(kind="lost", path="/oauth/token")
    tenant.forget_requests()
    played = tenant.play({**refresh, "refresh_token": first["refresh_token"]}, {MODULE: {}}, {MODULE: {}})
    lost, again = played.results
    assert "may be used up" in one_line(lost, played.output) and "Log in again" in lost["hint"]
    assert "Unknown or invalid refresh token" in one_line(again, played.output)
    assert grants(tenant) == [None, 403]


def test_a_refresh_may_stop_at_a_second_step(tenant):
    tenant.running.reset(switches={"mfa-on-refresh": "on"})
    login = got(tenant, tenant.user(2, otp=code_of(SECRET_2, tenant.running), offline_access=True))
    refresh = {**tenant.application, "grant": "refresh_token", "refresh_token": login["refresh_token"]}
    stopped = got(tenant, refresh)
    assert stopped["access_token"] is None and not stopped["changed"]
    tenant.running.control("PUT", "clock", {"advance_seconds": 30})
    finish = {"mfa_token": stopped["mfa_token"], "otp": code_of(SECRET_2, tenant.running)}
    assert is_good(tenant, got(tenant, {**tenant.application, **finish})["access_token"])


# Bad input and bad weather


def test_options_that_do_not_go_together_reach_nothing(tenant):
    tenant.forget_requests()
    played = tenant.play(
        tenant.application,
        {MODULE: {}},
        {MODULE: {"username": email(1), "password": PASSWORD, "otp": "123456", "challenge": "sms"}},
        {MODULE: {"grant": "refresh_token", "audience": "https://a.example.com/"}},
        {MODULE: {"grant": "authorization_code", "redirect_uri": "callback"}, "check_mode": True},
        {MODULE: {"mfa_token": "Fe26.2*x"}},
    )
    texts = [one_line(result, played.output) for result in played.results]
    said = (
        "missing: username, mfa_token",
        "mutually exclusive: otp|",
        "missing: refresh_token",
        "not an absolute",
        "needs",
    )
    for text, cause in zip(texts, said):
        assert cause in text
    assert tenant.requests() == []


def test_check_mode_logs_in_by_password_alone(tenant):
    stopped, complete = tenant.results(
        {}, {MODULE: tenant.user(2), "check_mode": True}, {MODULE: tenant.user(1), "check_mode": True}
    )
    assert stopped["mfa_token"] and complete["access_token"] and not stopped["changed"] and not complete["changed"]


def test_check_mode_sends_nothing_that_uses_up_something(tenant):
    tenant.forget_requests()
    mfa_token = tenant.user_token(4)
    tenant.forget_requests()
    checked = {"check_mode": True}
    results = tenant.results(
        {},
        {MODULE: tenant.user(1, offline_access=True), **checked},
        {MODULE: tenant.user(2, otp="123456"), **checked},
        {MODULE: tenant.user(4, challenge="push"), **checked},
        {MODULE: {**tenant.application, "mfa_token": mfa_token, "challenge": "push"}, **checked},
        {MODULE: {**tenant.application, "grant": "refresh_token", "refresh_token": "r"}, **checked},
    )
    for result in succeeded(results):
        assert result["changed"] is False and [result[name] for name in KEYS if result[name]] == []
    assert tenant.requests() == []


@pytest.mark.parametrize(
    "number, options, said, facts",
    [
        (
            1,
            {"password": "wrong"},
            "Check username, password and realm",
            {"status": 403, "error_code": "invalid_grant"},
        ),
        (1, {"client_secret": "wrong"}, "Check client_id and client_secret", {"status": 401}),
        (1, {"client_id": "m2m", "client_secret": "m2m-secret"}, "Enable this grant type", {"status": 403}),
        (1, {"realm": "nowhere"}, "Check realm", {"status": 403}),
        (1, {"audience": "https://nowhere.example.com/"}, "Check the audience", {"status": 400}),
        (2, {"otp": "000000"}, "Check the code and the clock of the device", {"error_code": "invalid_grant"}),
        (17, {}, "unblock the user", {"error_code": "unauthorized"}),
        (
            2,
            {"client_id": "app-without-mfa", "client_secret": "app-without-mfa-secret", "otp": "123456"},
            "Enable this grant type",
            {"status": 403, "error_code": "unauthorized_client"},
        ),
    ],
    ids=[
        "wrong password",
        "wrong client_secret",
        "grant type that is off",
        "unknown realm",
        "unknown audience",
        "wrong otp",
        "blocked user",
        "MFA grant that is off",
    ],
)
def test_a_refusal_names_the_cause_and_the_way_out(tenant, number, options, said, facts):
    played = tenant.play({}, {MODULE: tenant.user(number, **options)})
    (result,) = played.results
    assert said in one_line(result, played.output)
    assert {name: result.get(name) for name in facts} == facts


def test_a_login_that_took_too_long(tenant):
    mfa_token = tenant.user_token(2)
    tenant.running.control("PUT", "clock", {"advance_seconds": 601})
    finish = {**tenant.application, "mfa_token": mfa_token, "otp": code_of(SECRET_2, tenant.running)}
    played = tenant.play({}, {MODULE: finish})
    assert "The mfa_token expired before the second step" in one_line(played.results[0], played.output)
    assert played.results[0]["error_code"] == "expired_token"


def test_a_429_is_waited_for(tenant):
    tenant.forget_requests()
    tenant.fault(kind="limit", path="/oauth/token", seconds=0)
    tenant.fault(kind="limit", path="/mfa/challenge", seconds=0)
    assert got(tenant, tenant.user(3, challenge="sms"))["oob_code"]
    assert grants(tenant) == [429, 403]
    assert [entry["status"] for entry in tenant.requests("POST", "/mfa/challenge")] == [429, 200]


@pytest.mark.parametrize("kind", ["close", "lost"])
def test_a_lost_login_may_be_tried_again(tenant, kind):
    tenant.forget_requests()
    tenant.fault(kind=kind, path="/oauth/token")
    played = tenant.play(tenant.user(1), {MODULE: {}}, {MODULE: {}})
    lost, again = played.results
    assert "Auth0 changed nothing. Run the task again" in one_line(lost, played.output)
    assert succeeded([again]) and grants(tenant) == [None, 200]


@pytest.mark.parametrize("kind", ["close", "lost", "truncated", "malformed"])
def test_a_recovery_code_is_never_sent_twice(tenant, kind):
    use = {**tenant.application, "mfa_token": tenant.user_token(4), "recovery_code": RECOVERY_CODE_4}
    tenant.forget_requests()
    tenant.fault(kind=kind, path="/oauth/token")
    played = tenant.play({}, {MODULE: use})
    text = one_line(played.results[0], played.output)
    assert "may be used up" in text and "auth0_recovery_code and state=rotated" in text
    assert len(grants(tenant)) == 1


def test_a_lost_challenge_is_sent_once(tenant):
    tenant.fault(kind="lost", path="/mfa/challenge")
    played = tenant.play(tenant.user(3, challenge="sms"), {MODULE: {}})
    assert "Run the task again to send another one" in one_line(played.results[0], played.output)
    assert len(tenant.requests("POST", "/mfa/challenge")) == 1


def test_an_unreachable_tenant_is_named(tenant):
    played = tenant.play(tenant.user(1, base_url="http://127.0.0.1:1", max_wait=0), {MODULE: {}})
    assert "http://127.0.0.1:1: connection refused" in one_line(played.results[0], played.output)


# Secrets


@pytest.mark.run_by("ansible-playbook")
def test_secrets_of_the_task_are_not_printed(tenant):
    canary = "canary-%s-5f3a9"
    spa = public(tenant, grant="authorization_code", code_verifier="canary" * 8)
    played = tenant.play(
        {},
        {MODULE: tenant.user(1, password=canary % "password")},
        {MODULE: tenant.user(2, otp=canary % "otp")},
        {MODULE: tenant.user(4, recovery_code=canary % "recovery-code")},
        {MODULE: {**tenant.application, "mfa_token": canary % "mfa-token", "oob_code": canary % "oob-code"}},
        {MODULE: {**tenant.application, "grant": "refresh_token", "refresh_token": canary % "refresh-token"}},
        {MODULE: {**spa, "code": canary % "code"}},
        {MODULE: {**spa, "callback_url": CALLBACK + "?code=canary-code", "state": canary % "state"}},
        options=("-vvvv",),
    )
    assert all(result["failed"] for result in played.results)
    assert "canary" not in played.output


@pytest.mark.oldest
@pytest.mark.run_by("ansible-playbook")
def test_tokens_that_auth0_returns_are_not_printed(tenant):
    code = code_of(SECRET_4, tenant.running)
    quiet = {"no_log": True}
    with answering_the_push(tenant, 4, "approve"):
        played = tenant.play(
            {},
            {MODULE: tenant.user(4, otp=code, offline_access=True), **quiet},
            {MODULE: tenant.user(4, challenge="push"), **quiet},
            {MODULE: tenant.user(3, challenge="sms"), **quiet},
            {MODULE: tenant.user(4, recovery_code=RECOVERY_CODE_4), **quiet},
            {MODULE: public(tenant, grant="authorization_code"), **quiet},
            {MODULE: tenant.user(4, challenge="sms")},
            {MODULE: tenant.user(4, challenge="push", push_timeout=1)},
            options=("-vvvv",),
        )
    succeeded(played.results[:5])
    issued = [result[name] for result in played.results[:5] for name in KEYS if isinstance(result[name], str)]
    secrets = [text for text in issued if len(text) > 24]
    assert len(secrets) >= 8
    for secret in [*secrets, RECOVERY_CODE_4, PASSWORD, "Fe26.2*", "eyJ", "app-secret"]:
        assert secret not in played.output
