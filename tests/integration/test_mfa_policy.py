# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant and its policy file: read, exported, applied, and held against who would be locked out. Against the embedded tenant."""

from __future__ import annotations

import pytest

from .test_playbooks import audit_of

pytestmark = pytest.mark.run_by("module")

POLICY, POLICY_INFO = "mfaops.auth0.auth0_mfa_policy", "mfaops.auth0.auth0_mfa_policy_info"
FACTORS, FACTORS_INFO = "mfaops.auth0.auth0_guardian_factor", "mfaops.auth0.auth0_guardian_factor_info"
ACTION, ACTION_INFO = "mfaops.auth0.auth0_action", "mfaops.auth0.auth0_action_info"
OURS = "Hide remember browser for MFA"
ALL = ("sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform", "recovery-code")

# What a tenant can be like: the factors that are on, the message types, the policy, and what was done to our Action.
STATES = [
    pytest.param((), ["sms", "voice"], [], [], id="nothing at all"),
    pytest.param(("otp", "duo"), ["voice"], ["confidence-score"], [{"position": 1}], id="bound"),
    pytest.param(
        ALL, ["sms"], ["all-applications"], [{"bound": False, "secrets": {"KEY": "x1234567"}}], id="not bound"
    ),
    pytest.param(("email",), ["sms"], ["all-applications"], [{"deploy": False, "bound": False}], id="a draft"),
]
# What runs is an earlier version of it, which no file can hold, so only the tenant itself stays the same.
CHANGED = pytest.param(
    ("sms",), ["sms"], [], [{}, {"deploy": False, "bound": False, "dependencies": {"axios": "1.10"}}], id="changed"
)


def one(tenant, module: str, check_mode: bool = False, **options) -> dict:
    (result,) = tenant.results(tenant.operator, {module: options, "check_mode": check_mode, "diff": True})
    return result


def written(tenant, text: str) -> str:
    path = tenant.folder / "policy.yml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def become(tenant, on, types, policies, actions) -> None:
    """Make the tenant like this."""
    tenant.management("PUT", "/guardian/factors/phone/message-types", {"message_types": types})
    for name in ALL:
        tenant.management("PUT", "/guardian/factors/" + name, {"enabled": name in on})
    tenant.management("PUT", "/guardian/policies", policies)
    for number, options in enumerate(actions):
        code = f"// {number}\n\texports.onExecutePostLogin = async (event, api) => {{ /* é: {{{{ x }}}} */ }};\r\n"
        assert not one(tenant, ACTION, name=OURS, code=code, **options).get("failed")


@pytest.mark.parametrize(
    "state", [each.values for each in (*STATES, CHANGED)], ids=[each.id for each in (*STATES, CHANGED)]
)
def test_applying_the_export_changes_nothing(tenant, state):
    become(tenant, *state)
    tenant.forget_requests()
    path = written(tenant, one(tenant, POLICY_INFO)["content"])
    result = one(tenant, POLICY, True, path=path)
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], result["differences"], result["lockout"]) == (False, [], None)
    assert tenant.writes() == [] and tenant.requests("GET", "/users") == []


@pytest.mark.parametrize("other", [each.values for each in STATES[1:]], ids=[each.id for each in STATES[1:]])
def test_another_tenant_that_gets_the_export_has_the_same(tenant, other):
    become(tenant, *STATES[1].values)
    content = one(tenant, POLICY_INFO)["content"]
    tenant.running.reset()
    become(tenant, *other)
    path = written(tenant, content)
    checked = one(tenant, POLICY, True, path=path, allow_lockout=True)
    done = one(tenant, POLICY, path=path, allow_lockout=True)
    assert not done.get("failed"), done["msg"]
    assert checked["differences"] == done["differences"] and checked["changed"] is done["changed"]
    # A secret of the Action that was there stays, and the file says so.
    again = one(tenant, POLICY_INFO)["content"].splitlines()
    assert [line for line in again if "these secrets" not in line] == content.splitlines()
    assert not one(tenant, POLICY, path=path)["changed"]


def test_the_infos_read_what_the_modules_set(tenant):
    tenant.results(tenant.operator, {FACTORS: {"disabled": ["duo"], "phone_message_types": ["sms"], "policy": "never"}})
    for name in ("b", "a"):
        one(tenant, ACTION, name=name, code="// " + name)
    one(tenant, ACTION, name="c", code="x", trigger="credentials-exchange", deploy=False, bound=False)
    found = one(tenant, FACTORS_INFO)
    assert (found["phone_message_types"], found["policy"], found["factors"]["duo"]) == (["sms"], "never", False)
    everything = one(tenant, ACTION_INFO)["actions"]
    assert [(each["name"], each["position"], each["code"]) for each in everything] == [
        ("a", 2, "// a"),
        ("b", 1, "// b"),
        ("c", None, "x"),
    ]
    assert [each["name"] for each in one(tenant, ACTION_INFO, trigger="post-login")["actions"]] == ["a", "b"]
    assert [each["name"] for each in one(tenant, ACTION_INFO, name="c")["actions"]] == ["c"]
    assert one(tenant, ACTION_INFO, name="c", trigger="post-login")["actions"] == []
    assert one(tenant, ACTION_INFO, name="d")["actions"] == []


