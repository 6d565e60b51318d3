# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task that changes many users, against the embedded tenant: a result for each, failures kept apart, nothing written twice."""

from __future__ import annotations

import json
import stat
from urllib.parse import quote

import pytest

from .conftest import Tenant, email

pytestmark = pytest.mark.run_by("module")

AUTHENTICATOR, CODE = "mfaops.auth0.auth0_mfa_authenticator", "mfaops.auth0.auth0_recovery_code"
PHONE = {"type": "phone", "phone_number": "+442071838750", "preferred_authentication_method": "sms"}
OTP = {"type": "totp", "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "name": "app"}
NOBODY = "nobody@example.com"


def number(index: int) -> str:
    return "+44207183%04d" % (8000 + index)


def phones(*users: int, **options) -> dict:
    """A task that gives each of these users a phone of its own."""
    entries = [{"email": email(user), "phone_number": number(user), "name": f"phone {user}"} for user in users]
    return {AUTHENTICATOR: {"factor": "phone", "masked_match": "accept", "users": entries, **options}}


def empty(tenant: Tenant, *users: int, methods=()) -> None:
    for user in users:
        tenant.management("PUT", "/users/%s/authentication-methods" % quote(tenant.user_id(user), safe=""), [*methods])
    tenant.forget_requests()


def test_each_user_gets_its_own_and_a_second_run_changes_nothing(tenant):
    empty(tenant, 2, 3, 4)
    before = len(tenant.requests("POST", "/oauth/token"))
    check = {**phones(2, 3, 4), "check_mode": True, "diff": True}
    foreseen, done, again = tenant.results(tenant.operator, check, {**phones(2, 3, 4), "diff": True}, phones(2, 3, 4))
    assert len(tenant.requests("POST", "/oauth/token")) == before + 3  # one for each task
    assert [user["email"] for user in done["users"]] == [email(2), email(3), email(4)]
    assert done["counts"] == foreseen["counts"] == {"changed": 3, "unchanged": 0, "failed": 0, "not_reached": 0}
    assert done["changed"] and foreseen["changed"] and not again["changed"] and again["counts"]["unchanged"] == 3
    for user, row in zip((2, 3, 4), done["users"]):
        (method,) = tenant.methods(user)
        assert (row["authenticator"]["id"], row["user_id"]) == (method["id"], tenant.user_id(user))
        assert row["authenticator"]["name"] == method["name"] == f"phone {user}" and row["msg"] is None
    assert len(tenant.writes()) == 3

    assert [each["before_header"] for each in done["diff"]] == [email(2), email(3), email(4)]
    for planned, real in zip(foreseen["diff"], done["diff"]):
        assert planned["before"] == real["before"] == ""
        # What only Auth0 knows is not predicted.
        assert planned["after"].partition(": ")[2] == real["after"].partition(": ")[2]


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_sent(tenant):
    users = [
        {"email": email(2), "phone_number": number(2)},
        {"email": email(3), "phone_number": "0207183"},
        {"email": email(4), "phone_nummber": number(4)},
        {"email": email(5), "phone_number": None},
        {"phone_number": number(6)},
        {"email": email(7), "user_id": "auth0|7", "phone_number": number(7)},
        {"email": email(2), "phone_number": number(8)},
        {"email": "no address", "phone_number": number(9)},
        {"email": email(10), "phone_number": number(9), "factor": "pone"},
        "user",
        {"email": email(11), "phone_number": number(9), "name": "x" * 21, "source": "users.csv line 12"},
        {"email": email(12), "phone_number": True},
        {"user_id": "..", "phone_number": number(9)},
    ]
    tenant.forget_requests()
    (refused,) = tenant.results(tenant.operator, {AUTHENTICATOR: {"factor": "phone", "users": users}})
    assert refused["failed"] and not refused["changed"] and tenant.requests() == []
    places = [each.partition(": ")[0] for each in refused["mistakes"]]
    assert sorted(places) == sorted(
        [*(f"users[{place}]" for place in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12)), "users.csv line 12"]
    )
    assert "Did you mean phone_number?" in refused["msg"] and "\n" not in refused["msg"]
    assert "got: pone. Did you mean phone?" in refused["msg"]
    assert "The same user as users[0]" in refused["msg"]


