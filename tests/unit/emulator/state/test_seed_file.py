# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users described in a file: how they are read, and that a mistake is reported in one line with its number."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.tenant import Tenant
from tests.emulator.launch import PROJECT_ROOT, start
from tests.emulator.state.seed_file import FACTORS, FileMistake, read_seed_file
from tests.emulator.users.times import DAY, HOUR
from tests.emulator.users.views import mfa_rows

EXAMPLE = PROJECT_ROOT / "tests" / "emulator" / "example-users.yml"
NOW = 1_790_000_000_000
BOTH = ("sms", "voice")


@pytest.fixture
def read(tmp_path):
    """Read a text as ``users.yml``; returns the users by address."""

    def read_text(text):
        path = tmp_path / "users.yml"
        path.write_text(text, encoding="utf-8")
        return {user.email: user for _line, user in read_seed_file(str(path), NOW, BOTH)}

    return read_text


@pytest.fixture
def one(read):
    """The authenticator of a user who is described with only this one."""

    def read_one(authenticator):
        (user,) = read(f"users:\n- email: a@example.com\n  authenticators: [{{{authenticator}}}]\n").values()
        (item,) = user.authenticators
        return item

    return read_one


def test_the_same_file_gives_the_same_users():
    assert read_seed_file(str(EXAMPLE), NOW, BOTH) == read_seed_file(str(EXAMPLE), NOW, BOTH)


def test_the_example_through_the_management_api():
    with start(users=0, seed_file=EXAMPLE) as emulator:
        tenant = Tenant(emulator)
        with tenant.http:
            token = tenant.management_token()
            users = tenant.call("GET", "/api/v2/users", token).json()
            methods = [
                tenant.call(
                    "GET", f"/api/v2/users/{quote(user['user_id'], safe='')}/authentication-methods", token
                ).json()
                for user in users
            ]
    assert {
        user.get("email", user["name"]): [item["type"] for item in items] for user, items in zip(users, methods)
    } == {
        "anna.lind@example.com": ["totp", "recovery-code"],
        "bela.costa@example.com": ["phone"],
        "carla.dahl@example.com": ["phone"],
        "dario.ferrer@example.com": [],
        "edda.holm@example.com": ["push", "totp", "webauthn-roaming"],
        "femi.okoye@example.com": ["passkey", "email"],
        "greta.weiss@example.com": [],
        "Hana.Quist@corp.example.com": ["totp"],
        "ivo": ["totp"],
        "samlp|corp-saml|CN=Jana Ito,OU=Sales/EMEA,O=Corp": [],
    }


def test_ages_count_back_from_now(one):
    item = one("factor: otp, enrolled: 200 days ago, last used: 120 days ago")
    assert (item.created_at, item.enrolled_at) == (NOW - 200 * DAY, NOW - 200 * DAY)
    assert (item.last_auth_at, item.confirmed) == (NOW - 120 * DAY, True)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("now", 0),
        ("1 minute ago", HOUR // 60),
        ("2 hours ago", 2 * HOUR),
        ("1.5 days ago", 36 * HOUR),
        ("2 weeks ago", 14 * DAY),
        ("3 months ago", 90 * DAY),
        ("1 year ago", 365 * DAY),
    ],
)
def test_age_units(one, text, age):
    assert one(f"factor: otp, enrolled: {text}").enrolled_at == NOW - age


def test_enrolling_counts_as_the_first_use(one):
    item = one("factor: phone, number: +15005550123, enrolled: 5 days ago")
    assert item.last_auth_at == item.enrolled_at == NOW - 5 * DAY


def test_never_used_means_created_by_an_administrator(one):
    item = one("factor: phone, number: +15005550123, enrolled: 5 days ago, last used: never")
    assert (item.created_at, item.enrolled_at, item.last_auth_at, item.confirmed) == (NOW - 5 * DAY, None, None, True)


def test_a_recovery_code_is_unused_by_default(one):
    item = one("factor: recovery-code, enrolled: 5 days ago")
    assert (item.enrolled_at, item.last_auth_at) == (NOW - 5 * DAY, None)


