# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which side of a switch a tenant is on. Each function without an underscore is the probe of the switch of its name.

It returns the value, or raises ``NotSeen`` when this tenant does not show it and ``Differs`` when it is on no known side.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from .cases.account import my_token
from .cases.methods import NOBODY, PHONE, UNKNOWN, put, three
from .cases.token import exchange, mailed
from .checks import Differs, NotSeen, equal, has_status, refused
from .lab import Lab, new_secret
from .tenant import Answer, encoded

PATIENCE = 1200  # seconds that a token is waited for
STEP = 30
ARRIVALS = 5
ORDERS = (
    6  # lists that are read: a random order of three looks like the recorded one in all of them once in 46,656 times
)
LONGEST_ADDRESS = 32768
MOST_FAILURES = 25
OLD_FACTORS = {"sms": "phone"}
SOCIAL = "google-oauth2"


# What the tenant's administrator configures


def enabled_factors(lab: Lab) -> tuple:
    names = ("otp", "phone", "push-notification", "email", "webauthn-roaming", "webauthn-platform")
    enabled = {OLD_FACTORS.get(name, name) for name, on in lab.factors().items() if on}
    return tuple(name for name in names if name in enabled)


def recovery_code_factor(lab: Lab) -> bool:
    return lab.factors()["recovery-code"]


def message_types(lab: Lab) -> tuple:
    return tuple(has_status(lab.manage("GET", "/guardian/factors/phone/message-types"), 200).body["message_types"])


def mfa_policy(lab: Lab) -> str:
    policies = has_status(lab.manage("GET", "/guardian/policies"), 200).body
    if "confidence-score" in policies:
        raise NotSeen("the policy is confidence-score, which the switch does not have")
    return "all-applications" if "all-applications" in policies else "never"


def adaptive_mfa(lab: Lab) -> bool:
    before = has_status(lab.manage("GET", "/guardian/policies"), 200).body
    with lab.meanwhile("the MFA policies", lambda: _put_policies(lab, before)):
        answer = has_status(lab.manage("PUT", "/guardian/policies", json=["confidence-score"]), 200, 403)
    return answer.status == 200


def _put_policies(lab: Lab, policies: list) -> None:
    has_status(lab.manage("PUT", "/guardian/policies", json=policies), 200)


def session_management(lab: Lab) -> bool:
    return has_status(lab.manage("GET", f"{lab.user}/sessions"), 200, 403).status == 200


def default_directory(lab: Lab) -> str:
    lab.bare()
    answer = lab.login(None, grant_type="password", realm=None)
    if answer.status == 200 or answer.member("error") == "mfa_required":
        return lab.given.connection
    if "default connection" in str(answer.member("error_description")):
        return ""
    raise NotSeen("another connection than the user's, or the application may not use it")


def password_policy(lab: Lab) -> str:
    def takes(password: str) -> bool:
        return has_status(lab.patch_user(password=password), 200, 400).status == 200

    letters = f"{secrets.randbelow(10**20):020d}".translate(str.maketrans("0123456789", "bcdfghjkmp"))
    try:
        # Long ones first, because a connection may have a shortest length that is not its policy's.
        if takes(letters):
            if not takes(letters[:6]):
                raise NotSeen("none or low, and the connection has a shortest length of its own")
            return "none" if takes("x") else "low"
        # Only the strictest policy refuses a letter three times in a row.
        if takes(f"1!xxx{letters}"):
            return "good"
        return "fair" if takes(f"1Xxxx{letters}") else "excellent"
    finally:
        has_status(lab.change_password(), 200)


def custom_domains(lab: Lab) -> tuple:
    answer = lab.manage("GET", "/custom-domains")
    if answer.status in (403, 404):
        raise NotSeen("the tenant does not tell its custom domains")
    return tuple(domain["domain"] for domain in has_status(answer, 200).body if domain["status"] == "ready")


def compression(lab: Lab) -> bool:
    answer = has_status(lab.manage("GET", "/actions/triggers", headers={"accept-encoding": "gzip"}), 200)
    return answer.headers.get("content-encoding") == "gzip"


def request_id(lab: Lab) -> bool:
    headers = lab.tenant.send("GET", "/.well-known/openid-configuration").headers
    return "x-auth0-requestid" in headers or "cf-ray" in headers


# Logins


def mfa_required_status(lab: Lab) -> int:
    lab.with_otp()
    return lab.challenged().status


def mfa_requirements(lab: Lab) -> bool:
    lab.with_otp()
    return "mfa_requirements" in lab.challenged().body


