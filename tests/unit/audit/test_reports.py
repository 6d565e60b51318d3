# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
from html.parser import HTMLParser

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.judging import user_row
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import STATUSES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.readings import profile_record, record_of
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.summary import LIMITS, Tally, table
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.files import REPORT, SUMMARY
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import USERS
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import NOTHING, run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_read import UserRead
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import InsufficientScopeError, ServerError

from tests.unit.audit.reports.test_html import figures as page_figures
from tests.unit.audit.fake_tenant import NOW, TENANT, FakeTenant, authenticator, user

NASTY = '<b>"Bobby" & \'<script>alert(1)</script>'


def a_tenant() -> FakeTenant:
    users = [user(number) for number in range(6)] + [user(6, name=NASTY)]
    del users[6]["email"]
    return FakeTenant(
        users,
        {
            "auth0|00001": [authenticator("phone", created=300, used=200, phone_number="XXXXXXXX4321")],
            "auth0|00002": [
                authenticator("otp", created=300, name=NASTY[:20]),
                authenticator("recovery-code", id="recovery-code|1"),
            ],
            "auth0|00003": [authenticator("otp", created=20, used=1), authenticator("shoe-size", id="shoe-size|1")],
            "auth0|00004": ServerError("Could not list the authenticators of auth0|00004: <i>down</i>", status=503),
            "auth0|00005": [authenticator("email", created=2, confirmed=False, email="user****@exam*******")],
        },
    )


def one_user() -> FakeTenant:
    return FakeTenant([user(1)])


def audited(folder, tenant=None):
    """What a run came to; its reports are in the folder as well."""
    tenant, store = tenant or a_tenant(), FolderStore(str(folder / "store"))
    outcome = run(tenant, tenant, store, Order(TENANT, threads=1, patience=0.0), clock=lambda: NOW)
    for name, key in outcome.keys.items():
        (folder / name).write_bytes(store.read(key)[0])
    return outcome


def audit(folder, tenant=None) -> dict:
    return audited(folder, tenant).summary


def row(number: int, authenticators, **more) -> dict:
    """A row as the audit makes it."""
    read = UserRead("auth0|%05d" % number, None, tuple(authenticators))
    return user_row(TENANT, record_of(0, profile_record(user(number, **more)), read, NOW), NOW, Policy())