def test_an_unconfirmed_authenticator_is_one_hour_old_by_default(one):
    item = one("factor: otp, unconfirmed: true")
    assert (item.confirmed, item.created_at, item.enrolled_at) == (False, NOW - HOUR, None)


def test_a_phone_has_the_message_types_of_the_tenant(read):
    (user,) = read(
        "users:\n- email: a@example.com\n  email_verified: no\n  authenticators:\n  - {factor: phone, number: +15005550123}"
    ).values()
    assert [row["oob_channel"] for row in mfa_rows(user)] == ["sms", "voice"]


def test_push_has_a_linked_otp(read):
    text = "users:\n- email: a@example.com\n  authenticators:\n  - {factor: push, secret: JBSWY3DPEHPK3PXP}\n"
    push, twin = read(text)["a@example.com"].authenticators
    assert (push.type, twin.type, twin.secret) == ("push", "totp", "JBSWY3DPEHPK3PXP")
    assert push.link_id == twin.link_id and push.suffix != twin.suffix


@pytest.mark.parametrize("factor", sorted(FACTORS))
def test_no_factor_but_the_phone_needs_another_member(read, factor):
    number = ", number: +15005550123" if factor == "phone" else ""
    text = f"users:\n- email: a@example.com\n  authenticators:\n  - {{factor: {factor}{number}}}\n"
    assert read(text)["a@example.com"].authenticators[0].type == FACTORS[factor][0]


def test_members_of_the_profile(read):
    user = read(
        "users:\n- email: A.B@Example.com\n  name: A B\n  phone_number: +12025550123\n  blocked: yes\n"
        "  email_verified: false\n  created: 400 days ago\n  last login: 3 days ago\n  logins: 12\n  password: Other-1\n"
    )["a.b@example.com"]
    profile = user.profile
    assert (profile["name"], profile["phone_number"], profile["blocked"]) == ("A B", "+12025550123", True)
    assert (profile["email_verified"], profile["logins_count"], user.password) == (False, 12, "Other-1")
    ages = [NOW / 1000 - datetime.fromisoformat(profile[name]).timestamp() for name in ("created_at", "last_login")]
    assert [round(age / 86400) for age in ages] == [400, 3]


def test_a_user_is_older_than_the_authenticators_by_default(read):
    text = "users:\n- email: a@example.com\n  authenticators: [{factor: otp, enrolled: 4 years ago}]\n"
    user = read(text)["a@example.com"]
    assert datetime.fromisoformat(user.profile["created_at"]).timestamp() * 1000 <= user.authenticators[0].created_at


