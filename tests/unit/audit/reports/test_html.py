# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Checkpoint
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import SEVERITIES, STATES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.html import LARGEST, page
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.page_template import (
    DARK,
    LIGHT,
    SCRIPT,
    SEVERITY_COLORS,
    STATE_COLORS,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.summary import Tally, summary
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import ACTIONS, RULES

from tests.unit.audit.fake_tenant import NOW, TENANT, authenticator
from tests.unit.audit.history import HOSTILE, judged, reading

VOID = {"meta", "link", "br", "hr", "img", "input"}
# HTML needs no end tag for these.
OPTIONAL = {"tr", "td", "th", "tbody", "thead", "li", "dt", "dd", "option", "p"}


class Page(HTMLParser):
    """Every element with its attributes and its text, and whether tags that need an end have one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.stack: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        while self.stack and self.stack[-1] != tag and self.stack[-1] in OPTIONAL:
            self.stack.pop()
        if not self.stack or self.stack.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if self.elements:
            self.elements[-1][2].append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes, _text in self.elements if name == tag]


def figures(tally: Tally, *, tenant: str = TENANT, policy: Policy = Policy(), **more):
    checkpoint = Checkpoint(
        run="20260601T120000Z", tenant=tenant, scope={}, policy={}, full=True, base=None, source="export",
        planned="2026-06-01T11:50:00.000Z", to_read=tally.users.total(), carried=0, unseen=0, incomplete=None, note=None,
        costs={}, finished="2026-06-01T12:00:00.000Z",
    )  # fmt: skip
    return summary(checkpoint, tally, policy, None, NOW, {"python": "3.13.0"}, **more)


def finding(rule: str, number: int, **more) -> dict:
    about = "totp|dev_1" if ACTIONS.get(rule) == "remove" else None
    return {
        "id": hashlib.sha256(f"{rule}{number}".encode()).hexdigest()[:32], "rule": rule, "severity": RULES[rule].severity,
        "warning": False, "authenticator_id": about, "link_id": None, "factor": None, "age_days": None, "age_from": None, "exempted": None,
        "status": "new", "first_seen": "2026-06-01T12:00:00.000Z", "acted": None, **more,
    }  # fmt: skip


def user_with(number: int, *findings: dict, **more) -> dict:
    return {**judged(reading(number)), "findings": list(findings), **more}


def shown(*rows: dict, **more) -> str:
    tally = Tally()
    for row in rows:
        tally.add(row)
    return page(figures(tally), tally.worst(), **more)


def everything(users: int, **more) -> str:
    """As large as a page can be: every rule finds something about every user."""
    return shown(*(user_with(number, *(finding(rule, number) for rule in RULES), **more) for number in range(users)))


def rows_of(html: str) -> list[str]:
    return re.findall(r"^<tr><td class=.*", html, re.MULTILINE)


def test_the_browser_may_load_nothing_and_run_only_what_stands_in_the_page():
    html = everything(3)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    rules = dict(part.split(" ", 1) for part in policy.replace("&#39;", "'").split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_the_page_refers_to_nothing_outside_but_the_user_in_the_dashboard():
    found = Page(everything(3))
    assert not {tag for tag, _attributes, _text in found.elements} & {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
    }
    for tag, attributes, _text in found.elements:
        assert not {"src", "srcset", "style", "action", "formaction", "background", "xlink:href"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")]
    outside = {each["href"] for each in found.all("a") if not each["href"].startswith("#")}
    assert outside and all(each.startswith("https://manage.auth0.com/dashboard/") for each in outside)
    text = re.sub(r"href=https://\S+", "", everything(3))
    assert "url(" not in text and "@import" not in text and "://" not in text


def test_every_link_inside_has_a_target_and_every_id_is_there_once():
    found = Page(everything(3))
    ids = [attributes["id"] for _tag, attributes, _text in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {each["href"][1:] for each in found.all("a") if each["href"].startswith("#")} <= set(ids)
    named = [
        attributes["aria-labelledby"] for _tag, attributes, _text in found.elements if "aria-labelledby" in attributes
    ]
    assert named and set(named) <= set(ids)


def test_elements_that_need_an_end_have_one():
    assert Page(everything(3)).unbalanced == []


def test_the_page_can_be_read_without_seeing_it():
    found = Page(everything(3))
    assert all(each.get("scope") in ("col", "row") for each in found.all("th"))
    assert [tag for tag, _attributes, _text in found.elements if tag in ("main", "header", "nav", "h1")] == [
        "header", "h1", "nav", "main",
    ]  # fmt: skip
    assert found.all("html") == [{"lang": "en"}]
    assert found.all("a")[0] == {"class": "skip", "href": "#main"}
    for svg in found.all("svg"):
        assert svg.get("aria-hidden") == "true" or (svg["role"] == "img" and svg["aria-label"])
    # A label has its field inside.
    assert len(found.all("label")) == len(found.all("input")) + len(found.all("select"))


def luminance(color: str) -> float:
    def channel(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(int(color[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("background", ["page", "card", "warn", "track"])
def test_every_text_has_the_contrast_that_wcag_asks_for(colors, background):
    texts = {"text", "soft", "link", *STATE_COLORS, *SEVERITY_COLORS}
    if background in ("warn", "track"):
        texts = {"text"}
    for name in texts:
        light, dark = sorted((luminance(colors[name]), luminance(colors[background])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, name


def test_every_severity_and_state_has_a_color():
    assert set(SEVERITY_COLORS) == set(SEVERITIES)
    assert set(STATE_COLORS) == set(STATES)


@pytest.mark.parametrize(
    "name", [*HOSTILE, "A" * 10_000, "\u05d0" * 10_000, "{{ 7 * 7 }}", "{% raw %}", "]]>", "<!--", "\x00"]
)
def test_no_name_is_markup_or_moves_what_stands_beside_it(name):
    rows = [user_with(1, finding("no-mfa", 1), name=name, email=None, privileged=True, connections=[name])]
    rows[0]["findings"] += [
        finding(
            "stale",
            1,
            authenticator_id="x",
            factor=name,
            exempted={"reason": name, "owner": name, "expires": "2026-12-31"},
        )
    ]
    html, plain = shown(*rows), shown(user_with(1, finding("no-mfa", 1), name="x", email=None, privileged=True))
    assert all(line.replace("\u00a0", " ").isprintable() for line in html.split("\n"))
    assert html.count("<script") == 1 and Page(html).unbalanced == []
    tags = {tag for tag, _attributes, _text in Page(html).elements}
    assert tags <= {tag for tag, _attributes, _text in Page(plain).elements} | {"bdi", "u", "tr", "td", "i"}
    assert len(html) < len(plain) + 4_000
    html.encode()


def test_a_text_that_may_run_from_right_to_left_is_isolated():
    html = shown(user_with(1, finding("no-mfa", 1), email=None, name="\u05d3\u05d5\u05d3"))
    assert ">\u05d3\u05d5\u05d3<" in html and html.count("\u05d3\u05d5\u05d3") == html.count(
        "<bdi>\u05d3\u05d5\u05d3</bdi>"
    )


def test_a_page_is_never_larger_than_it_may_be_and_says_what_it_leaves_out():
    long = "\U0001f600" * 90
    exempted = {"reason": long, "owner": long, "expires": "2026-12-31"}
    html = shown(
        *(
            user_with(number, *(finding(rule, number, exempted=exempted) for rule in RULES), name=long, email=None)
            for number in range(110)
        )
    )
    assert len(html.encode()) <= LARGEST
    (per_rule,) = re.findall(
        r"The (\d+) worst of each rule: [\d,]+ of [\d,]+ findings\. All are in findings\.jsonl\.gz and findings\.csv\.",
        html,
    )
    assert int(per_rule) < 100
    assert len(rows_of(html)) == int(per_rule) * len(RULES)


def test_a_hundred_of_each_rule_are_shown_where_there_is_room_for_them():
    html = shown(*(user_with(number, *(finding(rule, number) for rule in list(RULES)[:5])) for number in range(120)))
    assert len(rows_of(html)) == 500 and "The 100 worst of each rule: 500 of 600 findings." in html
    assert "href=https" in rows_of(html)[0]


@pytest.mark.parametrize(
    ("tenant", "start"),
    [
        ("example.auth0.com", "https://manage.auth0.com/dashboard/us/example/users/"),
        ("example.us.auth0.com", "https://manage.auth0.com/dashboard/us/example/users/"),
        ("my-shop.us-3.auth0.com", "https://manage.auth0.com/dashboard/us-3/my-shop/users/"),
        ("login.example.com", None),
        ("127.0.0.1:8090", None),
        ("example.eu.auth0.com.evil.example", None),
        ("a.b.eu.auth0.com", None),
    ],
)
def test_a_user_is_linked_to_the_dashboard_where_its_address_is_known(tenant, start):
    tally = Tally()
    tally.add(user_with(7, finding("no-mfa", 7)))
    html = page(figures(tally, tenant=tenant), tally.worst())
    links = re.findall(r"href=(https://\S+?)>", html)
    assert bool(links) == (start is not None)
    for link in links:
        encoded = link.removeprefix(start)
        assert unquote(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()) == "auth0|00007"


def test_a_pseudonym_is_linked_to_nothing():
    assert "manage.auth0.com" not in shown(user_with(1, finding("no-mfa", 1)), pseudonyms=True)


def test_the_full_id_of_a_finding_can_be_selected():
    assert re.search(r"<td>[0-9a-f]{32}$", rows_of(everything(1))[0])


def test_only_the_worst_are_printed_and_the_paper_says_so():
    html = shown(*(user_with(number, *(finding(rule, number) for rule in list(RULES)[:4])) for number in range(100)))
    first, second = html.split('<tbody class="off">')
    assert (len(rows_of(first)), len(rows_of(second))) == (240, 160)
    assert "On paper: the 240 worst of 400." in html
    assert "On paper" not in everything(3)


def test_findings_come_privileged_people_first_then_the_most_severe_and_exempted_ones_last():
    exempted = {"reason": "a safe", "owner": "security", "expires": "2026-12-31"}
    html = shown(
        user_with(1, finding("stale", 1, severity="medium")),
        user_with(2, finding("stale", 2, severity="critical", exempted=exempted)),
        user_with(3, finding("stale", 3, severity="medium"), privileged=True),
        user_with(4, finding("no-mfa", 4, severity="high")),
    )
    assert [re.search(r"user0000(\d)@", row)[1] for row in rows_of(html)] == ["3", "4", "1", "2"]
    assert "exempted</u><i>a safe (security), until 2026-12-31</i>" in rows_of(html)[3]


def test_the_script_reads_the_columns_that_are_there():
    heads = re.findall(r'<th scope="col">([^<]*)', everything(1).split('<table id="f"')[1])
    assert heads == ["Severity", "Rule", "User", "Device", "Age, d", "First seen", "Status", "ID"]
    assert {int(number) for number in re.findall(r"cells\[(\d)\]", SCRIPT)} == {0, 1, 6}


def test_the_authenticator_of_a_finding_is_shown_as_a_person_knows_it():
    row = judged(reading(1, authenticator("phone", created=900, used=200, phone_number="XXXXXXXX4321")))
    assert any("<td>phone XXXXXXXX4321<td>200<td>" in each for each in rows_of(shown(row)))
