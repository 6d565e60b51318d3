# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done to bring an Action to the wanted state, and what is reported when it is cut off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.actions import (
    UNKNOWN_ID,
    Action,
    Binding,
    WantedAction,
    bound_as_wanted,
    check,
    for_diff,
    plan,
    position_of,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.action_rollout import (
    ActionOutcome,
    Patience,
    bind,
    converge_action,
    wait_until_built,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ServerError,
)

A, B = Binding("b-a", "a", "first"), Binding("b-b", "b", "second")
OWN = Binding("b-own", "own", "mine")
THERE = Action("own", "mine", "code", "post-login", "v3", "node22", {"axios": "1.6.8"}, ("KEY",), True)
WANTED = WantedAction("mine", code="code")


def planned(wanted, actual=THERE, bindings=(A, OWN)):
    return plan(wanted, actual, bindings, "v3", "node22")


def test_what_is_as_wanted_is_left_alone():
    needed = planned(WANTED)
    assert not needed.changes and needed.after == THERE


def test_a_new_one_gets_the_trigger_s_defaults_and_comes_last():
    needed = planned(WANTED, None, (A, B))
    assert needed.create == {
        "name": "mine",
        "supported_triggers": [{"id": "post-login", "version": "v3"}],
        "runtime": "node22",
        "code": "code",
    }
    assert needed.deploy and needed.bindings == (A, B, Binding("", UNKNOWN_ID, "mine"))
    assert needed.after == Action(UNKNOWN_ID, "mine", "code", "post-login", "v3", "node22", {}, (), True)


def test_a_new_one_gets_what_is_given():
    wanted = replace(
        WANTED,
        trigger_version="v2",
        runtime="node18",
        dependencies={"axios": "1.6.8", "private": "1.0.0"},
        registries={"private": "https://registry.example.com"},
        secrets={"KEY": "value"},
    )
    create = planned(wanted, None, ()).create
    assert create["supported_triggers"] == [{"id": "post-login", "version": "v2"}] and create["runtime"] == "node18"
    assert create["dependencies"] == [
        {"name": "axios", "version": "1.6.8"},
        {"name": "private", "version": "1.0.0", "registry_url": "https://registry.example.com"},
    ]
    assert create["secrets"] == [{"name": "KEY", "value": "value"}]


@pytest.mark.parametrize(
    "options, change",
    [
        ({"code": "other"}, {"code": "other"}),
        ({"runtime": "node22"}, None),
        ({"runtime": "node18"}, {"runtime": "node18"}),
        ({"trigger_version": "v3"}, None),
        ({"trigger_version": "v2"}, {"supported_triggers": [{"id": "post-login", "version": "v2"}]}),
        ({"dependencies": {"axios": "1.6.8"}}, None),
        ({"dependencies": {}}, {"dependencies": []}),
        ({"dependencies": {"axios": "1.7.0"}}, {"dependencies": [{"name": "axios", "version": "1.7.0"}]}),
        # Auth0 does not keep the address.
        ({"dependencies": {"axios": "1.6.8"}, "registries": {"axios": "https://registry.example.com"}}, None),
        ({"secrets": {"KEY": "another value"}}, None),
        ({"secrets": {"KEY": "v"}, "update_secrets": True}, {"secrets": [{"name": "KEY", "value": "v"}]}),
        ({"secrets": {"NEW": "v"}}, {"secrets": [{"name": "NEW", "value": "v"}]}),
        ({"secrets": {}}, {"secrets": []}),
        ({"update_secrets": True}, None),
    ],
)
def test_only_what_differs_is_changed_and_then_deployed(options, change):
    needed = planned(replace(WANTED, **options))
    assert (needed.change, needed.deploy, needed.changes) == (change, change is not None, change is not None)
    assert needed.create is None and needed.bindings is None


@pytest.mark.parametrize("options", [{"code": "other"}, {"trigger_version": "v2"}])
def test_a_change_that_is_not_deployed_is_told_as_such(options):
    needed = planned(replace(WANTED, deploy=False, bound=False, **options), bindings=())
    assert needed.change and not needed.deploy and not needed.after.deployed


