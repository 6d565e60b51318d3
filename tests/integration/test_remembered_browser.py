# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What mfaops.auth0.auth0_remembered_browser does to the user's next login, in the Universal Login of the embedded tenant."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import requests

import pytest

from .conftest import PASSWORD, Tenant, code_of, email

pytestmark = pytest.mark.run_by("module")

MODULE = "mfaops.auth0.auth0_remembered_browser"
SECRET_2 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CALLBACK = "http://127.0.0.1:49152/callback"


def step(tenant: Tenant, method: str, path: str, cookie: str | None = None, **values) -> requests.Response:
    given = {"params" if method == "GET" else "data": values}
    headers = {"cookie": "auth0-mf=" + cookie} if cookie else {}
    url = tenant.running.url + path
    return requests.request(method, url, headers=headers, allow_redirects=False, timeout=10, **given)


def log_in(tenant: Tenant, number: int, cookie: str | None = None) -> tuple[str, bool]:
    """Up to the answer to the password: the login's state, and whether a second step is asked for."""
    start = step(tenant, "GET", "/authorize", response_type="code", client_id="app", redirect_uri=CALLBACK)
    state = parse_qs(urlsplit(start.headers["location"]).query)["state"][0]
    answer = step(tenant, "POST", "/u/login", cookie, state=state, username=email(number), password=PASSWORD)
    return state, answer.headers["location"].startswith("/u/mfa")


def asks_for_mfa(tenant: Tenant, number: int, cookie: str) -> bool:
    return log_in(tenant, number, cookie)[1]


def remembered(tenant: Tenant, number: int) -> str:
    """The cookie of a browser in which the user ticked the box."""
    state, _asked = log_in(tenant, number)
    code = code_of(SECRET_2, tenant.running)
    answer = step(tenant, "POST", "/u/mfa", state=state, code=code, rememberBrowser="true")
    return re.match(r"auth0-mf=([\w-]+);", answer.headers["set-cookie"])[1]


def test_the_next_login_asks_for_mfa_again(tenant):
    cookie = remembered(tenant, 2)
    assert not asks_for_mfa(tenant, 2, cookie)
    (checked,) = tenant.results(tenant.operator, {MODULE: {"email": email(2), "state": "absent"}, "check_mode": True})
    assert checked["changed"] and not asks_for_mfa(tenant, 2, cookie)
    (done,) = tenant.results(tenant.operator, {MODULE: {"email": email(2), "state": "absent"}})
    assert done["changed"] and done["user_id"] == tenant.user_id(2) and asks_for_mfa(tenant, 2, cookie)


def test_the_browsers_of_other_users_stay_remembered(tenant):
    cookie = remembered(tenant, 2)
    (done,) = tenant.results(tenant.operator, {MODULE: {"email": email(3), "state": "absent"}})
    assert done["changed"] and not asks_for_mfa(tenant, 2, cookie)


def test_in_check_mode_the_user_is_looked_up(tenant):
    by_address, by_id = {"email": "nobody@example.com"}, {"user_id": tenant.user_id(2)}
    tenant.forget_requests()
    unknown, known = tenant.results(
        tenant.operator,
        {MODULE: {**by_address, "state": "absent"}, "check_mode": True},
        {MODULE: {**by_id, "state": "absent"}, "check_mode": True},
    )
    assert unknown["failed"] and "no user has this e-mail address" in unknown["msg"]
    assert known["changed"] and tenant.writes() == [] and len(tenant.requests("GET")) == 1


def test_a_lost_answer_is_told_and_never_sent_twice(tenant):
    cookie = remembered(tenant, 2)
    tenant.fault(kind="lost", method="POST", path="*/invalidate-remember-browser")
    (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(2), "state": "absent"}})
    assert result["failed"] and result["changed"]
    assert result["hint"] == "The browsers may have been forgotten. It is safe to run the task again."
    assert len(tenant.requests("POST", "invalidate-remember-browser")) == 1 and asks_for_mfa(tenant, 2, cookie)


def test_state_is_required(tenant):
    (result,) = tenant.results(tenant.operator, {MODULE: {"email": email(2)}})
    assert result["failed"] and "missing required arguments: state" in result["msg"]
    assert tenant.requests() == []