USER = "users:\n- email: a@example.com\n"
ITEM = USER + "  authenticators:\n  - factor: otp\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param("", None, "is empty", id="empty file"),
        pytest.param("users: [", 1, "is not YAML", id="list not closed"),
        pytest.param("a: 'b\n", 2, "is not YAML", id="quote not closed"),
        pytest.param("users:\n- \x01", 2, "is not YAML: U+0001", id="control character"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "expected a single document", id="two documents"),
        pytest.param("- a\n", 1, "the file must be a mapping", id="list"),
        pytest.param("people: []\n", 1, "the file has no 'people'", id="no users"),
        pytest.param("users: 7\n", 1, "users must be a list", id="users is a number"),
        pytest.param("users:\n- 7\n", 2, "a user must be a mapping", id="user is a number"),
        pytest.param("users:\n- name: A\n", 2, "a user needs 'email', 'username'", id="user without a name"),
        pytest.param(
            "users:\n- username: a\n  email_verified: yes\n",
            3,
            "has no 'email_verified'",
            id="verified without an email",
        ),
        pytest.param(
            "users:\n- username: a\n  authenticators: [factor: email]\n", 3, "needs its address", id="e-mail of nobody"
        ),
        pytest.param("users:\n- username: a\n- username: A\n", 3, "this name to log in by is that", id="name twice"),
        pytest.param(USER + "  missing: name\n", 3, "missing must be a list", id="missing is no list"),
        pytest.param("users:\n- email: nobody\n", 2, "email must be an e-mail address", id="malformed email"),
        pytest.param("users:\n- email:\n", 2, "email must be a text", id="empty email"),
        pytest.param(USER + "  color: red\n", 3, "a user has no 'color'", id="unknown member"),
        pytest.param(USER + "  ? [a]\n  : b\n", 3, "a user has no '?'", id="member is a list"),
        pytest.param(USER + "  email: b@example.com\n", 3, "'email' is here a second time", id="member twice"),
        pytest.param(
            USER + "- email: b@example.com\n- email: a@example.com\n",
            4,
            "is that of the user in line 2",
            id="email twice",
        ),
        pytest.param(
            USER + "  user_id: auth0|x\n- email: b@example.com\n  user_id: auth0|x\n",
            4,
            "this user_id is that of",
            id="user_id twice",
        ),
        pytest.param(USER + "  user_id: x\n", 3, "user_id must be auth0|", id="malformed user_id"),
        pytest.param(
            USER + "  connection: ldap\n", 3, "is not built in: it needs its provider", id="unknown connection"
        ),
        pytest.param(
            USER + "  connection: google-oauth2\n  provider: samlp\n",
            4,
            "the connection 'google-oauth2' has the provider google-oauth2",
            id="wrong provider",
        ),
        pytest.param(
            USER + "  identities: [{connection: a, provider: waad}, {connection: a, provider: oidc}]\n",
            3,
            "the connection 'a' has the provider waad",
            id="two providers of one connection",
        ),
        pytest.param(USER + "  identities: []\n", 3, "identities must have one at least", id="no identity"),
        pytest.param(
            USER + "  user_id: auth0|x\n  identities: [connection: google-oauth2]\n",
            3,
            "'user_id' belongs into the first of the identities",
            id="user_id beside identities",
        ),
        pytest.param(
            USER + "  identities: [{connection: google-oauth2, user_id: x}]\n- email: b@example.com\n"
            "  identities: [{connection: Username-Password-Authentication}, {connection: google-oauth2, user_id: x}]\n",
            4,
            "this identity is that of the user in line 2",
            id="identity twice",
        ),
        pytest.param(USER + "  raw: [a]\n", 3, "raw must be a mapping", id="raw is a list"),
        pytest.param(USER + "  app_metadata: {a: .nan}\n", 3, "app_metadata must be what JSON can say", id="not JSON"),
        pytest.param(USER + "  user_metadata: &a {b: *a}\n", 3, "must be what JSON can say", id="object in itself"),
        pytest.param(USER + "  raw: {a: !!binary eA==}\n", 3, "raw must be what JSON can say", id="bytes"),
        pytest.param(
            USER + "  connection: google-oauth2\n  password: x\n", 4, "have no password", id="password of a social user"
        ),
        pytest.param(USER + "  blocked: perhaps\n", 3, "blocked must be true or false", id="blocked is no boolean"),
        pytest.param(USER + "  phone_number: 0171\n", 3, "phone_number must be E.164", id="malformed phone number"),
        pytest.param(
            USER + "  created: yesterday\n",
            3,
            "created must be an age such as '200 days ago' or 'in 3 days' or a date such as 2026-01-31 or now, not 'yesterday'",
            id="malformed age",
        ),
        pytest.param(USER + "  last login: 2026-02-30\n", 3, "or never, not '2026-02-30'", id="no such day"),
        pytest.param(USER + "  created: 10000-01-01\n", 3, "created must be an age", id="year too high"),
        pytest.param(
            USER + "  created: 0001-01-01\n  last login: 9999-12-31T23:59:59-14:00\n",
            4,
            "last login must be an age",
            id="year too high in UTC",
        ),
        pytest.param(USER + "  created: [2020-01-01]\n", 3, "created must be a text", id="date is a list"),
        pytest.param(USER + "  created: in 3 days ago\n", 3, "created must be an age", id="past and future"),
        pytest.param(USER + "  created: 999999 years ago\n", 3, "created must be an age", id="age too high"),
        pytest.param(
            USER + "  created: 3 days ago\n  last login: 4 days ago\n",
            4,
            "last login is before the user's creation",
            id="login before the creation",
        ),
        pytest.param(
            USER + "  logins: 3\n", 3, "a user with logins needs 'last login'", id="logins without the last one"
        ),
        pytest.param(
            USER + "  last login: now\n  logins: -3\n", 4, "logins must be a whole number from 1", id="negative logins"
        ),
        pytest.param(
            USER + "  authenticators: {}\n", 3, "authenticators must be a list", id="authenticators is no list"
        ),
        pytest.param(
            USER + "  authenticators:\n  - otp\n", 4, "an authenticator must be a mapping", id="authenticator is a text"
        ),
        pytest.param(
            USER + "  authenticators:\n  - name: x\n",
            4,
            "an authenticator needs 'factor'",
            id="authenticator without a factor",
        ),
        pytest.param(
            USER + "  authenticators:\n  - factor: fax\n", 4, "factor must be one of otp, phone", id="unknown factor"
        ),
        pytest.param(
            USER + "  authenticators:\n  - factor: phone\n", 4, "a phone needs its number", id="phone without a number"
        ),
        pytest.param(
            USER + "  authenticators:\n  - factor: phone\n    number: 12\n",
            5,
            "number must be E.164",
            id="malformed number",
        ),
        pytest.param(
            USER + "  authenticators:\n  - {factor: recovery-code, code: 12}\n",
            4,
            "code must be 24",
            id="recovery code too short",
        ),
        pytest.param(
            USER + "  authenticators:\n  - factor: recovery-code\n  - factor: recovery-code\n",
            4,
            "one recovery code",
            id="two recovery codes",
        ),
        pytest.param(
            USER + "  created: now\n  authenticators: [factor: otp]\n",
            3,
            "an authenticator is older than its user",
            id="authenticator older than its user",
        ),
        pytest.param(
            ITEM + "    number: +15005550123\n",
            5,
            "'number' does not belong to the factor otp",
            id="member of another factor",
        ),
        pytest.param(ITEM + "    secret: 1\n", 5, "secret must be base32", id="malformed secret"),
        pytest.param(
            ITEM + "    name: a name that is far too long\n", 5, "name must be 1 to 20 characters", id="name too long"
        ),
        pytest.param(ITEM + "    enrolled: never\n", 5, "enrolled must be an age", id="enrolled is no age"),
        pytest.param(
            ITEM + "    enrolled: 3 days ago\n    last used: 4 days ago\n",
            6,
            "last used is before enrolled",
            id="used before it was enrolled",
        ),
        pytest.param(
            ITEM + "    unconfirmed: true\n    last used: now\n",
            6,
            "an unconfirmed authenticator cannot have been used",
            id="unconfirmed but used",
        ),
        pytest.param(
            ITEM + "    unconfirmed: true\n    enrolled: 25 hours ago\n",
            6,
            "vanishes after 24 hours",
            id="unconfirmed for too long",
        ),
        pytest.param("users: &a\n- *a\n", 1, "a user must be a mapping", id="list that holds itself"),
    ],
)
def test_a_mistake_is_one_line_with_its_number(read, text, line, said):
    with pytest.raises(FileMistake) as caught:
        read(text)
    message = str(caught.value)
    assert said in message and len(message.splitlines()) == 1
    assert f"users.yml:{line}: " in message if line else "users.yml: " in message