def test_a_draft_is_deployed_without_a_change():
    needed = planned(WANTED, replace(THERE, deployed=False))
    assert needed.change is None and needed.deploy and needed.after.deployed


def test_an_action_of_another_trigger_is_refused():
    with pytest.raises(RefusedError, match="mine belongs to the trigger credentials-exchange") as caught:
        planned(WANTED, replace(THERE, trigger="credentials-exchange"))
    assert caught.value.hint


@pytest.mark.parametrize(
    "before, options, after",
    [
        ((A, B), {}, (A, B, OWN)),
        ((OWN, A, B), {}, None),
        ((OWN, A, B), {"position": 1}, None),
        ((OWN, A, B), {"position": 2}, (A, OWN, B)),
        ((OWN, A, B), {"position": 99}, (A, B, OWN)),
        ((A, B, OWN), {"position": 99}, None),
        ((A, B), {"position": 1}, (OWN, A, B)),
        ((), {"position": 5}, (OWN,)),
        ((A, OWN, B), {"bound": False}, (A, B)),
        ((OWN,), {"bound": False}, ()),
        ((A, B), {"bound": False}, None),
    ],
)
def test_the_others_keep_their_order_and_names(before, options, after):
    new = [Binding("", "own", "mine") if each is OWN and OWN not in before else each for each in after or ()]
    assert bound_as_wanted(replace(WANTED, **options), "own", before) == (None if after is None else tuple(new))


def test_absent():
    gone = WantedAction("mine", state="absent")
    assert not planned(gone, None).changes
    assert planned(gone, bindings=(A,)).remove
    assert planned(replace(gone, force=True)).remove
    with pytest.raises(RefusedError, match="is bound to post-login") as refused:
        planned(gone)
    assert "force" in refused.value.hint


@pytest.mark.parametrize(
    "options, timeout, says",
    [
        ({"name": " "}, 60, "name is empty"),
        ({"code": ""}, 60, "code is required"),
        ({"position": 0}, 60, "position 0 is not above 0"),
        ({"position": -1}, 60, "position -1 is not above 0"),
        ({"position": 1, "bound": False}, 60, "position requires bound=true"),
        ({"deploy": False}, 60, "must be deployed before it is bound"),
        ({}, -1.0, "build_timeout -1.0 is not a number of seconds"),
        ({}, float("nan"), "build_timeout nan"),
        ({}, float("inf"), "build_timeout inf"),
    ],
)
def test_what_cannot_be_right(options, timeout, says):
    with pytest.raises(ConfigurationError, match=says):
        check(replace(WANTED, **options), timeout)


def test_what_can_be_right():
    check(WANTED, 0)
    check(replace(WANTED, deploy=False, bound=False), 60)
    check(WantedAction("mine", state="absent"), 60)


def test_the_diff_has_code_and_names_but_no_value():
    wanted = replace(WANTED, code="line 1\nline 2\n", secrets={"KEY": "canary"}, dependencies={"b": "2", "a": "1"})
    text = for_diff(planned(wanted).after, (A, OWN))
    assert text.splitlines() == [
        "trigger: post-login v3",
        "runtime: node22",
        "dependencies: a@1, b@2",
        "secrets: KEY",
        "deployed: yes",
        "bound: at place 2 of 2",
        "",
        "line 1",
        "line 2",
    ]
    assert "canary" not in repr(wanted) and for_diff(None, ()) == ""
    assert "bound: no" in for_diff(THERE, (A,)) and position_of("own", (A,)) is None


def test_a_name_writes_no_line_of_its_own_into_a_diff():
    name = "KEY\nbound: at place 1 of 1\x1b"
    lines = for_diff(
        replace(THERE, secrets=(name,), dependencies={name: "1\n2"}, runtime="node\u2028"), ()
    ).splitlines()
    assert len([line for line in lines if line.startswith("bound: ")]) == 1
    assert all(line.isprintable() for line in lines)


def test_the_diff_says_what_is_missing_and_keeps_the_code_as_it_is():
    draft = Action("own", "mine", "MAX\n", "post-login", "v3", "node22", {}, (), False)
    assert for_diff(draft, ()).splitlines() == [
        "trigger: post-login v3",
        "runtime: node22",
        "dependencies: none",
        "secrets: none",
        "deployed: no",
        "bound: no",
        "",
        "MAX",
    ]
    assert "\nMAX  \n" in for_diff(replace(draft, code="MAX  \n\n"), ())


