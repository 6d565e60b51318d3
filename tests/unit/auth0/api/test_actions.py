# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from the Actions API, and what a write's answer must hold."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.actions import ActionsApi, Binding
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    NotFoundError,
    ServerError,
)

from .answering import Answering

OLD = {"id": "post-login", "status": "DEPRECATED", "version": "v2"}
CURRENT = {"id": "post-login", "status": "CURRENT", "version": "v3", "default_runtime": "node18"}
OTHER = {"id": "credentials-exchange", "status": "CURRENT", "version": "v2"}
ACTION = {
    "id": "a1",
    "name": "mine",
    "code": "code",
    "supported_triggers": [{"id": "post-login", "version": "v3"}],
    "runtime": "node22",
    "dependencies": [],
    "secrets": [],
    "all_changes_deployed": True,
    "status": "built",
}


def api(*answers):
    return ActionsApi(Answering(*answers))


def test_a_new_action_takes_the_trigger_s_current_version_and_runtime():
    triggers = {"triggers": [OLD, CURRENT, OTHER]}
    assert api(triggers).defaults("post-login") == ("v3", "node18")
    assert api(triggers).defaults("credentials-exchange") == ("v2", "node22")


def test_a_trigger_that_the_tenant_lacks_is_no_error_of_the_configuration():
    # It takes requests to find out, and ConfigurationError is raised before the first one.
    with pytest.raises(
        NotFoundError, match="no trigger nope. Set trigger to one of: credentials-exchange, post-login."
    ):
        api({"triggers": [OLD, CURRENT, OTHER]}).defaults("nope")


@pytest.mark.parametrize("answer", [{}, {"triggers": []}, {"triggers": None}, [CURRENT], {"error": "x"}])
def test_a_tenant_without_triggers_is_an_answer_without_them(answer):
    with pytest.raises(ServerError, match="not in the documented format"):
        api(answer).defaults("post-login")


def bound(*names):
    return [{"id": "b-" + name, "action": {"id": name}, "display_name": name} for name in names]


def test_nothing_is_bound_where_auth0_says_so():
    assert api({"bindings": [], "per_page": 50}).bindings("post-login") == ()


def test_further_bindings_are_read():
    first, second = bound("a", "b"), bound("c")
    tenant = api({"bindings": first, "total": 3}, {"bindings": second, "total": 3, "page": 1})
    assert [each.action_id for each in tenant.bindings("post-login")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"statusCode": 500},
        {"bindings": None},
        {"bindings": bound("a")[0]},
        {"bindings": bound("a", "b"), "total": 3},
        {"bindings": bound("a", "b"), "total": 1},
        {"bindings": bound("a", "b")},
        {"bindings": [], "total": 1},
        {"bindings": [{**bound("a")[0], "display_name": None}], "total": 1},
        {"bindings": [{**bound("a")[0], "action": {}}], "total": 1},
        {"bindings": [{"action": {"id": "a"}, "display_name": "a"}], "total": 1},
        {"bindings": [*bound("a"), {**bound("b")[0], "id": "b-a"}], "total": 1},
    ],
)
def test_a_list_that_is_not_complete_is_an_error_and_never_a_list_to_send_back(answer):
    rest = {"bindings": [], "per_page": 50}
    with pytest.raises(ServerError, match="Could not read what is bound to post-login: .*not in the documented format"):
        api(answer, rest).bindings("post-login")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"actions": None},
        {"actions": [], "total": 2},
        {"actions": [{**ACTION, "name": 5}], "total": 1},
        {"actions": [{**ACTION, "code": None}], "total": 1},
        {"actions": [{**ACTION, "supported_triggers": []}], "total": 1},
        {"actions": [{**ACTION, "secrets": {"name": "x"}}], "total": 1},
        {"actions": [{key: value for key, value in ACTION.items() if key != "dependencies"}], "total": 1},
    ],
)
def test_an_action_that_is_not_told_is_not_absent(answer):
    with pytest.raises(ServerError, match="not in the documented format"):
        api(answer, {"actions": []}).find("mine")


def test_pages_that_bring_nothing_new_end_the_walk():
    page = {"actions": [{"id": "x%d" % number, "name": "other"} for number in range(50)], "total": 10**6}
    tenant = Answering(*[page] * 9)
    with pytest.raises(ServerError, match="total is 1000000, but actions has 50 items"):
        ActionsApi(tenant).find("mine")
    assert len(tenant.answers) == 7


def test_pages_without_an_end_end_all_the_same():
    class Endless(Answering):
        def call(self, action, send, *, once=False):
            self.answers.append(None)
            number = len(self.answers)
            return {"actions": [{"id": "x%d" % number, "name": "other"}], "total": number + 1}

    tenant = Endless()
    with pytest.raises(ServerError, match="not in the documented format"):
        ActionsApi(tenant).find("mine")
    assert len(tenant.answers) == 100


WRITES = {
    "create": lambda tenant: tenant.create({"name": "mine"}),
    "change": lambda tenant: tenant.change("a1", {"code": "x"}),
    "deploy": lambda tenant: tenant.deploy("a1"),
    "bind": lambda tenant: tenant.bind("post-login", (Binding("b-a", "a", "a"),)),
    "delete": lambda tenant: tenant.delete("a1", False),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("answer", [{"statusCode": 500}, {"error": "x"}, [1], "done", {"bindings": []}])
def test_a_write_whose_answer_says_something_else_may_have_been_carried_out(write, answer):
    with pytest.raises(AmbiguousWriteError, match="not in the documented format.*Run the task again"):
        WRITES[write](api(answer))


@pytest.mark.parametrize("place", [None, "current_version", "deployed_version"])
def test_why_a_build_failed_is_read(place):
    errors = {"errors": [{"id": "npm", "msg": "no package\naxois"}, {"id": "only-an-id"}]}
    item = {**ACTION, "status": "failed", **({place: errors} if place else errors)}
    assert api(item).get("a1").errors == ("no package axois", "only-an-id")


def test_a_deploy_that_answers_with_errors_has_failed():
    with pytest.raises(ServerError, match="a1 could not be built: no package axois"):
        api({"id": "v1", "errors": [{"msg": "no package axois"}]}).deploy("a1")
