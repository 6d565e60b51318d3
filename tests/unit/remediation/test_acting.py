# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import jinja2
import pytest
import yaml
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.writing import Writing
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    InsufficientScopeError,
    NotFoundError,
    ServerError,
    TransportError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.acting import Remediation
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.decisions import Decision, Seen
from hypothesis import given, strategies as st

from tests.support.playbook import ROOT
from tests.unit.auth0.users.fake_account import Management, managed

READ = datetime(2026, 6, 1, tzinfo=timezone.utc)
USED = READ - timedelta(days=200)
NOW = READ + timedelta(days=3)
SINCE = READ + timedelta(days=1)


def device(id="phone|1", factor="phone", used=USED, created=USED, **fields):
    return managed(id, factor, created_at=created, last_auth_at=used, **fields)


KEPT = device("totp|9", "otp", used=READ)


def decision(rule="stale", action="remove", user="auth0|1", authenticator="phone|1", **fields) -> Decision:
    return replace(
        Decision(
            finding=f"{rule} {user} {authenticator}",
            rule=rule,
            user_id=user,
            user="jane@example.com",
            has_address=True,
            by_provider=False,
            standing=(),
            authenticator_id=authenticator,
            link_id=None,
            seen=Seen(iso(USED), None, iso(USED)) if authenticator else None,
            read_at=iso(READ),
            last_seen=iso(READ),
            void=None,
            action=action,
        ),
        **fields,
    )


TICKET = decision("no-mfa", "ticket", authenticator=None)
CODE = decision("no-recovery-code", "rotate", authenticator=None)


class Account(Management):
    """One whose profile can be read.

    :ivar profile: what it has beside the ID
    """

    profile: dict = {"last_login": iso(READ), "blocked": False}

    def user(self, user_id, fields):
        self._called("find", user_id)
        return {"user_id": user_id, **{name: self.profile[name] for name in fields if name in self.profile}}


class Acting:
    """Decisions that are carried out on one account.

    :ivar codes: how often a code was asked for
    """

    def __init__(self, *rows, check_mode=False, include=(), done=None, threads=1, has_code=False) -> None:
        self.api = Account(*rows)
        self.tickets: list[str] = []
        self.codes = 0
        self.noted: list = []
        self.unwritable: Auth0Error | None = None
        self.ticket_fails: Auth0Error | None = None
        self.has_code = has_code
        self.remediation = Remediation(
            self.api,
            send_ticket=self._ticket,
            new_code=self._code,
            done_at=(done or {}).get,
            now=lambda: NOW,
            check_mode=check_mode,
            include=include,
            writing=Writing(threads),
        )

    def _ticket(self, user_id):
        self.tickets.append(user_id)
        if self.ticket_fails:
            raise self.ticket_fails

    def _code(self, side):
        self.codes += 1
        return None if self.has_code else "/codes/" + side.user_id

    def _note(self, done):
        self.noted.append(done)
        if self.unwritable:
            raise self.unwritable

    def act(self, *decisions):
        return list(self.remediation.act(decisions, self._note))

    def one(self, what):
        (done,) = self.act(what)
        return done


@pytest.mark.parametrize("rule", ["stale", "never-used", "odd-date"])
def test_what_is_as_the_audit_saw_it_is_removed(rule):
    acting = Acting(device(), KEPT)
    done = acting.one(decision(rule))
    assert (done.result, done.reason, done.removed, done.changed) == ("done", None, ("phone|1",), True)
    assert acting.api.writes == [("delete", "auth0|1", "phone|1")] and acting.noted == [done]