def test_an_address_and_an_id_of_one_user_are_refused_before_any_write_for_it(tenant):
    empty(tenant, 2, 3)
    users = [
        {"user_id": tenant.user_id(2), "phone_number": number(2)},
        {"email": email(2), "phone_number": number(20)},
        {"email": email(3), "phone_number": number(3)},
    ]
    tenant.forget_requests()
    (result,) = tenant.results(tenant.operator, {AUTHENTICATOR: {"factor": "phone", "users": users}})
    assert [row["result"] for row in result["users"]] == ["failed", "failed", "changed"]
    assert "users[0] is the same user as users[1]" in result["users"][0]["msg"]
    assert len(tenant.writes()) == 1 and tenant.methods(2) == [] and result["changed"]


def test_who_cannot_be_changed_fails_alone(tenant):
    empty(tenant, 2, 3)
    task = phones(2, 3)
    task[AUTHENTICATOR]["users"].insert(1, {"email": NOBODY, "phone_number": number(1)})
    result, again = tenant.results(tenant.operator, task, task)
    assert result["failed"] and result["changed"] and not again["changed"] and again["failed"]
    assert [row["result"] for row in result["users"]] == ["changed", "failed", "changed"]
    assert result["users"][1]["error"]["msg"] == result["users"][1]["msg"] and NOBODY in result["msg"]
    assert result["msg"].startswith("1 of 3 users failed, and 0 were not reached.")
    assert len(tenant.writes()) == 2


def test_every_user_has_the_guards_of_one(tenant):
    empty(tenant, 2, 3, 4, methods=[OTP])
    empty(tenant, 3, methods=[PHONE, OTP])
    users = [{"email": email(2)}, {"email": email(3)}, {"email": email(4), "allow_last_factor": True}]
    options = {"state": "absent", "selector": "all", "users": users}
    foreseen, result = tenant.results(
        tenant.operator, {AUTHENTICATOR: options, "check_mode": True}, {AUTHENTICATOR: options}
    )
    assert [row["result"] for row in result["users"]] == ["failed", "failed", "changed"]
    assert [row["result"] for row in foreseen["users"]] == ["failed", "failed", "changed"]
    assert "without a second factor" in result["users"][0]["msg"]
    assert "max_removals is 1" in result["users"][1]["msg"]
    assert len(tenant.methods(3)) == 2 and tenant.methods(4) == [] and len(result["users"][2]["removed_ids"]) == 1


@pytest.mark.parametrize("check_mode", [False, True])
def test_more_users_than_allowed_are_refused_before_the_first_write(tenant, check_mode):
    empty(tenant, 2, 3, 4)
    (refused,) = tenant.results(tenant.operator, {**phones(2, 3, 4, max_users=2), "check_mode": check_mode})
    assert refused["failed"] and not refused["changed"] and tenant.writes() == []
    assert "3 users have to be changed, but max_users is 2" in refused["msg"]
    assert refused["counts"] == {"changed": 0, "unchanged": 0, "failed": 0, "not_reached": 3}
    (first,) = tenant.results(tenant.operator, phones(2))
    (rest,) = tenant.results(tenant.operator, phones(2, 3, 4, max_users=2))
    assert first["counts"]["changed"] == 1 and rest["counts"] == {
        **rest["counts"],
        "changed": 2,
        "unchanged": 1,
        "failed": 0,
    }


def test_more_than_25_users_lose_nothing_unless_it_is_allowed(tenant):
    tenant.running.reset(users=30)
    users = [{"email": email(user)} for user in range(1, 31)]
    options = {"state": "absent", "selector": "everything", "max_removals": 9, "allow_last_factor": True}
    (refused,) = tenant.results(tenant.operator, {AUTHENTICATOR: {**options, "users": users}})
    assert "30 users have to be changed, but max_users is 25" in refused["msg"] and tenant.writes() == []
    (done,) = tenant.results(tenant.operator, {AUTHENTICATOR: {**options, "users": users, "max_users": 30}})
    assert done["counts"]["changed"] == 30


