# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.findings import finding_id
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.findings_csv import HEADER, values
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import ACTIONS, RULES, action_of
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.decisions import (
    Seen,
    read_decisions,
)

TENANT = "example.eu.auth0.com"
USED = "2026-01-01T00:00:00.000Z"
READ = "2026-06-01T00:00:00.000Z"


def found(rule: str = "stale", user: str = "auth0|1", authenticator: str | None = "totp|dev_1", **other) -> dict:
    """A row of findings.jsonl, with the decision beside it."""
    dates = {"read_at": READ, "created_at": USED, "enrolled_at": None, "last_auth_at": USED}
    row = {
        "id": finding_id(other.get("tenant", TENANT), rule, user, authenticator, other.get("link_id")),
        "rule": rule,
        "severity": "medium",
        "warning": False,
        "authenticator_id": authenticator,
        "link_id": None,
        "factor": "otp",
        "age_days": 100,
        "age_from": "last_auth_at",
        "exempted": None,
        "status": "new",
        "first_seen": READ,
        "acted": None,
        "tenant": TENANT,
        "run": "run1",
        "user_id": user,
        "user": "jane@example.com",
        "email": "jane@example.com",
        "connections": ["db"],
        "privileged": False,
        "break_glass": False,
        "place": "in",
        "protection": "strong",
        "device": None,
        "seen": dates if authenticator else None,
        "last_seen": READ,
        "closed_at": None,
        "decision": "",
    }
    return {**row, **other}


def as_csv(*rows: dict, delimiter: str = ",", **dialect) -> bytes:
    text = io.StringIO()
    written = csv.writer(text, delimiter=delimiter, **dialect)
    written.writerow(HEADER)
    for row in rows:
        cells = values(row)
        cells[HEADER.index("decision")] = row["decision"]
        written.writerow(cells)
    return text.getvalue().encode()


def as_lines(*rows: dict) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_something_can_be_done_about_rules_that_there_are():
    assert set(ACTIONS) <= set(RULES)


@pytest.fixture
def read(tmp_path):
    def of(content: bytes, reviewed=None):
        path = tmp_path / "file"
        path.write_bytes(content)
        return read_decisions(str(path), TENANT, reviewed)

    return of


def test_a_filled_in_column_decides(read):
    rows = [found(decision="remove"), found(user="auth0|2", decision=""), found(user="auth0|3", decision="keep")]
    (decision,) = read(as_csv(*rows))
    assert (decision.user_id, decision.authenticator_id, decision.action) == ("auth0|1", "totp|dev_1", "remove")
    assert decision.seen == Seen(USED, None, USED)


@pytest.mark.parametrize("user_id", ["=auth0|1", " +auth0|1", "a;=b", 'a"b,c', "samlp|x|y@example.com"])
def test_what_a_spreadsheet_makes_of_it_is_read(read, user_id):
    row = found(user=user_id, decision=" Remove ", link_id="=link")
    (decision,) = read(b"\xef\xbb\xbf" + as_csv(row, delimiter=";", lineterminator="\r\n"))
    assert (decision.user_id, decision.last_seen, decision.read_at) == (user_id, READ, READ)


@pytest.mark.parametrize("as_file", [as_csv, as_lines])
def test_who_the_user_is_comes_along(read, as_file):
    exempted = {"reason": "=a safe", "owner": "ops", "expires": "2026-12-31"}
    rows = [
        found(decision="remove", privileged=True, break_glass=True),
        found(user="auth0|2", decision="remove", exempted=exempted),
        found(user="auth0|3", decision="remove", email=None),
    ]
    first, second, third = read(as_file(*rows), None if as_file is as_csv else [row["id"] for row in rows])
    assert (first.standing, first.void, first.has_address) == (("privileged", "break-glass"), None, True)
    assert (second.standing, second.void) == ((), "The policy exempts it until 2026-12-31: =a safe (ops).")
    assert not third.has_address


@pytest.mark.parametrize("status", ["resolved", "gone", "not-read", "out-of-scope", "not-asked"])
def test_what_the_audit_no_longer_finds_is_not_acted_on(read, status):
    row = found(status=status)
    (decision,) = read(as_lines(row), [row["id"]])
    assert decision.void == "The audit no longer finds it: %s." % status


