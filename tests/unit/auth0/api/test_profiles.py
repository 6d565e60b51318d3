# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of a profile: what is as documented, by name what is not, and no token of an identity provider."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.profiles import read_line, read_profile

WHOLE = {
    "user_id": "google-oauth2|1",
    "email": "me@example.com",
    "name": "Me",
    "created_at": "2026-01-01T00:00:00.000Z",
    "last_login": "2026-02-01T00:00:00.000Z",
    "blocked": True,
    "identities": [{"connection": "google-oauth2", "provider": "google-oauth2", "isSocial": True}],
    "multifactor_last_modified": "2026-03-01T00:00:00.000Z",
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ODD = {
    "email": ["me@example.com"],
    "name": 5,
    "created_at": {"date": 1},
    "last_login": "0000-00-00",
    "blocked": "yes",
    "identities": {},
    "multifactor_last_modified": 1767225600,
}


def test_a_whole_profile_is_kept():
    identities = [{"connection": "google-oauth2", "provider": "google-oauth2", "is_social": True}]
    assert read_profile(WHOLE) == {**WHOLE, "identities": identities}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_member_is_left_out_and_named(name):
    profile = read_profile({**WHOLE, name: ODD[name]})
    assert profile["unreadable"] == [name] and name not in profile
    assert set(profile) == {*WHOLE, "unreadable"} - {name}


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "user_id"])
def test_a_member_that_is_not_there_is_not_unreadable(name):
    whole = set(WHOLE) - {name}
    assert set(read_profile({**WHOLE, name: None})) == whole
    assert set(read_profile({key: value for key, value in WHOLE.items() if key != name})) == whole


@pytest.mark.parametrize("identity", [5, None, {"connection": 5}, {"provider": []}, {"isSocial": "true"}])
def test_an_odd_identity_makes_the_identities_unreadable(identity):
    assert read_profile({"user_id": "a|1", "identities": [identity]}) == {
        "user_id": "a|1",
        "unreadable": ["identities"],
    }


def test_nothing_else_of_an_identity_is_kept():
    secret = {"access_token": "canary-1", "refresh_token": "canary-2", "profileData": {"x": "canary-3"}}
    profile = read_profile({**WHOLE, "identities": [{**WHOLE["identities"][0], **secret}, secret]})
    assert "canary" not in json.dumps(profile)
    assert profile["identities"][1] == {"connection": None, "provider": None, "is_social": None}


@pytest.mark.parametrize(
    "user_id",
    [
        None,
        "",
        5,
        "auth0",
        "auth0|",
        "|1",
        "a b|1",
        ["auth0|1"],
        "auth0|\n",
        "\ud800|1",
        "auth0|a\udc00",
        "auth0|j\ufffdrgen",
        "auth0|  ",
        "auth0|a\x85b",
        "auth0|" + "a" * 1024,
    ],
)
def test_a_row_that_names_nobody_is_no_profile(user_id):
    assert read_profile({**WHOLE, "user_id": user_id}) is None


@pytest.mark.parametrize(
    "line", ["", " ", "null", "[]", "5", '"auth0|1"', "{", "{}", '{"user_id": 1}', "[" * 10**5, "1" * 5000]
)
def test_a_line_that_names_nobody_is_no_profile(line):
    assert read_line(line) is None


def test_half_characters_can_be_written():
    profile = read_line('{"user_id": "auth0|1", "name": "\\ud83d x", "email": "\\ud83d\\ude00@example.com"}')
    assert profile == {"user_id": "auth0|1", "name": "\ufffd x", "email": "\U0001f600@example.com"}


def test_an_id_that_lost_bytes_on_the_way_names_nobody_and_another_that_is_odd_does():
    assert read_line(b'{"user_id": "auth0|j\xfcrgen"}'.decode("utf-8", "replace")) is None
    assert read_line('{"user_id": "auth0|j\u00fcrgen/../\\ud83d\\ude00"}')["user_id"] == "auth0|jürgen/../\U0001f600"


def test_dates_have_one_form():
    dates = {"created_at": "2026-01-01", "last_login": "2026-01-01T01:00:00.5+01:00"}
    profile = read_profile({"user_id": "auth0|1", **dates})
    assert (profile["created_at"], profile["last_login"]) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.500Z")


@given(members=st.dictionaries(st.sampled_from([*WHOLE, "app_metadata", "unreadable"]), VALUES))
def test_any_row_is_a_profile_that_can_be_written_or_none(members):
    profile = read_profile(members)
    if profile is not None:
        json.dumps(profile).encode()
        json.dumps(profile, ensure_ascii=False).encode("utf-8")
        assert set(profile) <= {*WHOLE, "unreadable"}
    else:
        assert not isinstance(members.get("user_id"), str) or read_profile({"user_id": members["user_id"]}) is None


@pytest.mark.parametrize(
    "user_id",
    [
        pytest.param("samlp|corp|CN=Ada Lind,OU=Sales/EMEA,O=Corp + Co", id="name of a directory"),
        pytest.param("adfs|corp|CORP\\ada lind", id="name of Windows"),
        pytest.param("auth0|Altsystem%2F/Müller & Söhne #1?", id="imported"),
        pytest.param("oauth2|name|a\u00a0b ", id="blanks of all kinds"),
        pytest.param("auth0|..", id="dots"),
    ],
)
def test_ids_are_what_identity_providers_say(user_id):
    assert read_profile({"user_id": user_id}) == {"user_id": user_id}
