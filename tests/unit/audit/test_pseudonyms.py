# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
from dataclasses import fields
from datetime import date

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import pseudonyms
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import (
    ConnectionPolicy,
    Exemption,
    Member,
    People,
    Policy,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.pseudonyms import Pseudonyms, read_key
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import (
    ActedNote,
    AuthenticatorRow,
    ChangeRow,
    ExemptedRow,
    FindingRow,
    FoundRow,
    SeenDates,
    Summary,
    UserRow,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports import asff
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.lists import MORE, Lists
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.summary import Tally
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.profiles import Identity
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

AT = "2026-06-01T12:00:00.000Z"
KEY = b"0123456789abcdef" * 2
CANARY = "canary"
PEOPLE = People((f"{CANARY}|*",), (f"*@{CANARY}.example",), (Member("staff.role", CANARY),))
POLICY = Policy(
    connections=(ConnectionPolicy(CANARY, "idp"),),
    excluded=PEOPLE,
    privileged=PEOPLE,
    break_glass=PEOPLE,
    exemptions=(Exemption("stale", PEOPLE, CANARY, CANARY, date(2026, 12, 31)),),
)

FINDING = {
    "id": f"{CANARY}1",
    "rule": "stale",
    "severity": "high",
    "warning": False,
    "authenticator_id": f"phone|{CANARY}",
    "link_id": CANARY,
    "factor": "phone",
    "age_days": 200,
    "age_from": "last_auth_at",
    "exempted": {"reason": f"ask {CANARY}", "owner": CANARY, "expires": "2026-12-31"},
    "status": "new",
    "first_seen": AT,
    "acted": {"action": "remove", "at": AT},
}
DATES = {"created_at": AT, "enrolled_at": None, "last_auth_at": None}
AUTHENTICATOR = {
    **DATES,
    "id": f"phone|{CANARY}",
    "factor": "phone",
    "confirmed": True,
    "protects": True,
    "unreadable": [],
    "name": CANARY,
    "channels": ["sms"],
    "phone_number": CANARY,
    "email": f"{CANARY}@{CANARY}.example",
    "age_days": 200,
    "age_from": "created_at",
}
USER = {
    "schema_version": 3,
    "tenant": "example.eu.auth0.com",
    "user_id": f"auth0|{CANARY}",
    "email": f"{CANARY}@{CANARY}.example",
    "name": CANARY,
    "created_at": AT,
    "last_login": None,
    "blocked": False,
    "identities": [{"connection": CANARY, "provider": "samlp", "is_social": False}],
    "unreadable": [],
    "read_at": AT,
    "protection": "weak",
    "place": "out",
    "why": f"connection {CANARY}",
    "by_idp": False,
    "privileged": True,
    "break_glass": False,
    "in_grace": False,
    "connections": [CANARY],
    "error": f"Could not list the authenticators of auth0|{CANARY}",
    "authenticators": [AUTHENTICATOR],
    "findings": [FINDING],
}
PERSON = {
    "schema_version": 3,
    "tenant": "example.eu.auth0.com",
    "run": "run1",
    "user_id": f"auth0|{CANARY}",
    "user": f"{CANARY}@{CANARY}.example",
    "email": f"{CANARY}@{CANARY}.example",
    "connections": [CANARY],
    "privileged": True,
    "break_glass": False,
    "place": "in",
    "device": f"the phone of {CANARY}",
}
SEEN = {**DATES, "read_at": AT}
FOUND = {
    **FINDING,
    **PERSON,
    "protection": "weak",
    "seen": {**DATES, "read_at": AT},
    "last_seen": AT,
    "closed_at": None,
}
CHANGE = {
    **PERSON,
    "change": "added",
    "authenticator_id": f"phone|{CANARY}",
    "factor": "phone",
    "at": AT,
    "since": AT,
    "until": AT,
}


def summary(*rows) -> dict:
    """The figures of these."""
    tally = Tally()
    for row in rows:
        tally.add(row)
    return {
        **dict.fromkeys(Summary.__annotations__, 1),
        **tally.figures(),
        "reason": f"Could not go on after auth0|{CANARY}",
        "note": f"No user has {CANARY}.",
        "policy": POLICY.as_row(),
    }


def members(form) -> set[str]:
    """The members of a TypedDict, those it has from others too."""
    return set(form.__annotations__)


def test_no_output_names_anybody(tmp_path):
    masked = Pseudonyms(KEY)
    shown = asff.Active(rule=FOUND["rule"], severity=FOUND["severity"], first_seen=AT)
    # The finding is exempted: it is told of because it is shown.
    selection = asff.Selection(AT, "123456789012", "eu-west-1", active={masked.found(FOUND)["id"]: shown})
    with Lists(str(tmp_path), AT, MORE) as lists:
        lists.user(masked.user(USER))
        lists.change(masked.change(CHANGE))
        for more in (
            {},
            {"user": CANARY},
            {"user": f"auth0|{CANARY}", "email": None},
            {"user_id": None, "user": CANARY},
        ):
            found = masked.found({**FOUND, **more})
            lists.found(found)
            selection.add(found)
        texts = {
            name: (gzip.decompress(content) if name.endswith(".gz") else content).decode()
            for name, content in ((name, file.read()) for name, file in lists.finished())
        }
    texts["asff"] = json.dumps(list(selection.batches()))
    aside = masked.user({**USER, "place": "aside"})
    counted = summary(masked.user({**USER, "place": "in"}), aside)
    assert counted["connections"]["largest"] and counted["exempted"] and counted["aside"]
    texts["summary"] = json.dumps(masked.summary(counted))
    assert len(texts) == 8
    for name, text in texts.items():
        assert len(text) > 100, name
        assert CANARY not in text, name


@pytest.mark.parametrize(
    "table, form, row",
    [
        (pseudonyms._USER, UserRow, USER),
        (pseudonyms._FINDING, FindingRow, FINDING),
        (pseudonyms._FINDING["exempted"], ExemptedRow, FINDING["exempted"]),
        (pseudonyms._FINDING["acted"], ActedNote, FINDING["acted"]),
        (pseudonyms._AUTHENTICATOR, AuthenticatorRow, AUTHENTICATOR),
        (pseudonyms._IDENTITY, Identity, USER["identities"][0]),
        (pseudonyms._FOUND, FoundRow, FOUND),
        (pseudonyms._SEEN, SeenDates, SEEN),
        (pseudonyms._CHANGE, ChangeRow, CHANGE),
    ],
)
def test_every_member_has_its_place_and_is_in_this_test(table, form, row):
    assert members(form) <= set(table)
    assert members(form) <= set(row)


def test_every_setting_of_the_policy_and_every_figure_has_its_place():
    assert set(pseudonyms._POLICY) == {each.name for each in fields(Policy)}
    assert set(pseudonyms._SUMMARY) >= members(Summary)
    assert set(pseudonyms._PEOPLE) == {each.name for each in fields(People)}


def test_a_member_that_nobody_thought_of_is_left_out():
    masked = Pseudonyms(KEY)
    assert "nickname" not in masked.user({**USER, "nickname": CANARY})
    assert "nickname" not in masked.found({**FOUND, "nickname": CANARY})
    assert "who" not in masked.summary({**summary(), "who": CANARY})


def test_a_row_keeps_its_form_and_everything_that_names_nobody():
    row = Pseudonyms(KEY).user(USER)
    assert row.keys() == USER.keys()
    named = {"user_id", "email", "name", "identities", "connections", "why", "error", "authenticators", "findings"}
    assert {name: row[name] for name in USER.keys() - named} == {name: USER[name] for name in USER.keys() - named}
    assert Pseudonyms(KEY).user({**USER, "email": None, "error": None, "why": "blocked"})["why"] == "blocked"


def test_one_key_gives_the_same_names_everywhere_and_another_key_others():
    first, again, other = Pseudonyms(KEY), Pseudonyms(KEY), Pseudonyms(KEY[::-1])
    assert first.user(USER) == again.user(USER)
    row, found, change = first.user(USER), first.found(FOUND), first.change(CHANGE)
    assert row["user_id"] == found["user_id"] == change["user_id"]
    assert row["email"] == found["email"] == found["user"] == change["user"]
    assert row["findings"][0]["id"] == found["id"]
    assert row["authenticators"][0]["id"] == row["findings"][0]["authenticator_id"] == change["authenticator_id"]
    assert row["connections"] == [row["identities"][0]["connection"]]
    theirs = other.user(USER)
    for name in ("user_id", "email", "name", "connections"):
        assert theirs[name] != row[name]


def test_users_of_one_domain_can_still_be_told_from_others():
    masked = Pseudonyms(KEY)
    one, two, three = (masked.user({**USER, "email": each})["email"] for each in ("a@x.org", "b@X.org", "a@y.org"))
    assert one.split("@")[1] == two.split("@")[1] != three.split("@")[1]
    assert one.split("@")[0] == three.split("@")[0] != two.split("@")[0]
    assert "@" not in masked.user({**USER, "email": "no address"})["email"]


def test_the_id_of_a_finding_tells_nobody_whose_it_is():
    # It is a hash of the user's ID without a key, which anybody could try.
    assert Pseudonyms(KEY).found(FOUND)["id"] != FOUND["id"]


def test_what_a_finding_about_the_policy_is_about_is_hashed():
    found = Pseudonyms(KEY).found({**FOUND, "user_id": None, "email": None, "user": CANARY})
    assert found["user_id"] is None and found["user"].startswith("name-")


def test_the_key_is_that_of_a_file_or_of_the_environment(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(KEY + b"\n")
    assert read_key(str(file), {}) == KEY
    assert read_key(None, {"MFAOPS_PSEUDONYM_KEY": KEY.decode() + " "}) == KEY


@pytest.mark.parametrize("content", [b"", b"  \n", b"short"])
def test_a_key_that_is_none_is_refused(tmp_path, content):
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="at least 16 characters") as caught:
        read_key(str(file), {"MFAOPS_PSEUDONYM_KEY": KEY.decode()})
    assert "short" not in str(caught.value).replace("shorter", "")
    with pytest.raises(ConfigurationError, match="MFAOPS_PSEUDONYM_KEY has"):
        read_key(None, {"MFAOPS_PSEUDONYM_KEY": content.decode()})


def test_a_key_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="nowhere: No such file"):
        read_key(str(tmp_path / "nowhere"), {})