def malformed_mfa_token_status(lab: Lab) -> int:
    answer = lab.second_step("otp", "garbage", otp="000000")
    refused(answer, (401, 403), "invalid_grant")
    return answer.status


def foreign_mfa_token_status(lab: Lab) -> int:
    lab.with_otp()
    answer = lab.challenge(lab.mfa_token(), lab.given.second_application, challenge_type="otp")
    refused(answer, (400, 403), "invalid_request", "mfa_token not issued to this client")
    return answer.status


def mfa_token_lifetime(lab: Lab) -> int:
    lower, upper, _status = lab.once(_expiry)
    round_ones = [second for second in range(lower, upper + 1) if second % 60 == 0]
    return round_ones[0] if round_ones else upper


def expired_token_status(lab: Lab) -> int:
    return lab.once(_expiry)[2]


def _expiry(lab: Lab) -> tuple[int, int, int]:
    """Between which ages in seconds an ``mfa_token`` expires, and the status afterwards."""
    lab.with_otp()
    token, began, lower = lab.mfa_token(), lab.tenant.elapsed(), 0
    while lower < PATIENCE:
        lab.tenant.wait(STEP)
        age = int(lab.tenant.elapsed() - began)
        answer = lab.mfa("GET", "/authenticators", token)
        if answer.status != 200:
            refused(answer, (401, 403), "expired_token")
            return lower, age, answer.status
        lower = age
    raise NotSeen(f"an mfa_token is still valid after {PATIENCE} seconds")


def wrong_binding_code_status(lab: Lab) -> int:
    mfa_token, oob_code = mailed(lab)
    answer = lab.second_step("oob", mfa_token, oob_code=oob_code, binding_code="wrong!")
    refused(answer, (400, 403), "invalid_grant")
    return answer.status


def missing_binding_code_status(lab: Lab) -> int:
    mfa_token, oob_code = mailed(lab)
    answer = lab.second_step("oob", mfa_token, oob_code=oob_code)
    refused(answer, (400, 403), "invalid_request")
    return answer.status


def mismatched_oob_code_status(lab: Lab) -> int:
    _mfa_token, oob_code = mailed(lab)
    answer = lab.second_step("oob", lab.mfa_token(), oob_code=oob_code, binding_code="000000")
    refused(answer, (400, 403), "invalid_request")
    return answer.status


def wrong_recovery_code_status(lab: Lab) -> int:
    lab.with_otp()
    answer = lab.second_step("recovery-code", lab.mfa_token(), recovery_code="1" * 24)
    refused(answer, (400, 403), "invalid_grant")
    return answer.status


def otp_reuse(lab: Lab) -> bool:
    secret = lab.with_otp()
    code = lab.code(secret)
    has_status(lab.second_step("otp", lab.mfa_token(), otp=code), 200)
    return has_status(lab.second_step("otp", lab.mfa_token(), otp=code), 200, 403).status == 200


def mfa_on_refresh(lab: Lab) -> bool:
    lab.bare()
    token = _refresh_token(lab)
    has_status(lab.add(type="totp", totp_secret=new_secret()), 201)
    lab.challenged()  # or the tenant does not ask this user at all
    answer = exchange(lab, token)
    if answer.member("error") == "mfa_required":
        return True
    has_status(answer, 200)
    return False


def unenrolled_challenge(lab: Lab) -> str:
    lab.bare()
    answer = lab.login(None)
    if answer.member("error") != "mfa_required":
        raise NotSeen("the tenant's policy asks for no second step")
    return _error(lab.challenge(answer.body["mfa_token"], challenge_type="otp oob"))


def _error(answer: Answer) -> str:
    error = answer.member("error")
    if error not in ("unsupported_challenge_type", "association_required"):
        raise Differs(f"{answer.request}: got {answer.told()}")
    return error


def poll_interval(lab: Lab) -> int:
    return lab.once(_polls)[0]


def slow_down_status(lab: Lab) -> int:
    status = lab.once(_polls)[1]
    if status is None:
        raise NotSeen("polling is never too fast")
    return status


def _polls(lab: Lab) -> tuple[int, int | None]:
    """Seconds between two polls that are not too fast, and the status of one that is."""
    lab.bare()
    token = lab.mfa_jwt()
    oob_code = has_status(lab.associate(token, "auth0"), 200).body["oob_code"]
    refused(lab.second_step("oob", token, oob_code=oob_code), 400, "authorization_pending")
    status = None

    def is_slow_enough() -> bool:
        nonlocal status
        answer = lab.second_step("oob", token, oob_code=oob_code)
        if answer.member("error") == "slow_down":
            status = answer.status
            return False
        refused(answer, 400, "authorization_pending")
        return True

    return lab.seconds_until(is_slow_enough), status