def test_what_is_given_is_predicted_and_the_rest_stays():
    given = {"code": "other", "trigger_version": "v2", "runtime": "node18", "dependencies": {"b": "1"}}
    assert planned(replace(WANTED, secrets={"Z": "1", "A": "2"}, **given)).after == replace(
        THERE, secrets=("A", "Z"), **given
    )
    assert planned(WANTED).after == THERE


def test_a_new_draft_is_predicted_as_one():
    assert planned(replace(WANTED, deploy=False, bound=False), None).after.deployed is False


@pytest.mark.parametrize(
    "options, advice",
    [({"code": None}, "ansible.builtin.file"), ({"deploy": False}, "bound=false")],
    ids=["code", "deploy"],
)
def test_what_to_set_instead_is_told(options, advice):
    with pytest.raises(ConfigurationError) as caught:
        check(replace(WANTED, **options), 60)
    assert advice in caught.value.hint


# Carrying it out


class Tenant:
    """Stands in for ActionsApi; notes the writes, and can fail one of them.

    :ivar during_the_build: what somebody else binds while the Action is built
    """

    status = "built"

    def __init__(self, actual=None, bound=(), fails=None, error=None, during_the_build=()):
        self.actual, self.bound, self.during_the_build = actual, tuple(bound), tuple(during_the_build)
        self.fails, self.error = fails, error
        self.writes, self.lists, self.sent = [], 0, None

    def find(self, name):
        return self.actual if name == "mine" else None

    def defaults(self, trigger):
        return {"post-login": ("v3", "node22")}[trigger]

    def bindings(self, trigger):
        assert trigger == "post-login"
        self.lists += 1
        return self.bound

    def get(self, action_id):
        assert action_id in ("own", "new")
        self.bound, self.during_the_build = self.bound + self.during_the_build, ()
        return replace(THERE, id=action_id, status=self.status)

    def _write(self, name, *facts):
        self.writes.append((name, *facts))
        if name == self.fails:
            raise self.error

    def create(self, fields):
        self.sent = fields
        self._write("create")
        return "new"

    def change(self, action_id, fields):
        self.sent = fields
        self._write("change", action_id)

    def deploy(self, action_id):
        self._write("deploy", action_id)

    def bind(self, trigger, bindings):
        assert trigger == "post-login"
        self._write("bind", [each.id or each.action_id for each in bindings])

    def delete(self, action_id, force):
        self._write("delete", action_id, force)


@pytest.mark.parametrize("actual", [None, replace(THERE, code="old")], ids=["create", "change"])
def test_what_the_plan_says_is_sent(actual):
    tenant = Tenant(actual)
    converge_action(tenant, WANTED, 60, False)
    needed = planned(WANTED, actual, ())
    assert tenant.sent == (needed.create or needed.change)


def test_what_is_as_wanted_is_not_written():
    tenant = Tenant(THERE, bound=[A, OWN])
    outcome = converge_action(tenant, WANTED, 60, False)
    assert (outcome.changed, tenant.writes) == (False, []) and outcome == converge_action(tenant, WANTED, 60, True)
    assert (outcome.before, outcome.after) == (THERE, THERE) and outcome.bound_before == outcome.bound_after == (A, OWN)


def test_the_triggers_defaults_are_read_for_a_new_action_only():
    tenant = Tenant(THERE, bound=[A, OWN])
    tenant.defaults = None
    assert not converge_action(tenant, WANTED, 60, False).changed


def test_an_action_that_is_not_built_in_time_is_not_deployed():
    tenant = Tenant()
    tenant.status = "building"
    with pytest.raises(ServerError, match="new is still building after 0 s") as caught:
        converge_action(tenant, WANTED, 0, False)
    assert tenant.writes == [("create",)] and caught.value.progress["done"] == ["created"]
    assert "build_timeout" in caught.value.hint


def test_impossible_input_reads_nothing():
    tenant = Tenant()
    with pytest.raises(ConfigurationError, match="build_timeout"):
        converge_action(tenant, WANTED, -1, False)
    assert tenant.lists == 0


