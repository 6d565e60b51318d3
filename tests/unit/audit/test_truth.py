# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users whose findings were written down by hand, from Auth0's answers to the row; and what holds for every user."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.facts import UNKNOWN, TenantFacts
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.judging import Judge
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.file import load
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.readings import profile_record, record_of
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.profiles import read_profile
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.authenticators import Authenticator
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_read import UserRead
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ServerError
from hypothesis import given, settings, strategies as st

from tests.emulator.users.seed import Population
from tests.emulator.users.views import answered_profile, read_item
from tests.unit.audit.fake_tenant import NOW, TENANT, days_ago

# What the policies ask of app_metadata.
PATHS = ("staff.role",)
DATES = {"created": "created_at", "enrolled": "enrolled_at", "used": "last_auth_at"}


def date(value):
    """As Auth0 writes it; what is no number of days stands for itself."""
    if value == "none":
        return None
    try:
        return iso(days_ago(float(value)))
    except (ValueError, TypeError):
        return value


def method(line: str) -> dict:
    """An item of ``authentication-methods``."""
    name, *words = line.split()
    row = {"id": name, "type": name.partition("#")[0], "confirmed": "unconfirmed" not in words}
    for word in words:
        key, _equals, value = word.partition("=")
        if key in DATES:
            row[DATES[key]] = date(value)
        elif key == "link":
            row["link_id"] = value
    return row


def raw_user(created=1000, last_login=1, connections=("Username-Password-Authentication/auth0",), **more) -> dict:
    """A row of a list of users."""
    identities = [
        {"connection": name, "provider": provider, "isSocial": bool(social)}
        for name, provider, *social in (each.split("/") for each in connections)
    ]
    raw = {"user_id": more.pop("id", "auth0|1"), "created_at": date(created), "last_login": date(last_login)}
    return {"email": "a@example.com", "identities": identities, **raw, **more}


def made_by(judge: Judge, user: dict) -> dict:
    """The row of a case."""
    return row(judge, raw_user(**user.get("user", {})), list(map(method, user.get("has", []))), user.get("error"))


def row(judge: Judge, raw: dict, methods: list[dict], error: str | None = None) -> dict:
    profile = read_profile(json.loads(json.dumps(raw)))
    authenticators = None if error else tuple(map(Authenticator.from_management, methods))
    read = UserRead(profile["user_id"], None, authenticators, ServerError(error) if error else None)
    kept = profile_record(profile, PATHS)
    return judge.row(json.loads(json.dumps(record_of(0, kept, read, NOW))))


def cases():
    """Policy, facts and user of each case."""
    groups = yaml.safe_load((Path(__file__).parent / "truth.yml").read_text(encoding="utf-8"))["groups"]
    for group in groups:
        off = group.get("switched_off")
        facts = TenantFacts(enabled_factors=frozenset(FACTORS) - set(off)) if off else UNKNOWN
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "policy.yml"
            path.write_text(json.dumps({"version": 1, **group["policy"]}, default=str))
            policy = load(str(path), RULES, NOW.date())
        for user in group["users"]:
            yield policy, facts, user


def said(row: dict) -> list[str]:
    return [
        " ".join(
            [each["rule"], each["severity"]]
            + ["warning"] * each["warning"]
            + ["exempted"] * bool(each["exempted"])
            + [each["authenticator_id"]] * bool(each["authenticator_id"])
        )
        for each in row["findings"]
    ]


CASES = list(cases())


@pytest.mark.parametrize(("policy", "facts", "user"), CASES, ids=[user["case"] for _policy, _facts, user in CASES])
def test_the_audit_tells_the_truth(policy, facts, user):
    made = made_by(Judge(TENANT, policy, NOW, facts), user)
    told = {"protection": made["protection"], "place": made["place"], "findings": said(made)}
    assert told == {
        "protection": user["protection"],
        "place": user.get("place", "in"),
        "findings": user["findings"],
    }


def test_every_rule_about_users_is_in_the_truth_found_and_not_found():
    found = Counter(rule for *_rest, user in CASES for rule in {line.split()[0] for line in user["findings"]})
    assert len(CASES) >= 60 and len({user["case"] for *_rest, user in CASES}) == len(CASES)
    assert set(found) == set(RULES) - {"exemption-expired", "exemption-unused"}
    assert all(count < len(CASES) for count in found.values())


def test_neither_the_clock_s_zone_nor_that_of_the_machine_matters(monkeypatch):
    def rows(now):
        return [made_by(Judge(TENANT, policy, now, facts), user) for policy, facts, user in CASES]

    here = rows(NOW)
    try:
        for hours, name in ((14, "Pacific/Kiritimati"), (-11, "Pacific/Niue")):
            monkeypatch.setenv("TZ", name)
            time.tzset()
            assert rows(NOW.astimezone(timezone(timedelta(hours=hours)))) == here
    finally:
        monkeypatch.undo()
        time.tzset()


ANY_CASE = st.sampled_from(CASES)