# The MFA API


def already_enrolled_status(lab: Lab) -> int:
    lab.with_otp()
    answer = lab.mfa("POST", "/associate", lab.mfa_token(), json={"authenticator_types": ["otp"]})
    equal("error_description", answer.member("error_description"), "User is already enrolled.")
    return has_status(answer, 400, 403).status


def authenticator_details(lab: Lab) -> bool:
    lab.with_otp()
    return "type" in lab.rows(lab.mfa_token())[0]


def implicit_email_delete_status(lab: Lab) -> int:
    lab.bare(verified=True)
    token = lab.mfa_jwt()
    (row,) = lab.rows(token)
    return has_status(lab.mfa("DELETE", f"/authenticators/{encoded(row['id'])}", token), 400, 403, 404).status


def recovery_code_delete_status(lab: Lab) -> int:
    secret = lab.with_otp()
    has_status(lab.manage("POST", f"{lab.user}/recovery-code-regeneration"), 200)
    token = lab.finished(lab.login(), secret)
    row = next(row for row in lab.rows(token) if row["authenticator_type"] == "recovery-code")
    return has_status(lab.mfa("DELETE", f"/authenticators/{encoded(row['id'])}", token), 204, 400).status


# The Management API


def missing_method_status(lab: Lab) -> int:
    lab.bare()
    return has_status(lab.manage("DELETE", f"{lab.methods}/{UNKNOWN}"), 204, 404).status


def delete_all_unknown_user_status(lab: Lab) -> int:
    return has_status(lab.manage("DELETE", NOBODY), 204, 404).status


def post_equal_method_status(lab: Lab) -> int:
    lab.bare()
    method = {"type": "totp", "totp_secret": new_secret()}
    has_status(lab.add(**method), 201)
    return has_status(lab.add(**method), 201, 409).status


def put_keeps_ids(lab: Lab) -> bool:
    lab.bare()
    methods = [{"type": "phone", "phone_number": PHONE}]
    first, second = (has_status(put(lab, methods), 200).body[0]["id"] for _number in range(2))
    return first == second


def provider_delete(lab: Lab) -> str:
    lab.with_otp()
    has_status(lab.manage("DELETE", f"{lab.user}/multifactor/google-authenticator"), 204)
    return "nothing" if lab.listed() else "otp"


def regenerate_without_factors_status(lab: Lab) -> int:
    lab.bare()
    lab.dirty()
    return has_status(lab.manage("POST", f"{lab.user}/recovery-code-regeneration"), 200, 404).status


def unconfirmed_in_management(lab: Lab) -> bool:
    _pending(lab)
    return bool(lab.listed())


def unconfirmed_enrollment(lab: Lab) -> bool:
    _pending(lab)
    return bool(has_status(lab.manage("GET", f"{lab.user}/enrollments"), 200).body)


def _pending(lab: Lab) -> None:
    lab.bare()
    has_status(lab.associate(lab.mfa_jwt(), "otp"), 200)


def authentication_methods_group(lab: Lab) -> str:
    user = _limit(lab.manage("GET", lab.user))
    other = _limit(lab.manage("GET", "/guardian/factors"))
    if user == other:
        raise NotSeen("the tenant's plan has one limit for both groups")
    return "read-users" if _limit(lab.manage("GET", lab.methods)) == user else "other"


def _limit(answer: Answer) -> str | None:
    return has_status(answer, 200).headers.get("x-ratelimit-limit")


def search_delay(lab: Lab) -> int:
    name = f"Fidelity {new_secret()}"
    has_status(lab.patch_user(name=name), 200)
    query = {"q": f'user_id:"{lab.user_id}"', "fields": "name", "search_engine": "v3"}

    def is_found() -> bool:
        return any(user["name"] == name for user in has_status(lab.manage("GET", "/users", query=query), 200).body)

    return lab.seconds_until(is_found)


def log_delay(lab: Lab) -> int:
    """The longest of several, because entries do not come after the same time."""
    return max(_arrival(lab) for _number in range(ARRIVALS))


def _arrival(lab: Lab) -> int:
    lab.tenant.wait(2)  # the entries before are older than what a Date without fractions says
    written = lab.tenant.now()
    has_status(lab.patch_user(nickname=new_secret().lower()), 200)
    query = {"q": "type:sapi", "sort": "date:-1", "per_page": 5}

    def is_there() -> bool:
        found = has_status(lab.manage("GET", "/logs", query=query), 200).body
        return any(datetime.fromisoformat(entry["date"]).timestamp() >= written for entry in found)

    return lab.seconds_until(is_there)