def test_users_without_another_factor_stop_a_change_before_it_begins(tenant):
    path = written(tenant, "version: 1\nfactors: {phone: false, otp: false}\n")
    checked, refused = one(tenant, POLICY, True, path=path), one(tenant, POLICY, path=path)
    lockout = checked["lockout"]
    assert (
        lockout["source"] == "tenant" and lockout["users"] == 20 and lockout["locked_out"] == len(lockout["sample"]) > 0
    )
    assert {factor for each in lockout["sample"] for factor in each["factors"]} <= {"phone", "otp"}
    assert lockout["refused"] and "Applying this is refused" in checked["warnings"][0] and not checked.get("failed")
    assert refused["failed"] and refused["refused"] and not refused["changed"] and refused["lockout"] == lockout
    assert "Nothing was changed" in refused["msg"] and "allow_lockout=true" in refused["hint"]
    assert tenant.writes() == []
    allowed = one(tenant, POLICY, path=path, allow_lockout=True)
    assert allowed["changed"] and allowed["lockout"] == {**lockout, "refused": False}


def test_an_audit_saves_reading_the_users(tenant):
    audit_of(tenant)
    path, folder = written(tenant, "version: 1\nfactors: {phone: false, otp: false}\n"), str(tenant.folder / "audits")
    read = one(tenant, POLICY, True, path=path)["lockout"]
    tenant.forget_requests()
    audited = one(tenant, POLICY, True, path=path, audit_folder=folder)["lockout"]
    assert audited["source"].startswith("000001-") and tenant.requests("GET", "/users") == []

    def compared(lockout):
        counts = {name: value for name, value in lockout.items() if name not in ("source", "sample")}
        return counts, sorted(each["user_id"] for each in lockout["sample"])

    assert compared(audited) == compared(read)
    tenant.running.control("PUT", "clock", {"advance_seconds": 2 * 86400})
    old = one(tenant, POLICY, path=path, audit_folder=folder)
    assert old["failed"] and old["refused"] and "too long ago" in old["msg"] and tenant.writes() == []
    assert not one(tenant, POLICY, True, path=path, audit_folder=folder, audit_max_age="7d")["lockout"]["reason"]
    none = one(tenant, POLICY, path=path, audit_folder=str(tenant.folder / "nowhere"))
    assert none["failed"] and "There is no run in the folder" in none["msg"] and tenant.writes() == []


def test_a_large_tenant_needs_a_decision(tenant):
    path = written(tenant, "version: 1\nfactors: {phone: false}\n")
    tenant.forget_requests()
    checked, refused = (one(tenant, POLICY, check, path=path, lockout_max_users=19) for check in (True, False))
    assert checked["changed"] and checked["lockout"]["locked_out"] is None and checked["lockout"]["refused"]
    assert refused["failed"] and "more than 19 users" in refused["msg"] and "lockout_check=skip" in refused["hint"]
    assert tenant.requests("GET", "authentication-methods") == [] and tenant.writes() == []
    skipped = one(tenant, POLICY, path=path, lockout_check="skip")
    assert skipped["changed"] and skipped["lockout"]["source"] is None


def test_users_whose_number_is_unknown_are_not_few(tenant):
    path = written(tenant, "version: 1\nfactors: {duo: true, phone: false}\n")
    tenant.fault(method="GET", path="/api/v2/users", count=1, kind="sparse", members=["total"])
    refused = one(tenant, POLICY, path=path)
    assert (
        refused["failed"]
        and refused["lockout"]["refused"]
        and "total is missing" in refused["msg"]
        and tenant.writes() == []
    )


def test_a_stricter_policy_says_who_must_enroll(tenant):
    tenant.management("PUT", "/guardian/policies", [])
    path = written(tenant, "version: 1\npolicy: all-applications\n")
    result = one(tenant, POLICY, path=path)
    assert result["changed"] and result["lockout"]["locked_out"] == 0 < result["lockout"]["must_enroll"]
    assert "asks them to enroll one" in result["warnings"][0]


@pytest.mark.parametrize("path", ["*/guardian/policies", "*/actions/actions"])
def test_what_was_set_before_an_error_is_told(tenant, path):
    body = {"statusCode": 403, "message": "Please upgrade", "errorCode": "insufficient_entitlement"}
    text = "version: 1\nfactors: {duo: true}\npolicy: confidence-score\nactions: [{name: a, code: x}]\n"
    file = written(tenant, text)
    tenant.fault(kind="status", status=403, method="PUT" if "policies" in path else "POST", path=path, body=body)
    cut_off, again = one(tenant, POLICY, path=file), one(tenant, POLICY, path=file)
    expected = ["duo=True"] if "policies" in path else ["duo=True", "policy=confidence-score"]
    assert cut_off["failed"] and cut_off["changed"] and cut_off["applied"] == expected and "refused" not in cut_off
    assert again["changed"] and not again.get("failed")


def test_an_error_at_the_first_write_is_one_of_applying(tenant):
    tenant.fault(kind="status", status=403, method="PUT", path="*/guardian/*")
    result = one(tenant, POLICY, path=written(tenant, "version: 1\nfactors: {duo: true}\n"))
    assert result["failed"] and result["applied"] == [] and result["changed"] is False


def test_a_file_with_mistakes_meets_no_tenant(tenant):
    result = one(tenant, POLICY, path=written(tenant, "version: 1\npolicyy: never\n"))
    assert result["failed"] and result["mistakes"][0].endswith('policy.yml:2:1: unknown key "policyy"; expected policy')
    assert tenant.requests() == []