def test_every_code_is_in_a_file_of_its_own_that_only_its_owner_can_read(tenant):
    folder = tenant.folder / "codes"
    users = [{"email": email(2)}, {"user_id": tenant.user_id(3), "path": str(tenant.folder / "mine")}]
    options = {"state": "rotated", "codes_folder": str(folder), "users": users}
    tenant.forget_requests()
    foreseen, done = tenant.results(tenant.operator, {CODE: options, "check_mode": True}, {CODE: options})
    assert foreseen["counts"]["changed"] == done["counts"]["changed"] == 2 and len(tenant.writes()) == 2
    first, second = done["users"]
    assert second["path"] == str(tenant.folder / "mine") and first["path"].startswith(str(folder))
    for row in done["users"]:
        with open(row["path"], encoding="ascii") as file:
            assert len(file.read().strip()) == 24
        assert stat.S_IMODE(tenant.folder.joinpath(row["path"]).stat().st_mode) == 0o600
        assert "recovery_code" not in row
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and not [*folder.glob(".*")]


@pytest.mark.parametrize(
    "options, said",
    [
        ({"users": [{"email": email(2)}]}, "path is required, unless codes_folder is set: users[0]"),
        (
            {"users": [{"email": email(2), "path": "a"}, {"email": email(3), "path": "./a"}]},
            "is another user's as well",
        ),
        ({"users": [], "email": email(2)}, "mutually exclusive"),
        ({"users": [], "path": "a"}, "mutually exclusive"),
        ({"users": None}, "users is null"),
        ({"users": "auth0|1"}, "users is not a list"),
        ({"users": [], "max_age": "1d"}, "max_age requires state=rotated"),
        ({"users": [], "max_users": -1}, "max_users is -1"),
        ({"users": [], "progress_every": 0}, "progress_every is 0"),
        ({"email": email(2), "max_users": 3}, "missing parameter(s) required by 'max_users'"),
        ({"users": [{"email": email(2), "path": "/nowhere/a"}]}, "is not an existing directory"),
    ],
)
def test_what_cannot_be_right_is_told_before_the_first_request(tenant, options, said):
    tenant.forget_requests()
    (refused,) = tenant.results(tenant.operator, {CODE: options})
    assert refused["failed"] and said in refused["msg"] and tenant.requests() == []


def test_nobody_is_a_user_of_an_empty_list(tenant):
    tenant.forget_requests()
    for module in (CODE, AUTHENTICATOR):
        (nothing,) = tenant.results(tenant.operator, {module: {"users": []}})
        assert not nothing["changed"] and not nothing["failed"] and nothing["users"] == []
    assert tenant.requests() == []


def test_how_far_it_is_can_be_followed(tenant):
    empty(tenant, 2, 3, 4)
    progress = tenant.folder / "progress"
    tenant.results(tenant.operator, phones(2, 3, 4, progress_path=str(progress), progress_every=2))
    lines = progress.read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        *(f"{done} of 3 users found" for done in (2, 3)),
        *(f"{done} of 3 users done" for done in (2, 3)),
    ]


def test_the_secrets_of_users_are_not_printed(tenant):
    users = [{"email": email(2), "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ"}]
    wrong = [{**users[0], "totp_secrte": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXR"}]
    for entries in (users, wrong):
        result = tenant.results(tenant.operator, {AUTHENTICATOR: {"factor": "otp", "users": entries}})
        assert "JBSWY3DPEHPK3PXP" not in json.dumps(result)


METHODS = "/api/v2/users/*/authentication-methods"


def test_a_token_that_expires_on_the_way_is_renewed(tenant):
    empty(tenant, 2, 3, 4)
    tenant.fault(kind="expire-token", method="POST", path=METHODS)
    (result,) = tenant.results(tenant.operator, phones(2, 3, 4))
    assert result["counts"]["changed"] == 3 and len(tenant.writes(refused=False)) == 3


def test_a_token_that_expires_and_cannot_be_renewed_ends_the_task_which_tells_what_was_done(tenant):
    everybody = range(2, 18)
    empty(tenant, *everybody)
    tenant.fault(kind="expire-token", method="POST", path=METHODS)
    token = tenant.operator_token()
    tenant.forget_requests()
    (result,) = tenant.results({"base_url": tenant.running.url, "api_token": token}, phones(*everybody))
    counts = result["counts"]
    assert result["failed"] and counts["failed"] and sum(counts.values()) == len(everybody)
    assert counts["changed"] == len(tenant.writes(refused=False)) < len(everybody)
    assert any("expired" in (row["error"] or {}).get("hint", "") for row in result["users"])
    (rest,) = tenant.results(tenant.operator, phones(*everybody))
    assert rest["counts"]["changed"] == len(everybody) - counts["changed"]