@pytest.mark.parametrize(
    "now, said",
    [
        ([], "It is gone already."),
        ([device(used=SINCE)], "It was used since the audit, at 2026-06-02T00:00:00.000Z."),
        (
            [device(used=None)],
            "Auth0 has 2025-11-13T00:00:00.000Z, none, none; the audit saw 2025-11-13T00:00:00.000Z, none, 2025",
        ),
        ([device(used=USED - timedelta(days=1))], "Its dates are not those that the audit saw"),
        ([device(used=USED + timedelta(days=1))], "Its dates are not those that the audit saw"),
        ([device(created=USED - timedelta(days=1))], "Its dates are not those that the audit saw"),
        ([device(created=SINCE)], "It was enrolled anew since the audit."),
        ([device(enrolled_at=SINCE)], "It was enrolled anew since the audit."),
        ([device(unread_dates=frozenset(["enrolled_at"]))], "gives a date that cannot be read"),
    ],
)
def test_what_changed_since_the_audit_stays(now, said):
    acting = Acting(*now, KEPT)
    done = acting.one(decision())
    assert done.result == "skipped" and said in done.reason and not done.changed and acting.api.writes == []


def test_without_the_time_of_the_reading_nothing_is_said_to_be_since():
    acting = Acting(device(used=SINCE), KEPT)
    assert "Its dates are not those" in acting.one(decision(read_at=None)).reason and acting.api.writes == []


PUSH, OTP = device("push|1", "push", link_id="l"), device("totp|1", "otp", link_id="l")
OF_PAIR = decision(authenticator="push|1", link_id="l")


def test_a_pair_goes_together():
    acting = Acting(PUSH, OTP, KEPT)
    assert acting.one(OF_PAIR).removed == ("push|1", "totp|1")


@pytest.mark.parametrize("fields", [{"last_auth_at": SINCE}, {"enrolled_at": SINCE}, {"created_at": SINCE}])
def test_a_pair_of_which_one_was_used_since_stays(fields):
    acting = Acting(PUSH, replace(OTP, **fields), KEPT)
    done = acting.one(OF_PAIR)
    assert (done.result, acting.api.writes) == ("skipped", []) and "would remove totp|1 with it" in done.reason


def test_a_pair_stays_where_nobody_knows_when_it_was_read_or_what_its_date_says():
    for what, pair in ((replace(OF_PAIR, read_at=None), OTP), (OF_PAIR, replace(OTP, unread_dates={"created_at"}))):
        acting = Acting(PUSH, pair, KEPT)
        assert acting.one(what).result == "skipped" and acting.api.writes == []


def test_another_authenticator_under_the_link_of_the_finding_stays():
    acting = Acting(device(), PUSH, OTP, KEPT)
    done = acting.one(decision(link_id="l"))
    assert done.reason == "It is not the authenticator of the finding." and acting.api.writes == []


def test_what_the_audit_did_not_read_stays():
    acting = Acting(device(), KEPT)
    assert "did not read it" in acting.one(decision(seen=None)).reason and acting.api.writes == []


def test_an_enrollment_that_was_confirmed_since_stays():
    pending = device(confirmed=False)
    assert Acting(pending, KEPT).one(decision("unconfirmed")).result == "done"
    acting = Acting(device(), KEPT)
    assert acting.one(decision("unconfirmed")).reason == "It was confirmed since the audit." and not acting.api.writes


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_last_second_factor_stays(check_mode):
    acting = Acting(device(), device("totp|9", "otp"), check_mode=check_mode)
    first, second = acting.act(decision(), decision(authenticator="totp|9"))
    assert (first.result, second.result) == ("done", "skipped") and "without a second factor" in second.reason
    assert "allow_last_factor" not in second.reason
    assert len(acting.api.writes) == (0 if check_mode else 1) and acting.remediation.without == set()


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=5))
def test_check_mode_says_what_is_done_then(devices):
    rows, decisions = [], []
    for number, (used, linked, decided) in enumerate(devices):
        pair = {"link_id": "l"} if linked else {}
        rows.append(device(f"totp|{number}", "otp", used=SINCE if used else USED, **pair))
        if decided:
            decisions.append(decision(authenticator=f"totp|{number}", link_id=pair.get("link_id")))
    checked, real = Acting(*rows, check_mode=True), Acting(*rows)
    foreseen, outcome = checked.act(*decisions), real.act(*decisions)
    assert foreseen == outcome and checked.api.writes == []
    assert checked.remediation.without == real.remediation.without
    assert not rows or any(row.is_second_factor for row in real.api.rows)


