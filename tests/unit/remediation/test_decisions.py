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
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.decisions import (
    BY_RULE,
    Seen,
    read_decisions,
)

TENANT = "example.eu.auth0.com"
USED = "2026-01-01T00:00:00.000Z"


def found(rule: str = "stale", user: str = "auth0|1", authenticator: str | None = "totp|dev_1", **other) -> dict:
    row = {
        "id": finding_id(other.get("tenant", TENANT), rule, user, authenticator),
        "rule": rule,
        "tenant": TENANT,
        "user_id": user,
        "user": "jane@example.com",
        "authenticator_id": authenticator,
        "seen": {"created_at": USED, "enrolled_at": None, "last_auth_at": USED} if authenticator else None,
    }
    return {**row, **other}


def as_csv(*rows: dict, delimiter: str = ",", **dialect) -> bytes:
    names = ["id", "decision", "rule", "tenant", "user_id", "user", "authenticator_id"]
    names += ["created_at", "enrolled_at", "last_auth_at"]
    text = io.StringIO()
    written = csv.DictWriter(text, names, delimiter=delimiter, **dialect)
    written.writeheader()
    for row in rows:
        written.writerow({**{key: value for key, value in row.items() if key != "seen"}, **(row["seen"] or {})})
    return text.getvalue().encode()


def as_lines(*rows: dict) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


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


def test_what_a_spreadsheet_makes_of_it_is_read(read):
    row = found(user="=auth0|1", decision=" Remove ")
    kept = {**row, "user_id": "'=auth0|1"}
    (decision,) = read(b"\xef\xbb\xbf" + as_csv(kept, delimiter=";", lineterminator="\r\n"))
    assert decision.user_id == "=auth0|1"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("rule", sorted(BY_RULE))
def test_a_listed_id_decides_what_the_rule_is_for(read, rule, packed):
    row = found(rule)
    content = as_lines(row, found(rule, "auth0|2"))
    (decision,) = read(gzip.compress(content, mtime=0) if packed else content, [row["id"], row["id"]])
    assert (decision.finding, decision.action) == (row["id"], BY_RULE[rule][0])


def test_the_users_of_an_older_audit_are_read(read):
    row = found()
    finding = {name: row[name] for name in ("id", "rule", "authenticator_id")}
    method = {"id": "totp|dev_1", **row["seen"]}
    user = {"tenant": TENANT, "user_id": "auth0|1", "email": None, "name": "Jane", "authenticators": [method]}
    (decision,) = read(as_lines({**user, "findings": [finding]}, {**user, "findings": []}), [row["id"]])
    assert (decision.user, decision.seen) == ("Jane", Seen(USED, None, USED))


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
        ([found(decision="delete")], "Decision 'delete' about stale, which is not remove or keep"),
        (
            [found("no-mfa", authenticator=None, decision="remove")],
            "Decision 'remove' about no-mfa, which is not ticket",
        ),
        ([found("exemption-expired", user="", authenticator=None, decision="keep")], "Not about a user"),
    ],
)
def test_what_cannot_be_right_is_told(read, rows, said):
    with pytest.raises(ConfigurationError, match="file cannot be acted on") as caught:
        read(as_csv(*rows))
    assert said in caught.value.message and rows[0]["id"] in caught.value.message


def test_mistakes_are_told_together(read):
    many = [found(user="auth0|%d" % number, decision="x") for number in range(8)]
    with pytest.raises(ConfigurationError, match="Of the tenant") as caught:
        read(as_csv(*many, found(tenant="other.eu.auth0.com", decision="remove")))
    assert "and 3 more" in caught.value.message


@pytest.mark.parametrize(
    "content, reviewed, said",
    [
        (b"", None, "has no column id"),
        (b"a,b\n1,2\n", None, "has no column id, rule"),
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
