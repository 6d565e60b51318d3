# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_action against the embedded tenant."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from tests.emulator import __main__ as program
from tests.emulator.actions import routes as actions
from tests.emulator.launch import start
from tests.support import in_process

from .conftest import Tenant

pytestmark = pytest.mark.run_by("module")

MODULE = "mfaops.auth0.auth0_action"
JS = 'exports.onExecutePostLogin = async (event, api) => { api.multifactor.enable("any", { allowRememberBrowser: false }); };'
OTHER = "exports.onExecutePostLogin = async () => {};"


@pytest.fixture
def tenant(tenant):
    """The tenant of all tests, but what takes it time takes that."""
    tenant.running.reset(switches={})
    return tenant


def changes(results: list[dict]) -> list[bool]:
    assert not [result["msg"] for result in results if result.get("failed")]
    return [result["changed"] for result in results]


def bound(tenant) -> list[str]:
    bindings = tenant.management("GET", "/actions/triggers/post-login/bindings")["bindings"]
    return [binding["display_name"] for binding in bindings]


def test_present_twice_then_absent_twice_each_after_check_mode(tenant):
    present = {MODULE: {"name": "mine", "code": JS}, "diff": True}
    absent = {MODULE: {"name": "mine", "state": "absent", "force": True}, "diff": True}
    results = tenant.results(
        tenant.operator,
        *[{**present, "check_mode": True}, present, present, {**absent, "check_mode": True}, absent, absent],
    )
    assert changes(results) == [True, True, False, True, True, False]
    would_make, made, again, would_go, gone, _gone_again = results
    assert would_make["action"]["id"] == "(known after creation)"
    assert {**would_make["action"], "id": made["action"]["id"]} == made["action"] == again["action"]
    assert made["action"]["deployed"] and made["action"]["position"] == 1
    assert would_make["diff"] == made["diff"] and JS in made["diff"]["after"] and made["diff"]["before"] == ""
    assert would_go["diff"] == gone["diff"] and JS in gone["diff"]["before"] and gone["action"] is None
    assert [write.split()[0] for write in tenant.writes()] == ["POST", "POST", "PATCH", "DELETE"]


def test_the_effect_is_there_as_long_as_it_is_bound(tenant):
    def remembers():
        return tenant.running.control("GET", "remember-browser")["remember_browser"]

    before = remembers()
    tenant.results(tenant.operator, {MODULE: {"name": "mine", "code": JS}})
    bound_effect = remembers()
    tenant.results(tenant.operator, {MODULE: {"name": "mine", "code": JS, "bound": False}})
    assert (before, bound_effect, remembers()) == (None, False, None)


def test_only_what_differs_is_changed_and_deployed_again(tenant):
    base = {"name": "mine", "code": JS, "dependencies": [{"name": "axios", "version": "1.6.8"}]}
    (made,) = tenant.results(tenant.operator, {MODULE: base})
    tenant.forget_requests()
    variants = [
        {**base, "code": OTHER},
        {**base, "code": OTHER, "dependencies": [{"name": "axios", "version": "1.7.0"}]},
        {"name": "mine", "code": OTHER},
        {"name": "mine", "code": OTHER, "runtime": "node18"},
    ]
    results = tenant.results(tenant.operator, *[{MODULE: each, "diff": True} for each in variants])
    assert changes(results) == [True, True, False, True]
    assert results[1]["action"]["dependencies"] == results[2]["action"]["dependencies"] == {"axios": "1.7.0"}
    assert "axios@1.6.8" in results[1]["diff"]["before"] and "axios@1.7.0" in results[1]["diff"]["after"]
    assert {result["action"]["id"] for result in results} == {made["action"]["id"]}
    assert [write.split()[0] for write in tenant.writes()] == ["PATCH", "POST"] * 3


def test_places_and_names_of_the_others_are_kept(tenant):
    def named(name, **options):
        return {MODULE: {"name": name, "code": OTHER, **options}}

    tenant.results(tenant.operator, named("a"), named("b"), named("c"))
    for task, expected in [
        (named("new", position=2), ["a", "new", "b", "c"]),
        (named("new"), ["a", "new", "b", "c"]),
        (named("new", position=1), ["new", "a", "b", "c"]),
        (named("new", position=99), ["a", "b", "c", "new"]),
        (named("b", bound=False), ["a", "c", "new"]),
        (named("b"), ["a", "c", "new", "b"]),
    ]:
        (result,) = tenant.results(tenant.operator, task)
        assert bound(tenant) == expected
        assert not result["failed"]


def test_a_position_beyond_the_end_is_told(tenant):
    def placed(position, **keywords):
        return {MODULE: {"name": "mine", "code": OTHER, "position": position}, **keywords}

    results = tenant.results(
        tenant.operator,
        {MODULE: {"name": "a", "code": OTHER}},
        placed(99, check_mode=True),
        placed(99),
        placed(99),
        placed(2),
        placed(1),
    )
    told = "position 99 is beyond the end, so the Action is last, at position 2"
    assert [result.get("warnings", []) for result in results] == [[], [told], [told], [told], [], []]
    assert [result["action"]["position"] for result in results[1:]] == [2, 2, 2, 2, 1]


