# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
import tempfile
from contextlib import contextmanager

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.plan import SWEEP, Roll
from hypothesis import given, strategies as st

DAY = "2026-05-%02dT00:00:00.000Z"


NOW = "2026-12-01T00:00:00.000Z"


def profile(user_id: str, **more) -> dict:
    return {
        "user_id": user_id,
        "email": None,
        "name": None,
        "created_at": DAY % 1,
        "last_login": DAY % 2,
        "blocked": False,
        "identities": [],
        "multifactor_last_modified": DAY % 3,
        "app_metadata": {},
        "unreadable": [],
        **more,
    }


def record(known: dict, read_at: str = DAY % 10, **more) -> dict:
    return {
        "number": 0,
        "profile": known,
        "read_at": read_at,
        "authenticators": [],
        "error": None,
        "gone": False,
        "before": None,
        "before_at": None,
        **more,
    }


@contextmanager
def roll(*users, known=()):
    with tempfile.TemporaryDirectory() as directory, Roll(directory, lambda: None) as made:
        for user in users:
            made.add(user)
        for each in known:
            made.know(each, NOW)
        yield made


def planned(roll) -> list[dict]:
    """The profiles of those to read, in their order."""
    rows = list(roll.to_read())
    assert [row["number"] for row in rows] == list(range(len(rows)))
    return [row["profile"] for row in rows]


def ids(profiles) -> list[str]:
    return [each["user_id"] for each in profiles]


def test_each_user_is_on_the_roll_once_with_the_profile_that_came_first():
    with roll(profile("a", name="old"), profile("b"), profile("a", name="new")) as users:
        assert len(users) == 2
        assert users.choose(everybody=True) == (2, 0, 0)
        assert [(each["user_id"], each["name"]) for each in planned(users)] == [("a", "old"), ("b", None)]


def test_never_read_users_come_first_and_then_who_was_read_longest_ago():
    users = [
        profile("new2", created_at=DAY % 2),
        profile("new1", created_at=DAY % 1),
        *(profile(name, created_at=DAY % 1) for name in ("old", "older", "oldest")),
    ]
    known = [record(profile(name), DAY % day) for name, day in (("old", 13), ("older", 12), ("oldest", 11))]
    with roll(*users, known=known) as made:
        made.choose(everybody=True)
        assert ids(planned(made)) == ["new1", "new2", "oldest", "older", "old"]


def test_the_order_does_not_depend_on_the_order_of_the_list():
    users = [profile(name) for name in "dcab"]
    with roll(*users) as one, roll(*reversed(users)) as other:
        one.choose(True), other.choose(True)
        assert planned(one) == planned(other)


def changed(before: dict, now: dict) -> bool:
    """Whether the user is among those who are read, when one other of sixty is read in turn."""
    others = [profile("%02d" % number) for number in range(60)]
    known = [record(before, DAY % 11), *map(record, others)]
    with roll(now, *others, known=known) as made:
        made.choose(everybody=False)
        return now["user_id"] in ids(planned(made))


@pytest.mark.parametrize(
    "change",
    [
        {"last_login": DAY % 20},
        {"last_login": None},
        {"multifactor_last_modified": DAY % 20},
        {"multifactor_last_modified": None},
        {"unreadable": ["last_login"]},
        {"unreadable": ["multifactor_last_modified"]},
    ],
)
def test_a_mark_that_moved_or_cannot_be_read_is_a_change(change):
    assert changed(profile("a"), profile("a", **change))


@pytest.mark.parametrize("everybody", [False, True])
def test_who_was_deleted_and_created_again_is_another_person_of_whom_nothing_is_known(everybody):
    dead, others = profile("a"), [profile("%02d" % number) for number in range(60)]
    factor = {"id": "otp|1", "factor": "otp", "confirmed": True}
    known = [record(dead, authenticators=[factor]), *map(record, others)]
    with roll(profile("a", created_at=DAY % 20), *others, known=known) as made:
        made.choose(everybody)
        first = next(iter(made.to_read()))
        assert (first["profile"]["user_id"], first["before"], first["before_at"]) == ("a", None, None)
        assert all(each["profile"]["user_id"] != "a" for each in made.carried())