@pytest.mark.parametrize(
    ("member", "name", "names"),
    [
        pytest.param("username: Anna", "anna", ["anna"], id="username"),
        pytest.param("phone_number: +12025550123", "+12025550123", ["+12025550123"], id="phone number"),
        pytest.param("user_id: auth0|old/a b", "auth0|old/a b", [], id="ID alone, with a blank"),
        pytest.param(
            "identities: [{connection: corp-saml, user_id: 'corp-saml|CN=A B'}]",
            "samlp|corp-saml|CN=A B",
            [],
            id="identity",
        ),
    ],
)
def test_a_user_needs_no_address(read, member, name, names):
    user = read(f"users:\n- {member}\n")[None]
    assert (user.profile["name"], user.names) == (name, names)
    assert not {"email", "email_verified"} & set(user.profile) and mfa_rows(user) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [("in 3 days", NOW + 3 * DAY), ("2099-01-31", 4073500800000), ("2099-01-31T00:00:00.500+01:00", 4073497200500)],
)
def test_times_may_be_of_ones_choice(one, text, moment):
    assert one(f"factor: otp, last used: '{text}'").last_auth_at == moment


def test_raw_and_missing_members_are_what_every_answer_has(tmp_path):
    path = tmp_path / "users.yml"
    path.write_text(
        USER + "  raw: {last_login: 0000-00-00}\n  missing: [created_at, email_verified]\n"
        "  authenticators: [{factor: otp, missing: [created_at, confirmed], raw: {last_auth_at: 2099-13-01}}]\n",
        encoding="utf-8",
    )
    with start(users=2, seed_file=path) as emulator:
        tenant = Tenant(emulator)
        with tenant.http:
            token = tenant.management_token()
            (listed,) = tenant.call("GET", "/api/v2/users?q=email:a@example.com", token).json()
            address = f"/api/v2/users/{quote(listed['user_id'])}"
            read = tenant.call("GET", address, token).json()
            (method,) = tenant.call("GET", address + "/authentication-methods", token).json()
            newest = tenant.call("GET", "/api/v2/users?sort=created_at:-1", token).json()
    assert listed == read and read["last_login"] == "0000-00-00"
    assert not {"created_at", "email_verified"} & set(read) and not {"created_at", "confirmed"} & set(method)
    assert method["last_auth_at"] == "2099-13-01" and listed in newest