@pytest.mark.run_by("ansible-playbook")
def test_secrets_are_compared_by_name_and_never_shown(tenant):
    def with_secret(value, **options):
        return {
            MODULE: {"name": "mine", "code": OTHER, "secrets": [{"name": "KEY", "value": value}], **options},
            "diff": True,
        }

    played = tenant.play(
        tenant.operator,
        with_secret("canary-secret-1"),
        with_secret("canary-secret-2"),
        with_secret("canary-secret-3", update_secrets=True),
        {MODULE: {"name": "mine", "code": OTHER, "secrets": []}, "diff": True},
        options=("-vvvv",),
    )
    assert changes(played.results) == [True, False, True, True]
    assert played.results[0]["action"]["secrets"] == ["KEY"] and played.results[3]["action"]["secrets"] == []
    assert "canary-secret" not in played.output and "canary-secret" not in str(played.results)


def test_a_bound_action_is_removed_when_told_only(tenant):
    _made, refused, gone = tenant.results(
        tenant.operator,
        {MODULE: {"name": "mine", "code": OTHER}},
        {MODULE: {"name": "mine", "state": "absent"}},
        {MODULE: {"name": "mine", "state": "absent", "force": True}},
    )
    assert refused["failed"] and "is bound to post-login" in refused["msg"] and "force" in refused["hint"]
    assert gone["changed"]


def test_what_was_done_before_an_error_is_reported_and_the_next_run_finds_its_way(tenant):
    task = {MODULE: {"name": "mine", "code": OTHER}}
    tenant.fault(
        kind="status", status=403, method="PATCH", path="*/bindings", body={"statusCode": 403, "message": "no"}
    )
    cut_off, again, still = tenant.results(tenant.operator, task, task, task)
    assert cut_off["failed"] and cut_off["changed"] and cut_off["done"] == ["created", "deployed"]
    assert cut_off["action_id"] == again["action"]["id"]
    assert changes([again, still]) == [True, False]
    assert len(tenant.requests("POST", "/actions/actions")) == 2


def test_two_actions_of_one_name_are_refused_with_their_ids(tenant):
    twin = {"name": "twin", "supported_triggers": [{"id": "post-login", "version": "v3"}], "code": OTHER}
    tenant.running.reset(switches={"existing-action-name-status": 201})
    ids = [tenant.management("POST", "/actions/actions", twin)["id"] for _number in range(2)]
    tenant.forget_requests()
    results = tenant.results(
        tenant.operator,
        {MODULE: {"name": "twin", "code": JS}},
        {MODULE: {"name": "twin", "state": "absent", "force": True}},
    )
    assert tenant.writes() == []
    for result in results:
        assert result["failed"] and "2 Actions are named twin: %s, %s" % tuple(sorted(ids)) in result["msg"]


def test_one_of_another_trigger_is_refused(tenant):
    other = {"name": "other", "supported_triggers": [{"id": "credentials-exchange", "version": "v2"}], "code": OTHER}
    tenant.management("POST", "/actions/actions", other)
    (result,) = tenant.results(tenant.operator, {MODULE: {"name": "other", "code": OTHER}})
    assert result["failed"] and "belongs to the trigger credentials-exchange" in result["msg"]


def test_a_build_that_takes_too_long_is_told(tenant):
    (result,) = tenant.results(tenant.operator, {MODULE: {"name": "mine", "code": OTHER, "build_timeout": 0}})
    assert result["failed"] and "after 0 s" in result["msg"] and result["done"] == ["created"]


def test_a_build_that_fails_is_told_with_what_was_done(tmp_path):
    task = {MODULE: {"name": "mine", "code": "broken("}}
    with start(users=1, program=__name__) as running:
        tenant = Tenant(running, tmp_path, in_process.play)
        made, again, mended = tenant.results(tenant.operator, task, task, {MODULE: {"name": "mine", "code": OTHER}})
        assert len(tenant.requests("POST", "/deploy")) == 1
    assert made["failed"] and "could not be built" in made["msg"] and "Correct its code or dependencies" in made["hint"]
    assert (made["changed"], made["done"]) == (True, ["created"])
    assert again["failed"] and again["changed"] is False and "done" not in again
    assert mended["changed"] and mended["action"]["id"] == made["action_id"] and mended["action"]["bound"]


def test_why_a_build_failed_is_told(tenant):
    failed = {"action-build-outcome": "failed", "action-build-seconds": 0}
    tenant.running.reset(switches={**failed, "failed-build-errors": "on"})
    task = {MODULE: {"name": "mine", "code": JS, "dependencies": [{"name": "axois", "version": "1.0.0"}]}}
    made, again = tenant.results(tenant.operator, task, task)
    for result in (made, again):
        assert "could not be built: The npm package axois was not found in the registry. Correct" in result["msg"]
        assert result["build_errors"] == ["The npm package axois was not found in the registry."]
    assert (made["changed"], again["changed"]) == (True, False)
    tenant.running.reset(switches=failed)
    (result,) = tenant.results(tenant.operator, task)
    assert "Auth0 gave no reason" in result["msg"] and result["build_errors"] == []