def test_absent_is_absent_already():
    tenant = Tenant()
    outcome = converge_action(tenant, WantedAction("mine", state="absent"), 60, False)
    assert outcome == ActionOutcome(False, None, None, (), ()) and tenant.writes == []


@pytest.mark.parametrize("gone", [True, False])
def test_an_action_that_is_not_found_on_its_removal_is_looked_up(gone):
    tenant = Tenant(THERE)

    def refuse(action_id, force):
        tenant.actual = None if gone else THERE
        raise NotFoundError("Could not remove it", status=404)

    tenant.delete = refuse
    if gone:
        assert converge_action(tenant, WantedAction("mine", state="absent"), 60, False).changed
    else:
        with pytest.raises(NotFoundError) as caught:
            converge_action(tenant, WantedAction("mine", state="absent"), 60, False)
        assert "still there" in caught.value.hint


def test_a_bound_action_is_removed_by_force_only():
    gone = WantedAction("mine", state="absent")
    refused, forced, unbound = Tenant(THERE, bound=[A, OWN]), Tenant(THERE, bound=[A, OWN]), Tenant(THERE, bound=[A])
    with pytest.raises(RefusedError):
        converge_action(refused, gone, 60, False)
    outcome = converge_action(forced, replace(gone, force=True), 60, False)
    assert outcome == ActionOutcome(True, THERE, None, (A, OWN), (A,))
    converge_action(unbound, gone, 60, False)
    assert (refused.writes, forced.writes, unbound.writes) == (
        [],
        [("delete", "own", True)],
        [("delete", "own", False)],
    )


def test_what_others_bind_during_the_build_stays():
    tenant = Tenant(bound=[A], during_the_build=[B])
    outcome = converge_action(tenant, WANTED, 60, False)
    assert tenant.writes == [("create",), ("deploy", "new"), ("bind", ["b-a", "b-b", "new"])]
    assert outcome.bound_before == (A,) and outcome.bound_after == (A, B, Binding("", "new", "mine"))


def test_a_place_is_taken_among_those_that_are_there_then():
    tenant = Tenant(replace(THERE, code="old"), bound=[A, OWN], during_the_build=[B])
    converge_action(tenant, replace(WANTED, position=1), 60, False)
    assert tenant.writes[-1] == ("bind", ["b-own", "b-a", "b-b"])


def test_one_that_somebody_bound_meanwhile_is_not_bound_again():
    tenant = Tenant(replace(THERE, code="old"), bound=[A], during_the_build=[OWN])
    outcome = converge_action(tenant, WANTED, 60, False)
    assert tenant.writes == [("change", "own"), ("deploy", "own")]
    assert position_of("own", outcome.bound_after) == 2


def test_the_list_is_read_once_where_nothing_was_waited_for():
    tenant = Tenant(THERE, bound=[A])
    converge_action(tenant, WANTED, 60, False)
    assert tenant.writes == [("bind", ["b-a", "own"])] and tenant.lists == 1


@pytest.mark.parametrize(
    "actual, wanted",
    [
        (None, WANTED),
        (THERE, replace(WANTED, code="other", position=1)),
        (THERE, WantedAction("mine", state="absent", force=True)),
    ],
    ids=["create", "change", "remove"],
)
def test_check_mode_predicts_and_writes_nothing(actual, wanted):
    checked, real = Tenant(actual, [A, OWN] if actual else [A]), Tenant(actual, [A, OWN] if actual else [A])
    predicted, done = converge_action(checked, wanted, 60, True), converge_action(real, wanted, 60, False)
    assert checked.writes == [] and real.writes and predicted.changed and done.changed
    assert for_diff(predicted.after, predicted.bound_after) == for_diff(done.after, done.bound_after)


