# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from fnmatch import fnmatchcase

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.people import (
    Fitted,
    Standings,
    glob,
    standing,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import (
    ConnectionPolicy,
    Exemption,
    Member,
    People,
    Policy,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.readings import profile_record
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)
IN = Policy(blocked="in", never_logged_in="in")


def identity(connection, provider="auth0", is_social=False):
    return {"connection": connection, "provider": provider, "is_social": is_social}


DATABASE = identity("Username-Password-Authentication")
GOOGLE = identity("google-oauth2", "google-oauth2", True)
CORP = identity("corp", "waad", False)


def user(**members):
    """A profile as a run keeps it: of a user who logged in to a database, unless told otherwise."""
    usual = {
        "user_id": "auth0|1",
        "email": "Ann@Example.com",
        "created_at": "2020-01-01T00:00:00.000Z",
        "last_login": "2026-11-01T00:00:00.000Z",
        "identities": [DATABASE],
        "app_metadata": {},
    }
    kept = {name: value for name, value in {**usual, **members}.items() if value is not None}
    return {**profile_record(kept), "app_metadata": kept.get("app_metadata", {})}


def of(policy, **members):
    return standing(user(**members), policy, NOW)


# Who does MFA


@pytest.mark.parametrize("provider", ["auth0", "sms", "email"])
def test_databases_and_passwordless_connections_are_the_business_of_auth0(provider):
    assert not of(Policy(), identities=[identity("x", provider)]).by_idp


@pytest.mark.parametrize(
    "provider",
    "samlp waad adfs oidc okta google-apps ad auth0-adldap office365 pingfederate ip sharepoint custom-new".split(),
)
def test_enterprise_connections_are_the_business_of_the_identity_provider(provider):
    assert of(Policy(), identities=[identity("x", provider)]).by_idp


@pytest.mark.parametrize("provider", ["google-oauth2", "oauth2", "auth0", None])
def test_a_social_connection_is_the_business_of_the_identity_provider(provider):
    assert of(Policy(), identities=[identity("x", provider, True)]).by_idp


@pytest.mark.parametrize(
    "identities",
    [
        pytest.param([GOOGLE, DATABASE], id="a database second"),
        pytest.param([DATABASE, CORP], id="a database first"),
        pytest.param([], id="no identity"),
        pytest.param([identity("x", None, None)], id="no provider"),
        pytest.param([identity("x", "", False)], id="an empty provider"),
        pytest.param([identity(None, "samlp", False)], id="no name"),
        pytest.param([GOOGLE, identity(None, "samlp", False)], id="one without a name"),
    ],
)
def test_one_database_or_one_unknown_identity_makes_it_the_business_of_auth0(identities):
    found = of(
        Policy(connections=(ConnectionPolicy("?*", "idp"),)) if not identities else Policy(), identities=identities
    )
    assert (found.place, found.by_idp) == ("in", False)


def test_identities_that_cannot_be_read_put_nobody_out_of_scope():
    found = of(Policy(connections=(ConnectionPolicy("*", "none"),)), identities=None, unreadable=["identities"])
    assert (found.place, found.by_idp) == ("in", False)


def test_an_identity_without_a_name_is_not_out_of_scope_by_a_pattern_for_all():
    found = of(Policy(connections=(ConnectionPolicy("*", "none"),)), identities=[identity(None, "samlp")])
    assert (found.place, found.by_idp) == ("in", False)


def test_the_first_connection_of_the_policy_that_fits_counts():
    policy = Policy(connections=(ConnectionPolicy("corp-legacy", "auth0"), ConnectionPolicy("corp-*", "none")))
    assert of(policy, identities=[identity("corp-legacy", "samlp")]).place == "in"
    assert not of(policy, identities=[identity("corp-legacy", "samlp")]).by_idp
    assert of(policy, identities=[identity("corp-new", "samlp")]).place == "out"


def test_a_database_may_be_said_to_be_the_business_of_somebody_else():
    policy = Policy(connections=(ConnectionPolicy("Username-*", "idp"),))
    assert of(policy).by_idp


def test_names_of_connections_have_a_case():
    assert of(Policy(connections=(ConnectionPolicy("CORP", "auth0"),)), identities=[CORP]).by_idp


@pytest.mark.parametrize(
    "identities, place, why",
    [
        pytest.param([CORP], "out", "connection corp", id="only that one"),
        pytest.param([GOOGLE, CORP], "out", "connections corp, google-oauth2", id="both"),
        pytest.param([CORP, DATABASE], "in", None, id="a database beside it"),
    ],
)
def test_a_user_is_out_of_scope_where_every_connection_is(identities, place, why):
    policy = Policy(connections=(ConnectionPolicy("corp", "none"), ConnectionPolicy("google-oauth2", "none")))
    found = of(policy, identities=identities)
    assert (found.place, found.why, found.by_idp) == (place, why, False)


def test_the_identity_provider_is_stricter_than_nobody():
    found = of(Policy(connections=(ConnectionPolicy("corp", "none"),)), identities=[CORP, GOOGLE])
    assert (found.place, found.by_idp) == ("in", True)


# Blocked, never logged in, excluded


@pytest.mark.parametrize("place", ["in", "out", "aside"])
def test_blocked_users_go_where_the_policy_says(place):
    found = of(replace(IN, blocked=place), blocked=True)
    assert (found.place, found.why) == (place, None if place == "in" else "blocked")


@pytest.mark.parametrize("place", ["in", "out", "aside"])
def test_who_never_logged_in_goes_where_the_policy_says(place):
    found = of(replace(IN, never_logged_in=place), last_login=None)
    assert (found.place, found.why) == (place, None if place == "in" else "never logged in")


@pytest.mark.parametrize("member, value", [("blocked", None), ("last_login", None)])
def test_what_cannot_be_read_takes_nobody_out_of_scope(member, value):
    policy = Policy(blocked="out", never_logged_in="out")
    assert of(policy, **{member: value, "unreadable": [member]}).place == "in"


def test_out_of_scope_comes_before_aside():
    found = of(Policy(blocked="aside", never_logged_in="out"), blocked=True, last_login=None)
    assert (found.place, found.why) == ("out", "never logged in")


def test_who_is_for_emergencies_need_not_have_logged_in():
    policy = Policy(never_logged_in="out", break_glass=People(("auth0|1",)))
    assert of(policy, last_login=None).place == "in"


def test_an_excluded_user_is_out_whatever_else_fits():
    policy = Policy(excluded=People(emails=("*@example.com",)), privileged=People(("auth0|1",)))
    found = of(policy, blocked=True)
    assert (found.place, found.why, found.privileged) == ("out", "excluded", True)


# Grace


@pytest.mark.parametrize(
    "created, in_grace",
    [
        pytest.param(NOW, True, id="now"),
        pytest.param(NOW - timedelta(days=7) + timedelta(seconds=1), True, id="nearly over"),
        pytest.param(NOW - timedelta(days=7), False, id="over"),
        pytest.param(NOW + timedelta(hours=23), True, id="a clock ahead"),
        pytest.param(NOW + timedelta(days=2), False, id="in the future"),
    ],
)
def test_a_new_account_has_days_of_grace(created, in_grace):
    assert of(Policy(grace_days=7), created_at=created.isoformat()).in_grace is in_grace


def test_nobody_is_in_grace_without_days_of_grace_or_without_a_date():
    assert not of(Policy(grace_days=0), created_at=NOW.isoformat()).in_grace
    assert not of(Policy(grace_days=7), created_at=None, unreadable=["created_at"]).in_grace


# Patterns


@pytest.mark.parametrize(
    "people, fits",
    [
        pytest.param(People(("auth0|1",)), True, id="ID"),
        pytest.param(People(("AUTH0|1",)), False, id="IDs have a case"),
        pytest.param(People(("auth0|?",)), True, id="a pattern of IDs"),
        pytest.param(People(("auth0|",)), False, id="half an ID"),
        pytest.param(People(emails=("ann@EXAMPLE.com",)), True, id="e-mail in another case"),
        pytest.param(People(emails=("*@example.com",)), True, id="a domain"),
        pytest.param(People(emails=("*@xample.com", "b*")), False, id="other patterns"),
        pytest.param(People(emails=("[a]nn@example.com",)), False, id="brackets are brackets"),
        pytest.param(People(emails=("ann@example.com\n",)), False, id="a line end is a line end"),
        pytest.param(People(app_metadata=(Member("staff.role", "admin"),)), True, id="a value"),
        pytest.param(People(app_metadata=(Member("groups", "ops"),)), True, id="a value in a list"),
        pytest.param(People(app_metadata=(Member("staff.role", "Admin"),)), False, id="values have a case"),
        pytest.param(People(app_metadata=(Member("staff", "admin"),)), False, id="half a path"),
        pytest.param(People(app_metadata=(Member("level", 1),)), True, id="a number"),
        pytest.param(People(app_metadata=(Member("level", True),)), False, id="true is not 1"),
        pytest.param(People(app_metadata=(Member("level", "1"),)), False, id="text is no number"),
        pytest.param(People(app_metadata=(Member("vip", True),)), True, id="true"),
        pytest.param(People(app_metadata=(Member("vip", 1),)), False, id="1 is not true"),
        pytest.param(People(app_metadata=(Member("https://x.example/role", "dba"),)), True, id="a name with dots"),
        pytest.param(People(), False, id="nobody"),
    ],
)
def test_who_is_meant(people, fits):
    metadata = {
        "staff": {"role": "admin"},
        "groups": ["dev", {"odd": 1}, "ops"],
        "level": 1,
        "vip": True,
        "https://x.example/role": "dba",
    }
    assert of(Policy(privileged=people), app_metadata=metadata).privileged is fits


@pytest.mark.parametrize("metadata", [None, {}, {"staff": "admin"}, {"staff": {"role": {"admin": 1}}}, {"staff": [1]}])
def test_metadata_of_another_form_fits_nothing(metadata):
    people = People(app_metadata=(Member("staff.role", "admin"),))
    policy = Policy(excluded=people, privileged=people)
    found = of(policy, app_metadata=metadata, unreadable=["app_metadata"])
    assert (found.place, found.privileged) == ("in", False)


def test_a_run_of_an_earlier_version_has_no_metadata():
    profile = {name: value for name, value in user().items() if name != "app_metadata"}
    policy = Policy(privileged=People(app_metadata=(Member("staff.role", "admin"),)))
    assert not standing(profile, policy, NOW).privileged


def test_a_user_without_an_email_fits_no_email():
    assert not of(Policy(privileged=People(emails=("*",))), email=None).privileged


@given(st.text("ab*?.[]!-\\\n", max_size=8), st.text("ab.[]!-\\\n*?", max_size=8))
def test_only_stars_and_question_marks_are_special(pattern, text):
    expected = fnmatchcase(text, "".join("[%s]" % each if each in "[]" else each for each in pattern))
    assert bool(glob(pattern).match(text)) is expected


def test_a_hostile_name_does_not_make_a_pattern_slow():
    policy = Policy(privileged=People(emails=("*a" * 30 + "b", "*" * 40 + "c")))
    assert not of(policy, email="a" * 10_000).privileged


# Exemptions and their bookkeeping


def exemption(expires, rule=None, **people):
    return Exemption(rule, People(**people), "On leave", "ops", expires)


TODAY = date(2026, 11, 27)
YESTERDAY = date(2026, 11, 26)
HIS = {"user_ids": ("auth0|1",)}


def test_an_exemption_holds_on_its_last_day_in_utc():
    policy = Policy(exemptions=(exemption(TODAY, **HIS),))
    late = datetime(2026, 11, 28, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert standing(user(), policy, late).exemptions == policy.exemptions
    assert standing(user(), policy, late + timedelta(hours=2)).exemptions == ()


def test_all_exemptions_of_a_user_are_told_in_the_order_of_the_policy():
    mine = (exemption(TODAY, "stale", emails=("*@example.com",)), exemption(TODAY, **HIS))
    policy = Policy(exemptions=(mine[0], exemption(TODAY, user_ids=("auth0|2",)), mine[1], exemption(YESTERDAY, **HIS)))
    assert of(policy).exemptions == mine


def test_the_patterns_that_fit_are_told():
    policy = Policy(
        excluded=People(("auth0|2",)),
        privileged=People(("auth0|*",), ("*@example.com",), (Member("vip", True),)),
        exemptions=(exemption(YESTERDAY, **HIS),),
    )
    assert [str(term) for term in of(policy, app_metadata={"vip": True}).terms] == [
        "privileged.user_ids: auth0|*",
        "privileged.emails: *@example.com",
        "privileged.app_metadata: vip = true",
        "exemptions[0].users.user_ids: auth0|1",
    ]


def test_what_expired_ends_soon_or_fits_nobody_is_counted():
    expired, unused = exemption(YESTERDAY, **HIS), exemption(date(2027, 3, 1), user_ids=("auth0|9",))
    ending, later = exemption(date(2026, 12, 11), **HIS), exemption(date(2026, 12, 12), **HIS)
    policy = Policy(
        privileged=People(("auth0|1", "auth0|8")),
        break_glass=People(emails=("*@example.com", "*@gone.example.com")),
        excluded=People(("auth0|7",)),
        exemptions=(expired, unused, ending, later),
    )
    fitted, standings = Fitted(policy), Standings(policy)
    for user_id in ("auth0|1", "auth0|2"):
        fitted.add(standings.of(user(user_id=user_id), NOW))
    rest = fitted.rest(NOW)
    assert (rest.expired, rest.unused, rest.ending) == ((expired,), (unused,), (ending,))
    assert [str(term) for term in rest.terms] == [
        "privileged.user_ids: auth0|8",
        "break_glass.emails: *@gone.example.com",
    ]


@pytest.mark.parametrize(
    "there, wanted, told",
    [
        ("true", True, True),
        (True, "true", True),
        ("1", 1, True),
        ([5, "5"], 5, True),
        ({"admin": True}, "admin", True),
        ([{"name": "admin"}], "admin", True),
        (True, True, False),
        (1.0, 1, False),
        (True, 1, False),
        ("Admin", "admin", False),
        ("user", True, False),
        (["a", "b"], "b", False),
        (None, True, False),
    ],
)
def test_a_value_that_does_not_fit_because_of_its_type_is_told(there, wanted, told):
    people = People(app_metadata=(Member("staff.role", wanted),))
    for policy in (Policy(privileged=people), Policy(excluded=people), Policy(break_glass=people)):
        fitted = Fitted(policy)
        for number in range(2):
            metadata = {"staff.role": there}
            fitted.add(Standings(policy).of(user(user_id="auth0|%d" % number, app_metadata=metadata), NOW))
        rest = fitted.rest(NOW)
        assert rest.mistyped == ({"staff.role": 2} if told else {})
        said = "Values in app_metadata that fit no pattern because of their type: staff.role (users: 2)."
        assert (said in rest.notes(True), said in rest.notes(False)) == (told, told)


def test_notes_name_few_patterns_and_only_where_everybody_was_counted():
    policy = Policy(
        privileged=People(("auth0|8",), tuple("%d@example.com" % number for number in range(9))),
        exemptions=(exemption(TODAY, **HIS), exemption(date(2027, 3, 1), **HIS)),
    )
    patterns, ending = Fitted(policy).rest(NOW).notes(True)
    assert patterns.startswith(
        "Patterns of the policy that fit nobody: privileged.user_ids: auth0|8, privileged.emails: 0@"
    )
    assert patterns.endswith("3@example.com and 5 more.")
    assert ending == "Exemptions that end within 14 days: every rule on %s." % TODAY.isoformat()
    assert Fitted(policy).rest(NOW).notes(False) == [ending]
    assert Fitted(Policy()).rest(NOW).notes(True) == []


def test_an_exemption_ends_after_its_last_day():
    policy = Policy(exemptions=(exemption(TODAY, **HIS),))
    rest = Fitted(policy).rest(NOW)
    assert (rest.expired, rest.unused, rest.ending) == ((), policy.exemptions, policy.exemptions)


def test_patterns_are_told_once_and_in_the_order_of_the_policy():
    policy = Policy(excluded=People(emails=("ann@example.com",) * 2), break_glass=People(("auth0|1",)))
    found = of(policy)
    assert [term.section for term in found.terms] == ["exclude", "break_glass"] and found.break_glass is True
    assert len(of(replace(policy, break_glass=People())).terms) == 1


def test_how_many_users_a_pattern_fits_is_counted():
    policy = Policy(privileged=People(emails=("*@example.com",)))
    fitted, standings = Fitted(policy), Standings(policy)
    for number in range(3):
        found = standings.of(user(user_id="auth0|%d" % number), NOW)
        fitted.add(found)
    assert fitted.users(found.terms[0]) == 3


@given(
    st.lists(st.sampled_from([DATABASE, GOOGLE, CORP, identity("x", None, None)]), max_size=4),
    st.sampled_from(
        [Policy(), Policy(connections=(ConnectionPolicy("c*", "none"), ConnectionPolicy("goo*", "auth0")))]
    ),
)
def test_the_order_of_identities_does_not_matter(identities, policy):
    assert of(policy, identities=identities) == of(policy, identities=identities[::-1])