def test_a_pair_is_known_by_its_link(read):
    row = found(link_id="link1", authenticator="push|dev_1", decision="remove")
    other = {**row, "authenticator_id": "totp|dev_2"}
    assert [each.finding for each in read(as_csv(row))] == [row["id"]]
    assert [each.authenticator_id for each in read(as_csv(other))] == ["totp|dev_2"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("rule", sorted(ACTIONS))
def test_a_listed_id_decides_what_the_rule_is_for(read, rule, packed):
    authenticator = "totp|dev_1" if ACTIONS[rule] == "remove" else None
    row = found(rule, authenticator=authenticator)
    content = as_lines(row, found(rule, "auth0|2", authenticator))
    (decision,) = read(gzip.compress(content, mtime=0) if packed else content, [row["id"], row["id"]])
    assert (decision.finding, decision.action) == (row["id"], ACTIONS[rule])


def test_the_users_of_an_older_audit_are_read(read):
    row = found()
    finding = {name: row[name] for name in ("id", "rule", "authenticator_id")}
    method = {"id": "totp|dev_1", "created_at": USED, "enrolled_at": None, "last_auth_at": USED}
    user = {
        "tenant": TENANT,
        "read_at": USED,
        "user_id": "auth0|1",
        "email": None,
        "name": "Jane",
        "authenticators": [method],
    }
    (decision,) = read(as_lines({**user, "findings": [finding]}, {**user, "findings": []}), [row["id"]])
    assert (decision.user, decision.seen, decision.read_at) == ("Jane", Seen(USED, None, USED), USED)


@pytest.mark.parametrize(
    "rows, said",
    [
        (
            [found(tenant="other.eu.auth0.com", decision="remove")],
            "Of the tenant other.eu.auth0.com, while this is example",
        ),
        ([{**found(decision="remove"), "user_id": "auth0|9"}], "Rule, user or authenticator are not those of the ID"),
        ([{**found(decision="remove"), "rule": "no-mfa"}], "Rule, user or authenticator are not those of the ID"),
        ([{**found(decision="remove"), "authenticator_id": "totp|dev_2"}], "are not those of the ID"),
        ([found(decision="delete")], "Decision 'delete' about stale, not remove or keep"),
        (
            [found("no-mfa", authenticator=None, decision="remove")],
            "Decision 'remove' about no-mfa, not ticket or keep",
        ),
        ([found("weak-only", authenticator=None, decision="remove")], "about which nothing can be done here"),
        (
            [found("odd-date", authenticator=None, decision="remove")],
            "Decision 'remove' about odd-date of the account, which is no authenticator, about which nothing can be done here",
        ),
        ([found("exemption-expired", user="", authenticator=None, decision="remove")], "Not about a user"),
        ([found(decision="remove"), found(decision="remove", run="run2", last_seen=USED)], "Two decisions about one"),
        (
            [found(decision="remove", seen=dict.fromkeys(("read_at", *Seen._fields), "01.02.2026"))],
            "A date that is none",
        ),
    ],
)
def test_what_cannot_be_right_is_told(read, rows, said):
    with pytest.raises(ConfigurationError, match="file cannot be acted on") as caught:
        read(as_csv(*rows))
    assert said in caught.value.message and rows[0]["id"] in caught.value.message


@pytest.mark.parametrize("authenticator", ["totp|dev_1", None])
@pytest.mark.parametrize("decision", ["remove", "ticket", "rotate"])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_decision_that_could_do_nothing_is_refused(read, rule, decision, authenticator):
    row = found(rule, authenticator=authenticator, decision=decision)
    if action_of(rule, authenticator) == decision:
        assert [each.action for each in read(as_csv(row))] == [decision]
        return
    for content, reviewed in ((as_csv(row), None), (as_lines(row), [row["id"]])):
        if reviewed and action_of(rule, authenticator):
            continue
        with pytest.raises(ConfigurationError) as caught:
            read(content, reviewed)
        assert rule in caught.value.message and "Nothing was changed" in str(caught.value)


def test_two_decisions_about_one_finding_are_refused_with_both_lines(read):
    rows = [found(decision="keep"), found(user="auth0|2", decision="keep"), found(decision="remove")]
    for given, lines in ((rows, "lines 2 and 4"), (rows[::-1], "lines 2 and 4"), (rows[::2], "lines 2 and 3")):
        with pytest.raises(ConfigurationError, match="Two decisions about one finding") as caught:
            read(as_csv(*given))
        assert "%s (%s)" % (rows[0]["id"], lines) in caught.value.message
    assert read(as_csv(rows[0], rows[0], found(decision=""))) == []


def changed(row: dict, **cells: str) -> bytes:
    """The file with one row, of which somebody has changed cells."""
    header, written = csv.reader(io.StringIO(as_csv(row).decode()))
    text = io.StringIO()
    csv.writer(text).writerows([header, [cells.get(name, cell) for name, cell in zip(header, written)]])
    return text.getvalue().encode()


EXEMPTED = {"reason": "=a safe", "owner": "@ops", "expires": "2026-12-31"}


@pytest.mark.parametrize(
    "cells",
    [
        {"privileged": "no"},
        {"break_glass": "no"},
        {"exempted_because": "", "exempted_by": "", "exempted_until": ""},
        {"exempted_until": ""},
        {"status": "new"},
        {"email": "joe@example.com"},
        {"protection": "strong"},
        {"last_seen": ""},
        {"seen_read_at": "2026-06-01 00:00"},
        {"seen_last_auth_at": "2026-01-01 00:00"},
        {"seen_last_auth_at": ""},
        {"seen_created_at": "2026-01-02T00:00:00.000Z"},
        {"seen_enrolled_at": "2026-01-02T00:00:00.000Z"},
        {"row_sum": ""},
    ],
    ids=lambda cells: " ".join("%s=%s" % each for each in cells.items()),
)
def test_cells_that_count_and_are_not_as_the_audit_wrote_them_are_refused(read, cells):
    row = {**found(privileged=True, break_glass=True, exempted=EXEMPTED, status="resolved"), "decision": "remove"}
    row["protection"] = "weak"
    with pytest.raises(ConfigurationError, match="a spreadsheet may have changed them") as caught:
        read(changed(row, **cells))
    assert "%s (line 2)" % row["id"] in caught.value.message


def test_what_nobody_relies_on_may_be_changed(read):
    row = found(decision="remove", exempted=EXEMPTED, email="=jane@example.com")
    (decision,) = read(changed(row, title="Old", exempted_until="31.12.2026", device="x", email="=jane@example.com"))
    assert "until 31.12.2026" in decision.void


@pytest.mark.parametrize("as_file", [as_csv, as_lines])
def test_a_user_whose_identity_provider_does_mfa_is_known(read, as_file):
    rows = [found(decision="remove", protection="elsewhere"), found(user="auth0|2", decision="remove")]
    first, second = read(as_file(*rows), None if as_file is as_csv else [row["id"] for row in rows])
    assert (first.by_provider, second.by_provider) == (True, False)


def test_mistakes_are_told_together(read):
    many = [found(user="auth0|%d" % number, decision="x") for number in range(8)]
    with pytest.raises(ConfigurationError, match="Of the tenant") as caught:
        read(as_csv(*many, found(tenant="other.eu.auth0.com", decision="remove")))
    assert "and 3 more" in caught.value.message


@pytest.mark.parametrize(
    "content, reviewed, said",
    [
        (b"", None, "has no column finding_id"),
        (b"a,b\n1,2\n", None, "has no column finding_id, decision"),
        (b"\xff\xfe\x00", None, "not text in UTF-8"),
        (gzip.compress(b"{}", mtime=0)[:-4], [], "it is damaged"),
        (b'{"id": 1\n', [], "line 1 is not what an audit writes"),
        (b'{"findings": 5, "authenticators": []}\n', [], "line 1 is not what an audit writes"),
        (as_lines(found()), None, "has no column for decisions"),
        (as_lines(found()), ["f" * 32], "Not in the file: ffff"),
        (
            as_lines(found("weak-only", authenticator=None)),
            [found("weak-only", authenticator=None)["id"]],
            "Nothing can",
        ),
    ],
)
def test_a_file_that_is_none_is_told(read, content, reviewed, said):
    with pytest.raises(ConfigurationError) as caught:
        read(content, reviewed)
    assert said in caught.value.message


def test_a_file_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="No such file"):
        read_decisions(str(tmp_path / "none.csv"), TENANT, None)