def method_order(lab: Lab) -> str:
    for _number in range(ORDERS):
        lab.bare()
        has_status(put(lab, three(lab)), 200)
        if [method["type"] for method in lab.listed()] != ["email", "totp", "phone"]:
            return "shuffled"
    return "recorded"


def search_total(lab: Lab) -> str:
    query = {"include_totals": "true", "per_page": 1, "search_engine": "v3"}
    total = has_status(lab.manage("GET", "/users", query=query), 200).body["total"]
    if total < 1000:
        raise NotSeen("the tenant has fewer than 1,000 users")
    return "all" if total > 1000 else "capped"


def social_users(lab: Lab) -> str:
    address = f"x-{lab.email}"

    def remove() -> None:
        for user in has_status(lab.manage("GET", "/users-by-email", query={"email": address}), 200).body:
            has_status(lab.manage("DELETE", f"/users/{encoded(user['user_id'])}"), 204)

    with lab.meanwhile(f"the user {address}", remove):
        answer = lab.manage("POST", "/users", json={"connection": SOCIAL, "email": address})
    if answer.status == 400 and answer.member("errorCode") == "inexistent_connection":
        raise NotSeen(f"the tenant has no connection {SOCIAL}")
    return "created" if has_status(answer, 201, 400).status == 201 else "refused"


def revocation_delay(lab: Lab) -> int:
    lab.bare()
    token = _refresh_token(lab)
    answer = lab.manage("DELETE", f"{lab.user}/refresh-tokens")
    if answer.status == 403:
        raise NotSeen("the tenant's plan has no management of refresh tokens")
    has_status(answer, 202)

    def is_refused() -> bool:
        nonlocal token
        exchanged = has_status(exchange(lab, token), 200, 403)
        token = exchanged.member("refresh_token") or token
        return exchanged.status == 403

    return lab.seconds_until(is_refused)


def _refresh_token(lab: Lab) -> str:
    token = has_status(lab.login(scope="read:authenticators offline_access"), 200).member("refresh_token")
    if token is None:
        raise NotSeen("the application gets no refresh token")
    return token


def longest_address(lab: Lab) -> int:
    path = "/mfa/authenticators"

    def is_too_long(length: int) -> bool:
        return lab.tenant.send("GET", f"{path}?x={'x' * (length - len(path) - 3)}").status == 414

    shortest, longest = 100, LONGEST_ADDRESS
    if not is_too_long(longest):
        raise NotSeen(f"{LONGEST_ADDRESS} bytes are not too long")
    while longest - shortest > 1:
        middle = (shortest + longest) // 2
        shortest, longest = (shortest, middle) if is_too_long(middle) else (middle, longest)
    return shortest


def unknown_custom_domain_status(lab: Lab) -> int:
    answer = _ticket(lab, {"auth0-custom-domain": "nobody.example.com"})
    if answer.status == 200:
        raise Differs("a ticket for a domain that the tenant does not have: got 200")
    return has_status(answer, 400, 404, 409).status


def missing_custom_domain_status(lab: Lab) -> int:
    answer = has_status(_ticket(lab, {}), 200, 409)
    if answer.status == 200 and len(custom_domains(lab)) < 2:
        raise NotSeen("the tenant does not have several custom domains")
    return answer.status


def _ticket(lab: Lab, headers: dict[str, str]) -> Answer:
    return lab.manage("POST", "/guardian/enrollments/ticket", json={"user_id": lab.user_id}, headers=headers)


def export_outcome(lab: Lab) -> str:
    return lab.once(_export)[0]


def export_seconds(lab: Lab) -> int:
    return lab.once(_export)[1]


def _export(lab: Lab) -> tuple[str, int]:
    """How an export ends, and after how many seconds."""
    body = {"format": "json", "limit": 1, "fields": [{"name": "user_id"}]}
    path = f"/jobs/{encoded(has_status(lab.manage('POST', '/jobs/users-exports', json=body), 200).body['id'])}"
    job: dict = {}

    def is_over() -> bool:
        job.update(has_status(lab.manage("GET", path), 200).body)
        return job["status"] in ("completed", "failed")

    seconds = lab.seconds_until(is_over)
    return job["status"], seconds


# Settings of the tenant, for seconds


def disabled_factor(lab: Lab) -> str:
    factors = lab.factors()
    if not any(on for name, on in factors.items() if name not in ("otp", "recovery-code")):
        raise NotSeen("the tenant offers no other factor, so that it asks for none at all")
    lab.with_otp()
    if not factors["otp"]:
        answer = lab.login()
    else:
        with lab.without_factor("otp"):
            answer = lab.login()
    if answer.member("error") == "mfa_required":
        return "challenged"
    has_status(answer, 200)
    return "passed-over"