@given(ANY_CASE, st.randoms(use_true_random=False))
def test_the_order_of_what_auth0_answers_does_not_matter(case, rng):
    policy, facts, user = case
    judge = Judge(TENANT, policy, NOW, facts)
    first = made_by(judge, user)
    raw, methods = raw_user(**user.get("user", {})), list(map(method, user.get("has", [])))
    rng.shuffle(methods)
    if isinstance(raw["identities"], list):
        rng.shuffle(raw["identities"])
    keys = list(raw)
    rng.shuffle(keys)
    again = row(judge, {key: raw[key] for key in keys}, methods, user.get("error"))
    assert {**again, "identities": None} == {**first, "identities": None}


# What Auth0 may leave out, or a version of it that we do not know may add. A date that is odd is the finding itself.
OPTIONAL = ("link_id", *DATES.values())
OF_USERS = ("email", "name", "created_at", "last_login", "blocked", "identities", "app_metadata")
MORE = {"new_member": {"deep": [1]}, "used": True, "date": "tomorrow"}


@settings(max_examples=400)
@given(ANY_CASE, st.data())
def test_no_missing_or_additional_member_and_no_unknown_type_makes_a_finding_vanish_silently(case, data):
    policy, facts, user = case
    judge = Judge(TENANT, policy, NOW, facts)
    raw, methods = raw_user(**user.get("user", {})), list(map(method, user.get("has", [])))
    if not {each["rule"] for each in made_by(judge, user)["findings"]} - {"odd-date"}:
        return
    for each in methods:
        for name in data.draw(st.sets(st.sampled_from(OPTIONAL))):
            each.pop(name, None)
        if data.draw(st.booleans()):
            each["type"] = data.draw(st.sampled_from([each["type"], "face-scan"]))
        each.update(MORE)
    for name in data.draw(st.sets(st.sampled_from(OF_USERS))):
        raw.pop(name, None)
    methods += data.draw(st.sampled_from([[], [method("brain-wave created=3 used=0")], [method("brain-wave")]]))
    made = row(judge, {**raw, **MORE}, methods, user.get("error"))
    assert made["findings"] or (made["place"] == "out" and made["why"])


@given(ANY_CASE, st.integers(0, 4000))
def test_time_alone_makes_no_finding_vanish(case, days):
    """But for a date in the future, which comes."""
    policy, facts, user = case
    now, later = (made_by(Judge(TENANT, policy, NOW + timedelta(days=more), facts), user) for more in (0, days))
    ids = {each["id"] for each in now["findings"] if each["rule"] != "odd-date"}
    assert ids <= {each["id"] for each in later["findings"]}


def oracle(user: dict, methods: list[dict]) -> Counter:
    """The rules that a user of the emulator breaks by the default policy, by other means than the audit's."""

    def ago(text: str) -> float:
        return (NOW - datetime.fromisoformat(text.replace("Z", "+00:00"))) / timedelta(days=1)

    idp, login = not user["user_id"].startswith("auth0|"), user.get("last_login")
    codes = [each for each in methods if each["type"] == "recovery-code"]
    live = [each for each in methods if each["confirmed"] and each not in codes]
    strong = any(each["type"] not in ("phone", "email") for each in live)
    devices: dict[str, list[dict]] = {}
    for each in methods:
        if each not in codes:
            devices.setdefault(each.get("link_id", each["id"]), []).append(each)
    found = Counter({"dormant-user": not user.get("blocked") and ago(login or user["created_at"]) >= 90})
    if not idp and not live:
        found["recovery-code-only" if codes else "no-mfa"] += 1
    if not idp and live:
        found["weak-only"] += not strong
        found["single-factor"] += not codes and strong and len(devices) == 1
        found["no-recovery-code"] += not codes and not (strong and len(devices) == 1)
    uses = [ago(each["last_auth_at"]) for each in live + codes if "last_auth_at" in each]
    oldest = max((ago(each.get("enrolled_at", each["created_at"])) for each in live), default=0.0)
    found["not-challenged"] += bool(live and login and min(uses, default=oldest) - ago(login or "") > 31)
    for its in devices.values():
        enrolled = min(ago(each.get("enrolled_at", each["created_at"])) for each in its)
        used = min(ago(each.get("last_auth_at", each["created_at"])) for each in its)
        if not its[0]["confirmed"]:
            found["unconfirmed"] += enrolled >= 1
        elif (enrolled - used) * 24 * 60 <= 5:
            found["never-used"] += enrolled >= 30
        else:
            found["stale"] += used >= 45
    return +found


def test_ten_thousand_users_are_judged_as_by_an_oracle():
    population = Population(7, 10_000, int(days_ago(2).timestamp() * 1000), ("sms", "voice"))
    judge, wrong, seen = Judge(TENANT, Policy(), NOW), [], Counter()
    for number in range(1, 10_001):
        user = population.user(number)
        raw, methods = answered_profile(user), [read_item(user, each) for each in user.authenticators]
        made = Counter(each["rule"] for each in row(judge, raw, methods)["findings"])
        if made != oracle(raw, methods):
            wrong.append((user.profile["user_id"], made, oracle(raw, methods)))
        seen.update(made.keys())
    assert not wrong, wrong[:3]
    assert len(seen) >= 10 and min(seen.values()) > 10