def test_an_action_that_was_just_deployed_is_bound_as_soon_as_it_can_be(tenant):
    tenant.running.reset(switches={"action-bind-delay-seconds": 1, "action-build-seconds": 0})
    made, again = tenant.results(tenant.operator, *[{MODULE: {"name": "mine", "code": JS}}] * 2)
    assert not made.get("failed") and made["action"]["bound"] and again["changed"] is False
    assert bound(tenant) == ["mine"]


def test_a_deployment_that_does_not_arrive_in_time_is_told_and_bound_by_the_next_run(tenant):
    tenant.running.reset(switches={"action-bind-delay-seconds": 600, "action-build-seconds": 0})
    task = {MODULE: {"name": "mine", "code": JS, "build_timeout": 1}}
    (refused,) = tenant.results(tenant.operator, task)
    assert refused["failed"] and "has not been deployed yet" in refused["msg"] and "build_timeout" in refused["hint"]
    assert refused["changed"] and refused["done"] == ["created", "deployed"]
    tenant.running.control("PUT", "clock", {"advance_seconds": 600})
    (bound_now,) = tenant.results(tenant.operator, task)
    assert bound_now["changed"] and bound_now["action"]["bound"]


@contextmanager
def somebody_who_binds(tenant: Tenant, other: dict):
    """Bind another Action as soon as the task has made its own."""
    over = threading.Event()

    def bind():
        while not over.wait(0.05):
            if tenant.requests("POST", "/actions/actions"):
                tenant.management("PATCH", "/actions/triggers/post-login/bindings", other)
                return

    thread = threading.Thread(target=bind)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_what_somebody_binds_while_the_action_is_built_stays_bound(tenant):
    action = {"name": "other", "supported_triggers": [{"id": "post-login", "version": "v3"}], "code": OTHER}
    other = tenant.management("POST", "/actions/actions", {**action, "deploy": True})["id"]
    tenant.forget_requests()
    entry = {"ref": {"type": "action_id", "value": other}, "display_name": "other"}
    with somebody_who_binds(tenant, {"bindings": [entry]}):
        (result,) = tenant.results(tenant.operator, {MODULE: {"name": "mine", "code": JS}})
    assert bound(tenant) == ["other", "mine"] and result["action"]["position"] == 2


@pytest.mark.parametrize("part", ["/actions/actions", "/deploy", "/bindings"], ids=["made", "deployed", "bound"])
def test_a_write_whose_answer_is_lost_is_sent_once_and_the_next_run_finds_its_way(tenant, part):
    method = "PATCH" if part == "/bindings" else "POST"
    task = {MODULE: {"name": "mine", "code": OTHER}}
    tenant.fault(kind="lost", method=method, path="*" + part)
    (lost,) = tenant.results(tenant.operator, task)
    assert lost["failed"] and "Run the task again" in lost["hint"]
    assert lost["changed"] is True
    assert len([entry for entry in tenant.requests(method) if entry["path"].endswith(part)]) == 1
    again, still = tenant.results(tenant.operator, task, task)
    assert not again.get("failed") and again["action"]["bound"] and still["changed"] is False
    assert [each["name"] for each in tenant.management("GET", "/actions/actions")["actions"]] == ["mine"]
    assert bound(tenant) == ["mine"]


@pytest.mark.parametrize(
    "options, says",
    [
        ({}, "code is required"),
        ({"code": OTHER, "position": 0}, "position 0 is not above 0"),
        ({"code": OTHER, "position": 1, "bound": False}, "position requires bound=true"),
        ({"code": OTHER, "deploy": False}, "must be deployed before it is bound"),
        ({"code": OTHER, "build_timeout": "nan"}, "build_timeout nan is not a number of seconds"),
    ],
    ids=["no code", "position 0", "position when not bound", "bound when not deployed", "build_timeout nan"],
)
def test_bad_input_is_refused_before_any_request(tenant, options, says):
    (result,) = tenant.results(tenant.operator, {MODULE: {"name": "mine", **options}})
    assert result["failed"] and says in result["msg"]
    assert tenant.requests() == []


def main() -> None:
    """The emulator's own program, which cannot build what is broken."""
    status = actions.build_status
    actions.build_status = lambda content, tenant: ("failed" if "broken(" in content.code else status(content, tenant))
    program.main()


if __name__ == "__main__":
    main()


def test_the_password_of_a_registry_is_not_printed(tenant):
    registry = "https://me:canary-5f3a@npm.example.com"
    packages = [{"name": "lodash", "version": "4.17.21", "registry_url": registry}]
    task = {MODULE: {"name": "mine", "code": OTHER, "dependencies": packages}}
    for played in (tenant.play(tenant.operator, {**task, "check_mode": True}), tenant.play(tenant.operator, task)):
        assert "canary" not in played.output and not played.results[0].get("failed")