@given(st.text(alphabet="users:- \nemail@.xfactorp{}[]&*'\"#|>!%\t\x85é", max_size=60))
def test_any_text_is_users_or_a_mistake_in_one_line(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_text(text, encoding="utf-8")
    try:
        read_seed_file(str(path), NOW, BOTH)
    except FileMistake as error:
        assert len(str(error).splitlines()) == 1


def launch(*arguments):
    command = [sys.executable, "-m", "tests.emulator", "--port", "0", *arguments]
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"users:\n- mail: x\n", ":2: a user has no 'mail'", id="unknown member"),
        pytest.param(b"users:\n- email: user00003@example.com\n", ":2: this user is seeded already", id="seeded user"),
        pytest.param(b"users:\n- \xff\xfe\xfd", ":2: is not UTF-8 text", id="not utf-8"),
        pytest.param(b"[" * 5000, ": is nested too deeply", id="nested too deeply"),
        pytest.param(None, ": cannot be read: No such file or directory", id="missing file"),
    ],
)
def test_a_broken_file_ends_the_start_with_one_line_and_code_2(tmp_path, content, said):
    path = tmp_path / "users.yml"
    if content is not None:
        path.write_bytes(content)
    ended = launch("--users", "5", "--seed-file", str(path))
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert ended.stderr.startswith(f"tests.emulator: {path}{said}")


def test_a_user_of_the_file_is_added_to_the_seeded_ones_and_can_log_in(tmp_path):
    path = tmp_path / "users.yml"
    path.write_text(USER + "  password: Other-Horse-8\n", encoding="utf-8")
    with start(users=2, seed_file=path, switches={"mfa-policy": "never"}) as emulator:
        tenant = Tenant(emulator)
        with tenant.http:
            users = tenant.call("GET", "/api/v2/users", tenant.management_token()).json()
            statuses = [
                tenant.login("a@example.com", word).status_code for word in ("Correct-Horse-7", "Other-Horse-8")
            ]
    assert [user["email"] for user in users] == ["user00001@example.com", "user00002@example.com", "a@example.com"]
    assert statuses == [403, 200]