@pytest.mark.parametrize(
    "actual, fails, progress",
    [
        (None, "create", {}),
        (None, "deploy", {"action_id": "new", "done": ["created"]}),
        (None, "bind", {"action_id": "new", "done": ["created", "deployed"]}),
        (THERE, "change", {}),
        (THERE, "deploy", {"action_id": "own", "done": ["changed"]}),
    ],
)
def test_an_error_has_what_was_done_before(actual, fails, progress):
    for error in (ForbiddenError("no", status=403), AmbiguousWriteError("lost", hint="generic")):
        tenant = Tenant(actual, [A], fails, error)
        with pytest.raises(type(error)) as cut_off:
            converge_action(tenant, replace(WANTED, code="other"), 60, False)
        assert cut_off.value.progress == (
            {"changed": True, **progress} if progress else {}
        ) and cut_off.value.facts().get("changed", False) is (
            bool(progress) or isinstance(cut_off.value, AmbiguousWriteError)
        )
        assert [write[0] for write in tenant.writes].count(fails) == 1
        assert tenant.writes[-1][0] == fails
    assert "Run the task again" in cut_off.value.hint


class Builds:
    """One status after another, the last one for ever; the clock moves by what is slept."""

    errors = ()

    def __init__(self, *statuses):
        self.statuses, self.now = list(statuses), 0.0

    def get(self, action_id):
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return replace(THERE, status=status, errors=self.errors)

    def sleep(self, seconds):
        self.now += seconds

    def wait(self, timeout):
        wait_until_built(self, "own", Patience(timeout, clock=lambda: self.now, sleep=self.sleep))


def test_a_build_is_waited_for():
    builds = Builds("pending", "building", "retrying", "packaged", "built")
    builds.wait(60)
    assert builds.now == 4.0


def test_a_build_that_fails_is_told_at_once():
    builds = Builds("pending", "failed")
    with pytest.raises(ServerError, match="own could not be built, and Auth0 gave no reason"):
        builds.wait(60)
    assert builds.now == 1.0


def test_a_build_that_fails_says_why():
    builds = Builds("failed")
    builds.errors = ("no package axois", "1:7 unexpected token")
    with pytest.raises(ServerError, match="own could not be built: no package axois; 1:7 unexpected token") as caught:
        builds.wait(60)
    assert caught.value.facts()["build_errors"] == list(builds.errors) and caught.value.facts()["changed"] is False


class Slow(Tenant):
    """Refuses to bind so many times, as Auth0 does for some seconds after a deploy; others bind one more each time."""

    def __init__(self, refusals, said="The action new has not been deployed yet."):
        super().__init__(THERE, bound=[A])
        self.refusals, self.said, self.now = refusals, said, 0.0

    def bind(self, trigger, bindings):
        super().bind(trigger, bindings)
        if self.refusals:
            self.refusals -= 1
            self.bound += (Binding("b-%d" % self.refusals, "x%d" % self.refusals, "another"),)
            raise BadRequestError("Could not bind: %s" % self.said, status=400)

    def sleep(self, seconds):
        self.now += seconds

    def wait(self, timeout):
        patience = Patience(timeout, clock=lambda: self.now, sleep=self.sleep)
        return bind(self, WANTED, "own", (A,), patience, again=True)


def test_an_action_that_was_just_deployed_is_bound_as_soon_as_auth0_takes_it_and_what_others_bound_stays():
    tenant = Slow(2)
    assert [each.action_id for each in tenant.wait(10)] == ["a", "x1", "x0", "own"]
    assert [len(sent) for _bind, sent in tenant.writes] == [2, 3, 4] and tenant.now == 2.0


def test_a_deployment_is_waited_for_as_long_as_a_build():
    tenant = Slow(100)
    with pytest.raises(BadRequestError, match="has not been deployed yet. *Increase build_timeout|build_timeout"):
        tenant.wait(3)
    assert tenant.now == 3.0


def test_what_was_bound_is_never_unbound_on_the_word_of_a_later_answer():
    tenant = Slow(0)
    tenant.bound = []
    with pytest.raises(ConflictError, match="was bound when the task began, and is not now"):
        tenant.wait(60)
    assert not tenant.writes


def test_another_refusal_to_bind_is_told_at_once():
    tenant = Slow(1, "That action does not exist: own.")
    with pytest.raises(BadRequestError, match="does not exist"):
        tenant.wait(60)
    assert len(tenant.writes) == 1


def test_a_build_is_waited_for_so_long_only():
    builds = Builds("building")
    with pytest.raises(ServerError, match="still building after 3 s"):
        builds.wait(3)
    assert builds.now == 3.0