def test_a_mark_that_neither_time_was_there_is_no_change():
    without = profile("a", last_login=None, multifactor_last_modified=None)
    assert not changed(without, without) and changed(without, profile("a"))


def test_other_members_are_no_change():
    other = profile("a", name="new", email="new@example.com", blocked=True, unreadable=["name"])
    assert not changed(profile("a"), other)


def test_what_is_kept_of_a_user_comes_back():
    odd = {
        "email": "a@example.com",
        "name": "\u00fc '\"",
        "app_metadata": {"a": 1},
        "unreadable": ["name", "last_login"],
    }
    identities = [{"connection": None, "provider": "samlp", "is_social": False}]
    users = [profile("a", **odd, identities=identities), profile("b", created_at=None, last_login=None)]
    with roll(*users) as made:
        made.choose(everybody=True)
        assert planned(made) == users[::-1]
    read = [record(each, number=7, authenticators=[{"id": "x", "channels": ["sms"]}]) for each in users]
    readable = [{**each, "unreadable": ["name"]} for each in users]
    longest_unread = profile("longest unread")
    with roll(*readable, longest_unread, known=[*read, record(longest_unread, DAY % 9)]) as made:
        made.choose(everybody=False)
        kept = [{**each, "profile": now} for each, now in zip(read, readable)]
        assert list(made.carried()) == kept


class Enough(Exception):
    """What a pause may raise."""


@pytest.mark.parametrize("stage", ["add", "know", "choose", "to_read", "carried"])
def test_a_plan_of_many_users_is_ended_at_every_stage(tmp_path, stage):
    stopped = []

    def pause():
        if stopped:
            raise Enough

    users = [profile("u%04d" % number) for number in range(2100)]
    with Roll(str(tmp_path), pause) as made, pytest.raises(Enough):
        for name, work in {
            "add": lambda: [made.add(each) for each in users],
            "know": lambda: [made.know(record(each), NOW) for each in users],
            "choose": lambda: made.choose(everybody=False),
            "to_read": lambda: planned(made) + planned(made) * 20,
            "carried": lambda: list(made.carried()),
        }.items():
            if name == stage:
                stopped.append(name)
            work()


def test_who_has_not_changed_is_carried_over_with_the_profile_of_today():
    users = [profile("u%03d" % number, name="today") for number in range(100)]
    known = [
        record(
            profile("u%03d" % number),
            DAY % (10 + number % 7),
            authenticators=[{"id": "x", "factor": "otp", "confirmed": True}],
        )
        for number in range(100)
    ]
    with roll(*users, known=known) as made:
        assert made.choose(everybody=False) == (math.ceil(100 / SWEEP), 100 - math.ceil(100 / SWEEP), 0)
        assert {each["last_login"] for each in planned(made)} == {DAY % 2}
        carried = list(made.carried())
    assert {each["profile"]["name"] for each in carried} == {"today"}
    assert {each["authenticators"][0]["id"] for each in carried} == {"x"}


def test_after_as_many_runs_everybody_was_read_in_turn():
    users = [profile("u%03d" % number) for number in range(70)]
    known = {each["user_id"]: record(each) for each in users}
    read: set[str] = set()
    for day in range(SWEEP):
        with roll(*users, known=known.values()) as made:
            made.choose(everybody=False)
            turn = ids(planned(made))
        read.update(turn)
        known.update({user_id: record(profile(user_id), DAY % 11 + str(day)) for user_id in turn})
    assert len(read) == 70


def test_a_failed_reading_does_not_replace_what_is_known_and_asks_for_another():
    earlier = record(profile("a"), authenticators=[{"id": "x", "factor": "otp", "confirmed": True}])
    failed = record(profile("a"), DAY % 20, authenticators=None, error="lost")
    with roll(profile("a"), profile("b"), known=[earlier, record(profile("b")), failed]) as made:
        made.choose(everybody=False)
        assert "a" in ids(planned(made))
    later = record(profile("a"), DAY % 21)
    with roll(
        profile("a"),
        *(profile("b%d" % n) for n in range(40)),
        known=[earlier, failed, later, *(record(profile("b%d" % n)) for n in range(40))],
    ) as made:
        made.choose(everybody=False)
        assert "a" not in ids(planned(made))