def message_types_without_phone_status(lab: Lab) -> int:
    path = "/guardian/factors/phone/message-types"
    body = has_status(lab.manage("GET", path), 200).body
    if not lab.factors()["sms"]:
        return has_status(lab.manage("PUT", path, json=body), 200, 404).status
    with lab.without_factor("sms"):
        return has_status(lab.manage("PUT", path, json=body), 200, 404).status


def bind_undeployed_status(lab: Lab) -> int:
    with lab.action() as action, lab.bindings_kept() as bound:
        return has_status(_bind(lab, bound, action["id"]), 200, 400).status


def action_bind_delay_seconds(lab: Lab) -> int:
    with lab.action() as action, lab.bindings_kept() as bound:
        lab.built(action["id"])
        if has_status(lab.deploy(action["id"]), 200, 202, 400).status == 400:
            raise NotSeen("the build failed")
        return lab.seconds_until(lambda: has_status(_bind(lab, bound, action["id"]), 200, 400).status == 200)


def _bind(lab: Lab, bound: list[dict], action_id: str) -> Answer:
    new = {"ref": {"type": "action_id", "value": action_id}, "display_name": "Fidelity suite"}
    return lab.bind([*bound, new])


# Actions


def action_build_seconds(lab: Lab) -> int:
    return lab.once(_build)[1]


def action_build_outcome(lab: Lab) -> str:
    return lab.once(_build)[0]["status"]


def failed_build_errors(lab: Lab) -> bool:
    action = lab.once(_build)[0]
    if action["status"] != "failed":
        raise NotSeen("the build did not fail")
    return bool(action.get("current_version", {}).get("errors"))


def _build(lab: Lab) -> tuple[dict, int]:
    """An Action after its build, and how long that took."""
    with lab.action() as action:
        return lab.built(action["id"])


def deploy_unbuilt_status(lab: Lab) -> int:
    with lab.action() as action:
        if action["status"] == "built":
            raise NotSeen("Actions are built at once")
        return 400 if has_status(lab.deploy(action["id"]), 200, 202, 400).status == 400 else 200


def action_deploy_status(lab: Lab) -> int:
    with lab.action() as action:
        lab.built(action["id"])
        answer = has_status(lab.deploy(action["id"]), 200, 202, 400)
        if answer.status == 400:
            raise NotSeen("the build failed")
        return answer.status


def existing_action_name_status(lab: Lab) -> int:
    with lab.action() as action:
        answer = lab.create_action(action["name"])
        if answer.status == 201:
            lab.remove_action(answer.body["id"])
        return has_status(answer, 201, 400).status


# The My Account API


def my_account_masked(lab: Lab) -> bool:
    token = my_token(lab)
    has_status(lab.add(type="phone", phone_number=PHONE), 201)
    answer = has_status(lab.tenant.send("GET", "/me/v1/authentication-methods", token=token), 200)
    phone = next(item for item in answer.body["authentication_methods"] if item["type"] == "phone")
    return phone["phone_number"] != PHONE


def my_account_missing_status(lab: Lab) -> int:
    path = f"/me/v1/authentication-methods/{UNKNOWN}"
    return has_status(lab.tenant.send("DELETE", path, token=my_token(lab)), 400, 404).status


# Lock-outs


def user_quotas(lab: Lab) -> bool:
    secret = lab.with_otp()
    for _number in range(MOST_FAILURES):
        answer = has_status(lab.second_step("otp", lab.mfa_token(), otp=lab.wrong_code(secret)), 403, 429)
        if answer.status == 429:
            return True
    return False


def brute_force_protection(lab: Lab) -> bool:
    return lab.once(_wrong_passwords) is not None


def brute_force_threshold(lab: Lab) -> int:
    threshold = lab.once(_wrong_passwords)
    if threshold is None:
        raise NotSeen(f"{MOST_FAILURES} wrong passwords do not lock the user out")
    return threshold


def _wrong_passwords(lab: Lab) -> int | None:
    """After how many wrong passwords the user is locked out; None: after none of those that were tried."""
    lab.bare()
    lab.unblock()
    try:
        for number in range(MOST_FAILURES + 1):
            answer = has_status(lab.login(password="Wrong-Horse-7"), 403, 429)
            if answer.status == 429:
                equal("error", answer.member("error"), "too_many_attempts")
                return number
        return None
    finally:
        lab.unblock()
