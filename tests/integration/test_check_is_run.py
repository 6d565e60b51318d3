# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode is what happens: for every factor, state and side the whole result of the check is the run's.

What only Auth0 knows before is left out: the IDs of what is new, and its dates.
"""

from __future__ import annotations

import re

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS, words

from .conftest import code_of, email
from .test_failures import AUTHENTICATOR

pytestmark = pytest.mark.run_by("module")

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NUMBER = {"phone_number": "+442071838750"}
KEY = {"key_id": "a2V5", "public_key": "cHVibGlj", "relying_party_identifier": "example.com"}
GIVEN = {
    "totp_secret": {"totp_secret": SECRET},
    "phone_number": NUMBER,
    "email_address": {"email_address": "chuck334@example.com"},
    "credential": {"credential": KEY},
}
DATES = ("created_at", "enrolled_at", "last_auth_at")


def needed(options: tuple[str, ...]) -> dict:
    return {name: value for option in options for name, value in GIVEN.get(option, {}).items()}


def options_of(word: str, needs: str) -> dict:
    row = next(row for row in FACTORS.values() if word in row.words)
    return {"factor": word, **needed(getattr(row, needs))}


AS_OPERATOR = words(lambda row: row.operator_needs is not None)
AS_USER = words(lambda row: row.user_needs is not None)


def same(checked: dict, done: dict) -> None:
    """The check's result is the run's."""
    assert not checked.get("failed") and not done.get("failed"), (checked, done)
    known = set(re.findall(r"[\w-]+\|\w+", done["diff"]["before"]))
    assert comparable(checked, known) == comparable(done, known)


def comparable(result: dict, known: set[str]) -> dict:
    def name(row_id: str) -> str:
        return row_id if row_id in known else "new"

    def row(found: dict) -> dict:
        unknown = {} if found["id"] in known else {**dict.fromkeys(DATES), "twin_ids": []}
        return {**found, "id": name(found["id"]), **unknown}

    def lines(text: str) -> list[str]:
        return sorted("%s: %s" % (name(line.partition(": ")[0]), line.partition(": ")[2]) for line in text.splitlines())

    return {
        "changed": result["changed"],
        "user_id": result["user_id"],
        "matched_by": result["matched_by"],
        "removed_ids": result["removed_ids"],
        "kept": result["kept"],
        "authenticator": row(result["authenticator"]) if result["authenticator"] else None,
        "authenticators": sorted((row(found) for found in result["authenticators"]), key=str),
        "diff": {side: lines(text) for side, text in result["diff"].items()},
    }


def check_and_run(tenant, user: dict, options: dict, changed: bool = True) -> dict:
    task = {AUTHENTICATOR: {**user, **options}, "diff": True}
    checked, done = tenant.results({}, {**task, "check_mode": True}, task)
    same(checked, done)
    assert done["changed"] is changed
    return done


def operator(tenant, number: int) -> dict:
    return {**tenant.operator, "email": email(number)}


def user(tenant, number: int) -> dict:
    return {**tenant.application, "mfa_token": tenant.user_token(number)}


@pytest.mark.parametrize("more", [{}, {"name": "label"}], ids=["bare", "named"])
@pytest.mark.parametrize("word", AS_OPERATOR)
def test_every_factor_that_the_operator_makes_and_removes(tenant, word, more):
    who, options = operator(tenant, 1), options_of(word, "operator_needs")
    check_and_run(tenant, who, {**options, **more})
    check_and_run(tenant, who, {**options, **more}, changed=False)
    check_and_run(tenant, who, {**options, "name": "other"})
    named = {name: value for name, value in options.items() if name != "totp_secret"}
    if {"phone_number", "email_address"} & named.keys():
        named["masked_match"] = "accept"
    check_and_run(tenant, who, {**named, "state": "absent", "allow_last_factor": True})


@pytest.mark.parametrize("preferred", ["sms", "voice"])
def test_a_preferred_method_of_the_operator(tenant, preferred):
    who, phone = operator(tenant, 1), {"factor": "phone", **NUMBER, "preferred_method": preferred}
    check_and_run(tenant, who, phone)
    check_and_run(tenant, who, {**phone, "preferred_method": "sms" if preferred == "voice" else "voice"})


@pytest.mark.parametrize("types", ["sms", "voice"])
def test_other_phones_tell_which_channels_a_new_one_gets(tenant, types):
    tenant.running.reset(switches={"message-types": types})
    other = {"factor": "phone", "phone_number": "+442071838711"}
    check_and_run(tenant, operator(tenant, 3), other)
    tenant.running.reset(switches={"message-types": types, "recovery-code-factor": "off"})
    who = user(tenant, 1)
    made = tenant.results({}, {AUTHENTICATOR: {**who, "factor": types, **NUMBER}})[0]
    assert [row["id"].partition("|")[0] for row in made["authenticators"]] == [types]
    check_and_run(tenant, who, {**other, "factor": types})


@pytest.mark.parametrize("number", [2, 3, 4, 7, 9, 10, 18, 19])
@pytest.mark.parametrize(
    "selector", [{"selector": "all"}, {"selector": "everything"}, {"selector": "unused", "unused_for": "100d"}], ids=str
)
def test_every_selector_of_the_operator_on_every_kind_of_user(tenant, number, selector):
    options = {"state": "absent", "max_removals": 9, "allow_last_factor": True, **selector}
    unused = {9: True}
    check_and_run(
        tenant, operator(tenant, number), options, changed=selector["selector"] != "unused" or number in unused
    )


@pytest.mark.parametrize("factor", [name for name in FACTORS if FACTORS[name].not_removable_because is None])
@pytest.mark.parametrize("number", [2, 3, 4, 7, 9, 18, 19])
def test_every_factor_of_every_kind_of_user_removed_by_the_operator(tenant, number, factor):
    kinds = {
        name
        for name in FACTORS
        for method in tenant.methods(number)
        if method["type"] in FACTORS[name].management_types
    }
    options = {"state": "absent", "factor": factor, "allow_last_factor": True}
    check_and_run(tenant, operator(tenant, number), options, changed=factor in kinds)


def test_pending_ones_where_the_operator_sees_them(tenant):
    tenant.running.reset(switches={"unconfirmed-in-management": "on"})
    check_and_run(tenant, operator(tenant, 6), {"state": "absent", "selector": "unconfirmed"})
    tenant.running.reset(switches={"unconfirmed-in-management": "on"})
    check_and_run(tenant, operator(tenant, 6), {"factor": "otp", "totp_secret": SECRET})


def confirmation(tenant, number: int, made: dict) -> dict:
    """What confirms an enrollment, as options."""
    enrollment, factor = made["enrollment"], made["authenticator"]["factor"]
    if enrollment["secret"]:
        return {"code": code_of(enrollment["secret"], tenant.running)}
    user_id = tenant.user_id(number).replace("|", "%7C")
    if factor == "push":
        tenant.running.control("POST", "push/approve?user_id=" + user_id)
        return {"oob_code": enrollment["oob_code"]}
    return {
        "oob_code": enrollment["oob_code"],
        "code": tenant.running.control("GET", "codes?user_id=" + user_id)[-1]["code"],
    }


@pytest.mark.parametrize("with_code", ["off", "on"])
@pytest.mark.parametrize("word", AS_USER)
def test_every_factor_that_the_user_enrolls_confirms_and_removes(tenant, word, with_code):
    tenant.running.reset(switches={"recovery-code-factor": with_code})
    who, options = user(tenant, 1), options_of(word, "user_needs")
    if with_code == "on":
        # Whether a first recovery code comes along only Auth0 knows: it is there already.
        tenant.results({}, {AUTHENTICATOR: {**who, "factor": "otp"}}, {AUTHENTICATOR: {**who, **REMOVED}})
    made = check_and_run(tenant, who, options)
    check_and_run(tenant, who, options, changed=False)
    confirmed = {"state": "confirmed", "factor": word, **confirmation(tenant, 1, made)}
    check_and_run(tenant, who, confirmed)
    check_and_run(tenant, who, confirmed, changed=False)
    # As the user, a verified e-mail address proves no enrollment and stays.
    gone = {"state": "absent", "factor": word, "allow_last_factor": True}
    check_and_run(tenant, who, gone, changed=word != "email")


REMOVED = {"factor": "otp", "state": "absent", "allow_last_factor": True}


@pytest.mark.parametrize("selector", ["all", "unconfirmed"])
@pytest.mark.parametrize("word", AS_USER)
def test_pending_ones_that_the_user_removes_by_selector(tenant, word, selector):
    tenant.running.reset(switches={"recovery-code-factor": "off"})
    who = user(tenant, 1)
    tenant.results({}, {AUTHENTICATOR: {**who, **options_of(word, "user_needs")}})
    options = {"state": "absent", "selector": selector, "max_removals": 1}
    check_and_run(tenant, who, options, changed=word != "email")


@pytest.mark.parametrize("factor", ["otp", "push", None])
def test_a_pair_of_the_user_goes_together(tenant, factor):
    code = code_of("NBSWY3DPFQQHO33SNBSWY3DPFQQHO33S", tenant.running)
    login = tenant.log_in(4)
    token = tenant.post(
        "/oauth/token",
        {"grant_type": "http://auth0.com/oauth/grant-type/mfa-otp", "mfa_token": login["mfa_token"], "otp": code},
    )["access_token"]
    gone = {"factor": factor} if factor else {"selector": "all"}
    options = {"state": "absent", "max_removals": 1, "allow_last_factor": True, **gone}
    done = check_and_run(tenant, {**tenant.application, "mfa_token": token}, options)
    assert [removed.partition("|")[0] for removed in done["removed_ids"]] == ["push", "totp"]
    assert len(tenant.requests("DELETE")) == 1