def test_who_is_gone_from_the_list_is_neither_read_nor_carried_over():
    with roll(
        profile("a"),
        known=[record(profile("a")), record(profile("b")), record(profile("c"), authenticators=None, error="x")],
    ) as made:
        assert sum(made.choose(everybody=False)) == 1


@pytest.mark.parametrize("factors", [[], [{"id": "x", "factor": "otp", "confirmed": True}]])
def test_marks_are_missed_where_no_user_has_one(factors):
    unmarked = profile("a", multifactor_last_modified=None)
    with roll(unmarked, known=[record(unmarked, authenticators=factors)]) as made:
        assert not made.has_marks()
    with roll(unmarked, profile("b"), known=[record(unmarked, authenticators=factors)]) as made:
        assert made.has_marks()


def test_who_was_created_before_a_moment_is_told_from_others():
    days = [profile(str(day), created_at=DAY % day) for day in (3, 5, 7)]
    with roll(*days, profile("undated", created_at=None)) as made:
        assert (made.created_before(DAY % 7), made.youngest(DAY % 7)) == (3, DAY % 5)
        assert (made.created_before(DAY % 1), made.youngest(DAY % 1)) == (1, None)


@given(
    st.lists(st.sampled_from("abcdefghij"), unique=True),
    st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from(["same", "moved", "failed"])),
    st.booleans(),
)
def test_everybody_is_either_read_or_carried_over(listed, earlier, everybody):
    known = {
        "same": lambda name: record(profile(name)),
        "moved": lambda name: record(profile(name, last_login=None)),
        "failed": lambda name: record(profile(name), authenticators=None, error="lost"),
    }
    with roll(*map(profile, listed), known=[known[how](name) for name, how in earlier.items()]) as made:
        to_read, carried, _out = made.choose(everybody)
        read = ids(planned(made))
        kept = [each["profile"]["user_id"] for each in made.carried()]
    assert (len(read), len(kept)) == (to_read, carried)
    assert sorted(read + kept) == sorted(listed)
    must = {name for name in listed if earlier.get(name) != "same"}
    assert must <= set(read)
    assert not everybody or not kept


def test_whom_the_policy_puts_first_is_read_first_and_who_is_out_is_not_read():
    with tempfile.TemporaryDirectory() as directory, Roll(directory, lambda: None) as made:
        for name in ("old", "vip", "out", "never"):
            made.add(profile(name), first=name == "vip", out=name == "out")
        for name in ("vip", "old", "out"):
            made.know(record(profile(name), DAY % 12), NOW)
        assert made.choose(everybody=True) == (3, 0, 1) and len(made) == 4
        assert ids(planned(made)) == ["vip", "never", "old"]
        assert ids(made.out_of_scope()) == ["out"]


@pytest.mark.parametrize("everybody", [True, False])
def test_who_is_out_of_scope_is_neither_read_nor_carried_over_whatever_is_known(everybody):
    changed = profile("out", last_login=DAY % 5)
    with tempfile.TemporaryDirectory() as directory, Roll(directory, lambda: None) as made:
        made.add(changed, out=True)
        made.know(record(profile("out"), DAY % 12), NOW)
        assert made.choose(everybody) == (0, 0, 1)
        assert not planned(made) and not list(made.carried())


def test_the_plan_says_what_the_reading_before_found():
    otp = {"id": "totp|dev_1", "factor": "otp", "confirmed": True}
    pending = {"id": "totp|dev_2", "factor": "otp", "confirmed": False}
    known = record(profile("a"), DAY % 12, authenticators=[otp, pending])
    with roll(profile("a"), profile("b"), known=[known, {**known, "authenticators": None, "error": "lost"}]) as made:
        made.choose(everybody=True)
        assert [(row["profile"]["user_id"], row["before"], row["before_at"]) for row in made.to_read()] == [
            ("b", None, None),
            ("a", [{"id": "totp|dev_1", "factor": "otp", "link_id": None}], DAY % 12),
        ]