def test_a_ticket_is_sent_to_whoever_has_no_second_factor():
    acting = Acting(managed("recovery-code|1", "recovery-code"))
    assert acting.one(TICKET).changed and acting.tickets == ["auth0|1"]
    has = Acting(device())
    assert has.one(TICKET).reason == "The user has a second factor: phone." and not has.tickets
    nowhere = Acting()
    assert "no e-mail address" in nowhere.one(replace(TICKET, has_address=False)).reason and not nowhere.api.calls


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    "profile, words",
    [
        ({"blocked": True, "last_login": iso(READ)}, ("blocked",)),
        ({}, ("never-logged-in",)),
        ({"blocked": True}, ("blocked", "never-logged-in")),
    ],
)
def test_who_could_not_be_meant_by_a_ticket_gets_one_only_if_named(profile, words, check_mode):
    for include in ((), words[1:], ("privileged", "break-glass")):
        acting = Acting(include=include, check_mode=check_mode)
        acting.api.profile = profile
        done = acting.one(TICKET)
        assert (done.result, acting.tickets) == ("skipped", []) and "add %s" % words[0] in done.reason
    acting = Acting(include=words, check_mode=check_mode)
    acting.api.profile = profile
    assert acting.one(TICKET).result == "done" and len(acting.tickets) == (not check_mode)


def test_a_last_login_that_cannot_be_read_is_not_never():
    acting = Acting()
    acting.api.profile = {"unreadable": ("last_login",)}
    acting.api.user = lambda user_id, fields: acting.api.profile
    assert acting.one(TICKET).result == "done"


def test_a_user_of_a_ticket_who_cannot_be_looked_at_gets_none():
    for error, result in (
        (NotFoundError("no", status=404, code="inexistent_user"), "skipped"),
        (InsufficientScopeError("read:users"), "failed"),
    ):
        acting = Acting()
        acting.api.fails["find"] = error
        assert acting.one(TICKET).result == result and not acting.tickets


def test_only_a_ticket_asks_who_the_user_is_now():
    acting = Acting(device(), KEPT)
    acting.api.fails["find"] = ServerError("broken")
    assert [each.result for each in acting.act(decision(), CODE)] == ["done", "done"]


def test_a_code_is_made_for_whoever_has_none():
    assert Acting().one(CODE).path == "/codes/auth0|1"
    has = Acting(has_code=True)
    assert has.one(CODE).reason == "The user has a recovery code now." and not has.one(CODE).changed


def test_check_mode_sends_nothing():
    acting = Acting(check_mode=True)
    assert [each.result for each in acting.act(TICKET, CODE)] == ["done", "done"]
    assert not acting.tickets and not acting.api.writes


@pytest.mark.parametrize("standing", [("privileged",), ("break-glass",), ("privileged", "break-glass")])
def test_who_must_be_named_is_not_touched_without_it(standing):
    what = decision(standing=standing)
    for include in ((), standing[1:]):
        acting = Acting(device(), KEPT, include=include)
        assert acting.one(what).reason.startswith("The user is %s" % standing[0]) and not acting.api.calls
    assert Acting(device(), KEPT, include=standing).one(what).result == "done"


@pytest.mark.parametrize("what", [decision(), TICKET, CODE])
def test_what_was_done_is_not_done_again(what):
    acting = Acting(device(), KEPT, done={what: "2026-06-02"})
    assert acting.one(what).reason == "Done at 2026-06-02." and not acting.api.calls and not acting.codes


def test_what_the_audit_itself_speaks_against_is_not_done():
    acting = Acting(device(), KEPT)
    assert (
        acting.one(decision(void="The policy exempts it.")).reason == "The policy exempts it." and not acting.api.calls
    )


def test_a_user_who_was_deleted_is_skipped_and_one_who_cannot_be_found_is_not():
    for code, result in (("inexistent_user", "skipped"), (None, "failed")):
        acting = Acting()
        acting.api.fails["list"] = NotFoundError("no", status=404, code=code)
        assert acting.one(decision()).result == result and len(acting.api.calls) == 1


def test_an_id_that_cannot_be_one_fails_alone():
    acting = Acting(device(), KEPT)
    assert [each.result for each in acting.act(decision(user=".."), decision())] == ["failed", "done"]