class Page(HTMLParser):
    """Every element with its attributes, and the text, without that of its style and its script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] not in ("style", "script"):
            self.text.append(data)

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.text).split())


def read_page(folder) -> tuple[str, Page]:
    html = (folder / REPORT).read_text(encoding="utf-8")
    return html, Page(html)


def test_the_summary_counts_users_findings_and_factors(tmp_path):
    figures = audit(tmp_path)
    assert figures["coverage"] == {
        "source": "export", "listed": 7, "listed_is_lower_bound": False, "read": 6, "carried": 0, "unread": 1, "gone": 0,
        "out_of_scope": 0, "not_reached": 0,
    }  # fmt: skip
    assert figures["users"] == {"strong": 2, "weak": 1, "none": 3, "elsewhere": 0, "unknown": 1}
    assert {rule: count for rule, count in figures["findings"].items() if count} == {
        "no-mfa": 3,
        "unread": 1,
        "weak-only": 1,
        "not-challenged": 2,
        "stale": 1,
        "unknown-factor": 1,
        "never-used": 1,
        "single-factor": 1,
        "no-recovery-code": 1,
        "unconfirmed": 1,
    }
    assert list(figures["findings"]) == list(RULES)
    assert figures["counted"] == {"critical": 0, "high": 4, "medium": 5, "low": 4}
    assert (figures["factors"], figures["unknown_types"]) == (
        {"otp": 2, "phone": 1, "recovery-code": 1},
        {"shoe-size": 1},
    )
    assert (figures["partial"], figures["reason"]) == (True, "Users who could not be read: 1.")
    assert json.loads((tmp_path / SUMMARY).read_text()) == figures


def test_the_findings_of_the_summary_are_those_of_the_rows(tmp_path):
    figures = audit(tmp_path)
    with gzip.open(tmp_path / USERS, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert sorted(row["user_id"] for row in rows) == ["auth0|%05d" % number for number in range(7)]
    counted = [finding["rule"] for row in rows for finding in row["findings"]]
    assert {rule: counted.count(rule) for rule in RULES} == figures["findings"]


def test_the_same_tenant_at_the_same_time_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        audit(tmp_path / name)
    for file in (USERS, SUMMARY, REPORT):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_what_the_tenant_says_is_text_and_never_markup(tmp_path):
    audit(tmp_path)
    html, page = read_page(tmp_path)
    assert [tag for tag, attributes in page.elements].count("script") == 1
    assert html.count("<script") == 1 and "<i>down" not in html
    assert NASTY in page.said and "<i>down</i>" in page.said
    assert NASTY not in html


def test_the_page_says_what_it_cannot_see_and_what_to_do(tmp_path):
    figures = audit(tmp_path)
    said = read_page(tmp_path)[1].said
    for limit in LIMITS:
        assert limit in said
    for rule in RULES.values():
        assert rule.title in said
        assert not figures["findings"][rule.id] or (rule.risk in said and rule.remediation in said)


def test_the_page_shows_every_finding_with_its_device_and_age(tmp_path):
    audit(tmp_path)
    said = read_page(tmp_path)[1].said
    assert "stale user00001@example.com auth0|00001 phone XXXXXXXX4321 200 2026-06-01 new" in said
    assert "never-used user00002@example.com auth0|00002 otp %s 300 2026-06-01 new" % NASTY[:20] in said
    assert "shoe-size (1)" in said


def test_a_complete_run_has_no_banner(tmp_path):
    audit(tmp_path, FakeTenant([user(1)]))
    assert "This report is partial" not in read_page(tmp_path)[1].said


def test_a_run_that_was_cut_off_says_so_first(tmp_path):
    tenant = FakeTenant(
        [user(number) for number in range(9)],
        {"auth0|00004": InsufficientScopeError("Could not go on: no", status=403)},
    )
    figures = audit(tmp_path, tenant)
    said = read_page(tmp_path)[1].said
    assert (figures["partial"], figures["coverage"]["not_reached"]) == (True, 5)
    banner = said.index("This report is partial")
    assert banner < said.index("have a strong second factor")
    assert "Could not go on: no (status 403)." in said[banner:]
    assert "4 of 9 users read" in said[:banner]


def test_a_tenant_without_users_has_a_report(tmp_path):
    figures = audit(tmp_path, FakeTenant([]))
    assert (figures["partial"], figures["oldest_reading"], figures["coverage"]["listed"]) == (True, None, 0)
    assert "of 0 users" in read_page(tmp_path)[1].said


def test_a_long_list_is_cut_and_says_how_much_is_missing(tmp_path):
    audit(tmp_path, FakeTenant([user(number) for number in range(250)]))
    said = read_page(tmp_path)[1].said
    assert "The 100 worst of each rule: 100 of 250 findings. All are in findings.jsonl.gz and findings.csv." in said
    assert "auth0|00099" in said and "auth0|00100" not in said


def test_the_oldest_are_kept_of_a_long_list():
    tally = Tally(shown_per_rule=3)
    for number, days in enumerate([100, 500, 300, 500, 95]):
        tally.add(row(number, [authenticator(created=900, used=days)]))
    shown = [(each["age_days"], each["user_id"]) for each in tally.worst()["stale"]]
    assert shown == [(500, "auth0|00001"), (500, "auth0|00003"), (300, "auth0|00002")]
    assert tally.findings["stale"] == 5


def test_of_users_without_a_factor_those_who_log_in_come_first():
    tally = Tally()
    dates = ["2025-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z", "2026-05-01T00:00:00.000Z"]
    for number, last_login in enumerate(dates):
        tally.add(row(number, [], last_login=last_login))
    assert [each["user_id"] for each in tally.worst()["no-mfa"]] == ["auth0|00002", "auth0|00000", "auth0|00001"]


@pytest.mark.parametrize(
    ("tenant", "line"),
    [
        pytest.param(a_tenant, "Users: 6 read, 1 unread, 0 gone, 0 not reached, of 7 listed", id="coverage"),
        pytest.param(a_tenant, "PARTIAL: Users who could not be read: 1.", id="what is missing"),
        pytest.param(a_tenant, "Protection: 2 strong, 1 weak only, 3 none, 1 unknown", id="protection"),
        pytest.param(
            one_user,
            "Requests: 6, 0 refused by the rate limit, waited 0.0 s of 0.",
            id="costs",
        ),
        pytest.param(
            one_user, "No usable second factor                  1      -      0         0  high", id="a finding"
        ),
    ],
)
def test_the_table_for_a_terminal(tmp_path, tenant, line):
    outcome = audited(tmp_path, tenant())
    text = table(outcome.summary, outcome.costs)
    assert "\n" + line in text
    assert "example.com" not in text.replace(TENANT, "") and "auth0|" not in text


def test_the_table_shows_the_worst_severity_what_is_new_and_what_is_exempted():
    privileged = row(1, [authenticator("phone", created=900, used=200)])
    for each in privileged["findings"]:
        each.update(severity="critical", status="persisting")
    exempted = row(2, [authenticator("phone", created=900, used=200)])
    for each in exempted["findings"]:
        each["exempted"] = {"reason": "a safe", "owner": "security", "expires": "2026-12-31"}
    aside = {**row(3, []), "place": "aside", "why": "blocked"}
    tally = Tally()
    for each in (
        {**privileged, "privileged": True},
        exempted,
        aside,
        row(4, [authenticator("phone", created=900, used=200)]),
    ):
        tally.add(each)
    statuses = {**dict.fromkeys(STATUSES, 0), "new": 3, "persisting": 2, "not-read": 1}
    history = {"base": "000001", "since": None, "until": "", "days": 7.0, "statuses": statuses, "new": {}}
    text = table(page_figures(tally, history=history), NOTHING)
    (stale,) = [line for line in text.splitlines() if line.startswith(RULES["stale"].title)]
    assert stale.split()[-5:] == ["2", "1", "1", "1", "critical"]
    # Of the user who is set aside only this is told, and nothing of rules that found nothing.
    assert RULES["no-mfa"].title not in text and "Set aside: 1 blocked (1 finding)\n" in text
    assert "Compared with 000001 (7 days before):\n  3 new, 2 persisting, 1 not-read\n" in text
    assert "Privileged: 0 of 1 protected" in text and max(map(len, text.splitlines())) <= 78


def test_the_longest_line_of_the_table_has_room():
    figures = page_figures(Tally())
    for rule, its in figures["rules"].items():
        figures["findings"][rule] = 9_999_999
        its["severities"]["critical"] = 1_000_000
    figures["partial"] = False
    assert max(map(len, table(figures, NOTHING).splitlines())) <= 78
    assert table(page_figures(Tally()), NOTHING).splitlines()[2] == "No finding."


def test_neither_summary_nor_table_names_a_user(tmp_path):
    outcome = audited(tmp_path)
    for text in (json.dumps(outcome.summary), table(outcome.summary, outcome.costs)):
        assert "auth0|" not in text and "@" not in text


def test_no_text_of_the_tenant_steers_a_terminal_or_turns_the_page(tmp_path):
    label = "a\x1b[2J\x9b\u202e\u2066\u200b\u2028\x85 & <b>"
    tenant = FakeTenant([user(1, name=label, email=label)], {"auth0|00001": ServerError(label)})
    figures = audit(tmp_path, tenant)
    texts = {name: (tmp_path / name).read_text() for name in (SUMMARY, REPORT)}
    texts[USERS] = gzip.decompress((tmp_path / USERS).read_bytes()).decode()
    texts["table"] = table({**figures, "partial": True, "reason": label}, NOTHING)
    for name, text in texts.items():
        assert all(line.isprintable() for line in text.split("\n")), name
    assert "a\\x1b[2J\\x9b\\u202e\\u2066\\u200b\\u2028\\x85 &amp; &lt;b&gt;" in texts[REPORT]
