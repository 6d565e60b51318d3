# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of the user search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.search.language import SearchError, parse

PROFILE = {
    "user_id": "auth0|abc",
    "email": "Anna.Lind@example.com",
    "email_verified": True,
    "name": "Anna Lind",
    "username": "Anna",
    "created_at": "2024-03-10T16:25:51.113Z",
    "logins_count": 9,
    "blocked": False,
    "identities": [{"connection": "Username-Password-Authentication"}, {"connection": "google-oauth2"}],
    "app_metadata": {"mfa": "yes", "roles": [], "nested": {"level": 3}},
    "user_metadata": {"color": "blue"},
    "multifactor": ["guardian"],
}


@pytest.mark.parametrize(
    "query",
    [
        'email:"anna.lind@example.com"',
        "email:ANNA.LIND@EXAMPLE.COM",
        "email:ann*",
        "email:a*",
        "name:*ind",
        "app_metadata.mfa:y*",
        "app_metadata.nested.level:[1 TO 20]",
        "app_metadata.nested.level:{* TO 12}",
        "app_metadata.mfa:[ya TO yz]",
        "_exists_:identities.connection AND identities.connection:google*",
        'email.domain:"example.com"',
        'name:"anna lind"',
        'user_id:"auth0|abc"',
        r"user_id:auth0\|abc",
        "email_verified:true",
        "blocked:false",
        "logins_count:9",
        "logins_count:[5 TO 10]",
        "logins_count:{8 TO 10}",
        "logins_count:[9 TO *]",
        "created_at:[2024-03-01 TO 2024-04-01}",
        "created_at:[2024-03-10T16:25:51.113Z TO *]",
        "created_at:[* TO 2024-03-10T16:25:51.113Z]",
        "email:[a TO b]",
        'identities.connection:"google-oauth2"',
        'app_metadata.mfa:"yes"',
        "app_metadata.nested.level:3",
        'user_metadata.color:"blue"',
        "_exists_:username",
        "_exists_:app_metadata.mfa",
        "NOT blocked:true",
        "NOT NOT blocked:false",
        "blocked:true OR logins_count:9",
        "blocked:false AND email_verified:true",
        "(blocked:true OR logins_count:9) AND NOT username:Berta",
        "blocked:true AND blocked:true OR logins_count:9",
        "NOT multifactor:guardian",
        "email:*anna*",
        "email:an*na*m",
        "email:*",
        "lind",
        "ANNA",
        '"anna lind"',
        "Username-Password-Authentication",
        "ann*",
        "yes",
        "name:(Berta OR ann*)",
        'name:("berta" "anna lind")',
        "logins_count:([1 TO 3] [8 TO 10])",
        "blocked:true logins_count:9",
        "logins_count:9 NOT blocked:true",
        "-blocked:true logins_count:9",
        "name:John Anna",
        "(berta OR anna) AND blocked:false",
        r"app_metadata.mfa:y\es",
    ],
)
def test_query_matches(query):
    assert parse(query)(PROFILE)


@pytest.mark.parametrize(
    "query",
    [
        "blue",  # a term without a field does not see user_metadata
        "guardian",
        "an",
        '"lind anna"',
        "name:(berta carl)",
        "logins_count:9 NOT blocked:false",
        "-blocked:false logins_count:9",
        "email:anna*carl*",
        r"email:anna\*",
        "username:anna",  # only e-mail and names are normalized
        "user_id:AUTH0*",
        "email:*anna",
        "app_metadata.nested.level:[20 TO 30]",
        "app_metadata.mfa:[1 TO 20]",
        'identities.connection:"google"',
        "logins_count:{9 TO 10]",
        "logins_count:[5 TO 9}",
        "created_at:{2024-03-10T16:25:51.113Z TO *]",
        "_exists_:app_metadata.roles",
        "_exists_:family_name",
        "multifactor:guardian",
        "_exists_:multifactor",
        "multifactor_last_modified:[2020-01-01 TO *]",
        "guardian_authenticators:*abc*",
        "blocked:true OR logins_count:8",
        "(blocked:true OR logins_count:9) AND blocked:true",
    ],
)
def test_query_does_not_match(query):
    assert not parse(query)(PROFILE)


@pytest.mark.parametrize(
    "query",
    [
        "email:",
        ":anna",
        'email:"anna',
        "(email:anna*",
        "email:anna*)",
        "email:*an",
        "email:*an*",
        "name:(email:anna)",
        "[a TO b]",
        "name:a:b",
        "created_at:2024-03-10T16:25:51.113Z",
        "name:AND",
        "blocked:true AND",
        "AND blocked:true",
        "NOT",
        "created_at:[2024-03-01 2024-04-01]",
        "created_at:[yesterday TO *]",
        "logins_count:[few TO many]",
        "user_metadata.color:blu*",
        "user_metadata.color:[a TO b]",
        "(" * 60 + "blocked:true" + ")" * 60,
    ],
)
def test_malformed_query_is_refused(query):
    with pytest.raises(SearchError):
        parse(query)


@given(st.text(alphabet='abc:*"()[]{} ANDORNT\\', max_size=30))
def test_any_text_is_either_a_query_or_a_search_error(text):
    try:
        assert parse(text)(PROFILE) in (True, False)
    except SearchError:
        pass


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_disjoint_ranges_cover_every_value_once(value, low, high):
    low, high = sorted((low, high))
    parts = [f"[* TO {low}}}", f"[{low} TO {high}}}", f"[{high} TO *]"]
    hits = [bool(parse(f"logins_count:{part}")({"logins_count": value})) for part in parts]
    assert hits.count(True) == 1
