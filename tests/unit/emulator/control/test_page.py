# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page at the control address: what it shows, that it escapes texts and shows no secret."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from ..client import SECRET_2


class Page(HTMLParser):
    """The text of a page without mark-up, and its tags."""

    def __init__(self, html):
        super().__init__()
        self.words, self.tags = [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_data(self, data):
        self.words.append(data)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def look(api, **query):
    answer = api.call("GET", "/_control/", params=query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


def addresses(page):
    """The users in the list, without the addresses among the requests above it."""
    listed = page.text.partition(" Users")[2].partition("Authenticators")[2]
    return [int(number) for number in re.findall(r"user(\d{5})@example\.com", listed)]


def test_the_root_redirects_to_the_page(api):
    answer = api.call("GET", "/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/_control/")


def test_tenant_facts(make_api):
    api = make_api({"otp-reuse": "on", "message-types": "sms"}, plan="free")
    api.advance(7200)
    text = look(api).text
    assert "Plan free" in text and "Users 25" in text and "Clock moved by 2 hours" in text
    assert "otp-reuse=on instead of off" in text and "message-types=sms instead of sms,voice" in text
    assert "Changed switches, 2 of" in text and "put-keeps-ids" not in text and "Preset none" in text


def test_the_preset_is_shown_until_other_switches_are_chosen(api):
    for body, preset in (({"preset": "realistic"}, "realistic"), ({"users": 5}, "none"), ({"switches": {}}, "none")):
        assert api.call("POST", "/_control/reset", json=body).status_code == 204
        text = look(api).text
        assert f"Preset {preset} " in text and ("search-delay=2 instead of 0" in text) == (preset == "realistic")


def test_budget_gauge(make_api):
    api = make_api(plan="free")
    api.hold_limits()
    api.manage("GET", "/users")
    page = look(api)
    assert "management · all 1 / 2 2 added per second" in page.text
    assert ("i", {"class": "", "style": "width: 50%"}) in page.tags


def test_users_with_their_authenticators_masked(api):
    text = look(api, email="user00003").text
    assert re.search(r"user00003@example\.com auth0\|\w+ [-\d: ]+ phone XXXXXXXX0103 used 12 days ago", text)
    assert "+15005550103" not in text


def test_pending_and_never_used_authenticators_say_so(api):
    assert "totp unconfirmed for 2 hours" in look(api, email="user00006").text
    assert re.search(r"phone X+\d{4} never used, created \d+ days ago", look(api, email="user00020").text)


def test_users_are_paged(make_api):
    api = make_api(users=45)
    assert addresses(look(api)) == list(range(1, 21))
    last = look(api, page=2)
    assert addresses(last) == list(range(41, 46))
    assert "page 3 of 3" in last.text
    links = [attributes["href"] for tag, attributes in last.tags if tag == "a"]
    assert links == ["?page=1#users"]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("-1", id="negative"),
        pytest.param("x", id="letter"),
        pytest.param("9" * 30, id="too long"),
        pytest.param("", id="empty"),
        pytest.param("²", id="superscript digit"),
    ],
)
def test_a_malformed_page_shows_the_first_or_an_empty_one(api, page):
    assert addresses(look(api, page=page)) in (list(range(1, 21)), [])


def test_users_are_found_by_the_beginning_of_the_address_at_a_million(make_api):
    page = look(make_api(users=1_000_000), email="USER12345")
    assert addresses(page) == [12345]
    assert "user123450@example.com" in page.text and 'begins with "user12345": 11' in page.text


def test_users_without_an_address_are_shown_as_they_are(make_api):
    api = make_api({"user-kinds": "mixed"}, users=1_000_000)
    second = look(api, page=1).text
    assert "samlp|corp-saml|CN=User 00040,OU=Sales/EMEA,O=Corp + Co" in second and "not verified" not in second
    assert "too many to look through" in look(api, email="user").text
    assert addresses(look(api, email="user0003")) == [30, 31, 36, 37, 38, 39]


def test_a_search_without_a_match_says_so(api):
    assert "No user matches." in look(api, email="nobody").text


def test_changed_and_deleted_users_are_shown_in_their_present_state(api):
    api.manage("DELETE", f"/users/{api.user_id(2)}")
    api.manage("DELETE", api.methods_path(3))
    page = look(api)
    assert 2 not in addresses(page)
    assert re.search(r"user00003@example\.com \S+ [-\d: ]+ none", page.text)


def test_names_and_searches_are_escaped(api):
    page = look(api, email="user00014")
    assert "<b>Bold</b> Tag" in page.text
    assert sum(tag == "b" for tag, _attributes in page.tags) == 1  # the page's own
    page = look(api, email='"><script>')
    assert "script" not in {tag for tag, _attributes in page.tags}
    assert ("value", '"><script>') in [pair for tag, attributes in page.tags for pair in attributes.items()]


def test_last_requests_latest_first(api):
    api.call("GET", "/first")
    api.call("GET", "/second")
    text = look(api).text
    assert re.search(r"404 GET /second .*404 GET /first", text)


def test_pending_faults(api):
    assert "None: every request is answered as it should be." in look(api).text
    api.call("POST", "/_control/faults", json={"kind": "slow", "method": "GET", "path": "/mfa/*", "count": 3})
    assert "slow GET /mfa/* 3" in look(api).text


def test_no_secret_is_shown(api):
    token = api.mfa_token(3)
    api.call("POST", "/mfa/challenge", json={"mfa_token": token, "client_id": "app", "client_secret": "app-secret"})
    code = api.received_code(3)
    api.call("GET", "/mfa/authenticators?mfa_token=concealed-1&ticket=concealed-2&q=shown", token)
    page = look(api)
    for secret in (SECRET_2, "4444AAAABBBBCCCCDDDDEEEE", "Correct-Horse", "app-secret", "concealed", token):
        assert secret not in page.text
    assert re.search(rf"\b{code}\b", page.text) is None
    assert "/mfa/authenticators?mfa_token=…&ticket=…&q=shown" in page.text


def test_nothing_is_loaded_and_no_script_runs(api):
    answer = api.call("GET", "/_control/")
    page = Page(answer.text)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _attributes in page.tags}
    assert "url(" not in answer.text and "@import" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_page_is_not_logged_and_not_limited(make_api):
    api = make_api(plan="free")
    for _number in range(5):
        look(api)
    assert api.call("GET", "/_control/requests").json() == []
