# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import re
import unicodedata

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports import findings_csv, users_csv
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.table import cell, cells, head, line, uncell
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import visible
from hypothesis import given, strategies as st

from tests.support.playbook import ROOT
from tests.unit.audit.fake_tenant import authenticator
from tests.unit.audit.history import HOSTILE, found_of, judged, reading

STALE = authenticator("phone", created=900, used=200, phone_number="XXXXXXXX4321")
EXEMPTED = {"reason": "=a safe", "owner": "@security", "expires": "2026-12-31"}
TRICKY = st.text(st.sampled_from("=+-@;,\t\r\n '\"\u00a0\uff1d\uff0b\uff0d\uff20\u200b\u202ea\x00")) | st.text()


def written(header, rows, **more) -> bytes:
    return head(header, **more) + b"".join(map(line, rows))


def back(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))


def runs(text: str) -> bool:
    """Whether a spreadsheet might run it: independent of how a cell is made."""
    for part in text.split(";"):
        bare = "".join(char for char in part if unicodedata.category(char) not in ("Cc", "Cf", "Zs", "Zl", "Zp"))
        if unicodedata.normalize("NFKC", bare.lstrip('"'))[:1] in tuple("=+-@"):
            return True
    return False


def user(**more) -> dict:
    return judged(reading(1, STALE, **more))


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n@1", " =1", "\u00a0=1", "\u3000=1"])
@pytest.mark.parametrize("wide", [False, True])
def test_no_cell_is_a_formula(text, wide):
    if wide:
        text = text.translate({ord(char): ord(char) + 0xFEE0 for char in "=+-@"})
    assert runs(text)
    assert not runs(cell(text))


@given(TRICKY)
def test_no_text_makes_a_cell_a_formula_or_a_second_line(text):
    made = cell(text)
    assert not runs(made)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", made)
    # Nothing is lost: without the apostrophes it is the text with its escapes.
    assert made.replace("'", "") == visible(text).replace("'", "")


@given(st.text(st.characters(whitelist_categories=("L", "N")), min_size=1))
def test_ordinary_text_stays_as_it_is(text):
    assert cell(text) == text


@pytest.mark.parametrize("text, made", [(None, ""), ("", ""), ("a@b.example", "a@b.example"), ("x-y", "x-y")])
def test_some_cells(text, made):
    assert cell(text) == made


@given(st.text(alphabet=" =+-@;'\"ab"))
def test_a_cell_is_read_back(text):
    assert uncell(cell(text)) == text


def test_several_texts_are_one_cell():
    assert cells(["a", "=b"]) == "a; '=b"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_row_survives_whatever_users_are_called(name):
    phone = authenticator("phone", created=900, used=200, name=name, id="phone|" + name)
    row = judged({**reading(1, phone, name=name), "error": None})
    row.update(user_id=name, email=name, connections=[name, name], why=name, error=name)
    (read,) = back(written(users_csv.HEADER, [users_csv.values(row)]))
    assert None not in read.values() and None not in read
    assert read["name"] == cell(name) and read["protection"] == row["protection"]
    for found in found_of(phone, name=name, email=None, user_id=name, connections=[name]):
        found["exempted"] = EXEMPTED
        (read,) = back(written(findings_csv.HEADER, [findings_csv.values(found)]))
        assert (read["finding_id"], read["decision"], read["user"]) == (found["id"], "", cell(name))
        assert not any(map(runs, read.values()))


def test_the_columns_of_a_user():
    code = authenticator("recovery-code", id="recovery-code|dev_2")
    pending = authenticator("otp", id="totp|dev_3", confirmed=False)
    second = authenticator("phone", id="phone|dev_4", created=30, used=3)
    other = authenticator("shoe-size", id="shoe-size|1")
    row = judged(reading(1, STALE, second, code, pending, other, last_login="2026-05-01T00:00:00.000Z"))
    row.update(connections=["b", "a"], privileged=True)
    (read,) = back(written(users_csv.HEADER, [users_csv.values(row)]))
    expected = {
        "user_id": "auth0|00001",
        "connections": "b; a",
        "factor_phone": "2",
        "factor_otp": "",
        "factor_recovery-code": "1",
        "unconfirmed": "1",
        "other_types": "shoe-size",
        "last_use": "2026-05-29T12:00:00.000Z",
        "last_login": "2026-05-01T00:00:00.000Z",
        "privileged": "yes",
        "blocked": "no",
    }
    assert {name: read[name] for name in expected} == expected
    assert read["rules"] == "; ".join(each["rule"] for each in row["findings"])


def test_exempted_findings_are_counted_apart():
    row = user()
    for finding in row["findings"]:
        finding.update(severity="low")
    row["findings"].append({**row["findings"][0], "severity": "critical"})
    row["findings"].append({**row["findings"][0], "severity": "critical", "exempted": EXEMPTED})
    count = len(row["findings"])
    (read,) = back(written(users_csv.HEADER, [users_csv.values(row)]))
    assert (read["findings"], read["exempted"], read["worst"]) == (str(count - 1), "1", "critical")


def test_a_user_without_anything():
    (read,) = back(written(users_csv.HEADER, [users_csv.values({**judged(reading(1)), "findings": []})]))
    assert (read["findings"], read["worst"], read["last_use"], read["factor_phone"]) == ("0", "", "", "")


def test_the_columns_of_a_finding():
    (found,) = [each for each in found_of(STALE, connections=["staff"]) if each["rule"] == "stale"]
    found["acted"] = {"action": "remove", "at": "2026-06-01T09:00:00.000Z"}
    (read,) = back(written(findings_csv.HEADER, [findings_csv.values({**found, "exempted": EXEMPTED})]))
    assert list(read)[:2] == ["finding_id", "decision"]
    expected = {
        "decision": "",
        "rule": "stale",
        "factor": "phone",
        "device": "XXXXXXXX4321",
        "authenticator_id": "phone|dev_1",
        "link_id": "",
        "age_days": "200",
        "seen_read_at": found["seen"]["read_at"],
        "seen_created_at": found["seen"]["created_at"],
        "seen_enrolled_at": "",
        "seen_last_auth_at": found["seen"]["last_auth_at"],
        "exempted_because": "'=a safe",
        "exempted_by": "'@security",
        "exempted_until": "2026-12-31",
        "acted": "removed",
        "acted_at": "2026-06-01T09:00:00.000Z",
        "connections": "staff",
    }
    assert {name: read[name] for name in expected} == expected


@pytest.mark.parametrize("bom", [False, True])
def test_a_file_is_utf_8_with_a_mark_on_request_and_lines_end_as_the_rfc_says(bom):
    content = written(("a", "b"), [("é", 'say "x", y')], bom=bom)
    assert content == (b"\xef\xbb\xbf" if bom else b"") + 'a,b\r\né,"say ""x"", y"\r\n'.encode()


@pytest.mark.parametrize("module", [users_csv, findings_csv])
def test_no_two_columns_have_one_name(module):
    assert len(set(module.HEADER)) == len(module.HEADER)


@pytest.mark.parametrize("module", [users_csv, findings_csv])
def test_every_column_is_in_the_guide(module):
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_reports.rst").read_text(encoding="utf-8")
    assert [name for name in module.HEADER if not name.startswith("factor_") and f"``{name}``" not in guide] == []