@pytest.mark.parametrize(
    "error, results",
    [
        (TransportError("unreachable"), ["failed", "not-reached", "not-reached"]),
        (InsufficientScopeError("scope"), ["failed", "not-reached", "done"]),
        (AmbiguousWriteError("lost"), ["failed", "failed", "done"]),
        (ServerError("broken"), ["failed", "failed", "done"]),
    ],
)
def test_what_every_later_user_would_meet_ends_the_work(error, results):
    acting = Acting()
    acting.ticket_fails = error
    outcomes = acting.act(TICKET, replace(TICKET, user_id="auth0|2"), replace(CODE, user_id="auth0|3"))
    assert [each.result for each in outcomes] == results
    assert outcomes[0].changed is isinstance(error, AmbiguousWriteError)
    assert all("not-reached" != each.result or str(error) in each.reason for each in outcomes)


def test_what_may_have_happened_is_told_and_who_has_nothing_left():
    acting = Acting(device(), KEPT)

    def meanwhile():
        acting.api.rows = []

    acting.api.meanwhile = meanwhile
    done = acting.one(decision())
    assert done.result == "failed" and done.changed and acting.remediation.without == {"auth0|1"}


@pytest.mark.parametrize("check_mode", [False, True])
def test_only_whom_the_run_leaves_without_a_second_factor_is_named(check_mode):
    pending = device(confirmed=False)
    never = Acting(pending, check_mode=check_mode)
    assert never.one(decision("unconfirmed")).changed and never.remediation.without == set()
    skipped = Acting(check_mode=check_mode)
    assert skipped.one(decision()).result == "skipped" and skipped.remediation.without == set()


@pytest.mark.parametrize("by_provider", [False, True])
def test_whose_identity_provider_does_mfa_is_not_named(by_provider):
    acting = Acting(device(), KEPT)

    def meanwhile():
        acting.api.rows = []

    acting.api.meanwhile = meanwhile
    assert acting.one(decision(by_provider=by_provider)).changed
    assert acting.remediation.without == (set() if by_provider else {"auth0|1"})


def test_the_playbook_names_them_as_a_person_knows_them():
    (play,) = yaml.safe_load((ROOT / "playbooks" / "remediate.yml").read_text())
    (task,) = [each for each in play["tasks"] if each["name"] == "Say who is left without a second factor"]
    rows = [{"user_id": f"auth0|{number}", "user": f"{number}@example.com"} for number in (1, 1, 2, 3)]
    acted = {"results": rows, "without_second_factor": ["auth0|1"], "unread": ["auth0|3"]}
    msg = jinja2.Template(task["ansible.builtin.debug"]["msg"]).render(acted=acted, ansible_check_mode=False)
    assert msg == (
        "These users are left without a second factor, and no identity provider does MFA for them: 1@example.com. "
        "Could not be read, so check them: 3@example.com."
    )


def test_who_cannot_be_read_afterward_is_told():
    acting = Acting(device(), KEPT)
    acting.api.lost["delete"] = AmbiguousWriteError("lost")
    acting.api.fails_at = {number: ServerError("broken") for number in range(4, 9)}
    done = acting.one(decision())
    assert done.result == "failed" and done.changed
    assert (acting.remediation.unread, acting.remediation.without) == ({"auth0|1"}, set())


def test_nothing_more_is_done_when_it_cannot_be_noted():
    acting = Acting()
    acting.unwritable = Auth0Error("full")
    first, second = acting.act(TICKET, replace(TICKET, user_id="auth0|2"))
    assert (first.result, second.result, acting.tickets) == ("done", "not-reached", ["auth0|1"])
    assert acting.remediation.unnoted is acting.unwritable


def test_every_decision_has_its_outcome_in_order_with_several_threads():
    acting = Acting(threads=8)
    decisions = [replace(TICKET, user_id=f"auth0|{number}", finding=str(number)) for number in range(50)]
    assert [each.decision for each in acting.act(*decisions)] == decisions
    assert sorted(acting.tickets) == sorted(each.user_id for each in decisions)
