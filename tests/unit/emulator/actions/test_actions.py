# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: building, deploying, binding, and what their code says about remembering browsers."""

from __future__ import annotations

import re

import pytest

from tests.emulator.actions.remember_browser import choices

TRIGGER = [{"id": "post-login", "version": "v3"}]
BINDINGS = "/actions/triggers/post-login/bindings"


def code(allow):
    option = f", {{ allowRememberBrowser: {allow} }}" if allow else ""
    return f"exports.onExecutePostLogin = async (event, api) => {{ api.multifactor.enable('any'{option}); }};"


def create(api, name="hide", **body):
    answer = api.manage("POST", "/actions/actions", json={"name": name, "supported_triggers": TRIGGER, **body})
    assert answer.status_code == 201
    return answer.json()


def deployed(api, name="hide", **body):
    action = create(api, name, **body)
    api.advance(2)
    assert api.manage("POST", f"/actions/actions/{action['id']}/deploy").status_code == 200
    return action


def bind(api, *names):
    entries = [{"ref": {"type": "action_name", "value": name}} for name in names]
    return api.manage("PATCH", BINDINGS, json={"bindings": entries})


def read(api, action):
    return api.manage("GET", f"/actions/actions/{action['id']}").json()


def remembers(api):
    return api.call("GET", "/_control/remember-browser").json()["remember_browser"]


def test_the_current_trigger_version_can_be_found(api):
    triggers = api.manage("GET", "/actions/triggers").json()["triggers"]
    versions = {item["version"]: item["status"] for item in triggers if item["id"] == "post-login"}
    assert versions == {"v1": "DEPRECATED", "v2": "DEPRECATED", "v3": "CURRENT"}
    runtimes = {
        item["version"]: (item["runtimes"], item["default_runtime"]) for item in triggers if item["id"] == "post-login"
    }
    assert runtimes["v1"] == (["node12"], "node12")
    assert runtimes["v3"] == (["node12", "node16", "node18-actions", "node22"], "node22")
    (current,) = (item for item in triggers if (item["id"], item["version"]) == ("post-login", "v3"))
    assert current["compatible_triggers"] == [{"id": "post-login", "version": "v2"}]
    assert {item["binding_policy"] for item in triggers if item["id"] == "mcp-tool"} == {"entity-bound"}


def test_a_build_follows_the_tenants_clock(make_api):
    api = make_api({"action-build-seconds": 600})
    action = create(api, code="x")
    seen = [action["status"]]
    for _step in range(2):
        api.advance(300)
        seen.append(read(api, action)["status"])
    assert seen == ["pending", "building", "built"]


@pytest.mark.parametrize("runtime", ["node12", "node16", "node18", "node18-actions", "node22"])
def test_a_runtime_is_answered_as_it_was_sent(api, runtime):
    assert create(api, runtime=runtime)["runtime"] == runtime


def test_secrets_are_sorted_and_may_be_sent_back_as_they_were_read(api):
    action = create(api, secrets=[{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}])
    assert [secret["name"] for secret in action["secrets"]] == ["A", "Z"]
    api.advance(60)
    changed = api.manage("PATCH", f"/actions/actions/{action['id']}", json={"secrets": action["secrets"]})
    assert (changed.status_code, changed.json()["secrets"]) == (200, action["secrets"])


def test_secrets_are_never_in_a_response(api):
    action = create(api, secrets=[{"name": "KEY", "value": "hush-hush"}])
    assert [set(secret) for secret in action["secrets"]] == [{"name", "updated_at"}]
    answers = [api.manage("GET", path).text for path in (f"/actions/actions/{action['id']}", "/logs")]
    assert not any("hush-hush" in text for text in answers)


def test_times_are_nanoseconds(api):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", create(api)["created_at"])


def test_a_change_needs_a_new_deploy(api):
    action = deployed(api, code=code("false"))
    assert read(api, action)["all_changes_deployed"] is True
    changed = api.manage("PATCH", f"/actions/actions/{action['id']}", json={"code": code("true")}).json()
    assert (changed["status"], changed["all_changes_deployed"]) == ("pending", False)
    assert changed["deployed_version"]["code"] == code("false")
    api.advance(2)
    version = api.manage("POST", f"/actions/actions/{action['id']}/deploy").json()
    assert (version["number"], version["code"], version["deployed"]) == (2, code("true"), False)
    now = read(api, action)
    assert (now["current_version"]["status"], now["deployed_version"]["status"]) == ("BUILT", "built")


@pytest.mark.parametrize("status", [200, 202])
def test_the_status_of_a_deploy_is_switchable(make_api, status):
    api = make_api({"action-deploy-status": status, "action-build-seconds": 0})
    action = create(api)
    assert api.manage("POST", f"/actions/actions/{action['id']}/deploy").status_code == status


@pytest.mark.parametrize("status", [400, 200])
def test_deploying_before_the_build_is_done_is_switchable(make_api, status):
    api = make_api({"deploy-unbuilt-status": status})
    assert api.manage("POST", f"/actions/actions/{create(api)['id']}/deploy").status_code == status


@pytest.mark.parametrize("status", [400, 201])
def test_creating_an_action_with_an_existing_name_is_switchable(make_api, status):
    api = make_api({"existing-action-name-status": status})
    create(api)
    answer = api.manage("POST", "/actions/actions", json={"name": "hide", "supported_triggers": TRIGGER})
    assert answer.status_code == status


def test_actions_are_found_by_name_trigger_and_deployment(api):
    deployed(api)
    create(api, "other", supported_triggers=[{"id": "credentials-exchange"}])
    for query, names in [
        ("actionName=hide&triggerId=post-login", ["hide"]),
        ("actionName=hid", []),
        ("triggerId=credentials-exchange", ["other"]),
        ("deployed=true", ["hide"]),
        ("deployed=false", ["other"]),
        ("installed=true", []),
        ("per_page=1&page=1", ["other"]),
    ]:
        found = api.manage("GET", f"/actions/actions?{query}").json()["actions"]
        assert [action["name"] for action in found] == names, query


def test_numbers_that_are_zero_are_left_out(api):
    assert api.manage("GET", BINDINGS).json() == {"bindings": [], "per_page": 50}
    assert api.manage("GET", "/actions/actions").json() == {"actions": [], "per_page": 20}


def test_bindings_are_replaced_as_a_whole_and_keep_their_order(api):
    for name in ("a", "b", "c"):
        deployed(api, name)
    bind(api, "a", "b")
    before = api.manage("GET", BINDINGS).json()
    assert ([item["display_name"] for item in before["bindings"]], before["total"]) == (["a", "b"], 2)
    kept = before["bindings"][1]
    entries = [
        {"ref": {"type": "action_name", "value": "c"}},
        {"ref": {"type": "binding_id", "value": kept["id"]}, "display_name": "second"},
    ]
    answer = api.manage("PATCH", BINDINGS, json={"bindings": entries}).json()["bindings"]
    assert [item["action"]["name"] for item in answer] == ["c", "b"]
    assert (answer[1]["id"], answer[1]["display_name"]) == (kept["id"], "second")


@pytest.mark.parametrize("status", [400, 200])
def test_binding_an_action_that_was_never_deployed_is_switchable(make_api, status):
    api = make_api({"bind-undeployed-status": status})
    create(api)
    assert bind(api, "hide").status_code == status


def test_an_action_that_was_just_deployed_can_be_bound_after_a_while(make_api):
    api = make_api({"action-bind-delay-seconds": 30})
    deployed(api)
    refused = bind(api, "hide")
    assert refused.status_code == 400 and "has not been deployed yet" in refused.json()["message"]
    api.advance(30)
    assert bind(api, "hide").status_code == 200


def test_a_build_that_fails_gives_no_reason(make_api):
    api = make_api({"action-build-outcome": "failed", "action-build-seconds": 0})
    failed = read(api, create(api))
    assert (failed["status"], "current_version" in failed) == ("failed", False)


def test_the_errors_of_a_build_that_fails_are_switchable(make_api):
    api = make_api({"action-build-outcome": "failed", "failed-build-errors": "on"})
    action = create(api, dependencies=[{"name": "axois", "version": "1.0.0"}])
    assert action["status"] == "pending" and "current_version" not in action
    api.advance(2)
    failed = read(api, action)
    assert failed["status"] == "failed" and "axois" in failed["current_version"]["errors"][0]["msg"]
    assert api.manage("POST", f"/actions/actions/{action['id']}/deploy").status_code == 400


def test_each_deploy_leaves_a_version_and_the_newest_one_runs(api):
    action = deployed(api, code="// first")
    path = f"/actions/actions/{action['id']}"
    assert api.manage("PATCH", path, json={"code": "// second"}).status_code == 200
    api.advance(2)
    assert api.manage("POST", f"{path}/deploy").status_code == 200
    listed = api.manage("GET", f"{path}/versions", params={"per_page": 50}).json()
    newest, oldest = listed["versions"]
    assert (listed["total"], listed["per_page"], "page" in listed) == (2, 50, False)
    assert [(it["number"], it["code"], it["deployed"]) for it in (newest, oldest)] == [
        (2, "// second", True),
        (1, "// first", False),
    ]
    assert newest["action"]["id"] == action["id"]
    assert api.manage("GET", f"{path}/versions/{oldest['id']}").json() == oldest
    assert api.manage("GET", f"{path}/versions/nothing").status_code == 404


def test_an_earlier_version_can_be_deployed_again(api):
    action = deployed(api, code="// first")
    path = f"/actions/actions/{action['id']}"
    (first,) = api.manage("GET", f"{path}/versions").json()["versions"]
    assert api.manage("PATCH", path, json={"code": "// second"}).status_code == 200
    rolled_back = api.manage("POST", f"{path}/versions/{first['id']}/deploy").json()
    assert (rolled_back["number"], rolled_back["code"], rolled_back["deployed"]) == (2, "// first", False)
    now = read(api, action)
    assert (now["code"], now["deployed_version"]["code"], now["all_changes_deployed"]) == (
        "// second",
        "// first",
        False,
    )


def test_fifty_versions_are_kept(api):
    action = deployed(api)
    for _time in range(50):
        assert api.manage("POST", f"/actions/actions/{action['id']}/deploy").status_code == 200
    listed = api.manage("GET", f"/actions/actions/{action['id']}/versions", params={"per_page": 100}).json()
    assert [version["number"] for version in listed["versions"]] == list(range(51, 1, -1))


def test_the_total_is_left_out_past_the_end(api):
    deployed(api)
    bind(api, "hide")
    assert api.manage("GET", f"{BINDINGS}?page=1").json() == {"bindings": [], "page": 1, "per_page": 50}


def test_deleting_a_bound_action_needs_force(api):
    action = deployed(api)
    bind(api, "hide")
    path = f"/actions/actions/{action['id']}"
    refused = api.manage("DELETE", path)
    assert (refused.status_code, refused.json()["message"]) == (409, "Unable to delete an action bound to a trigger.")
    assert api.manage("DELETE", f"{path}?force=true").status_code == 204
    assert api.manage("GET", BINDINGS).json()["bindings"] == []
    gone = api.manage("GET", path)
    assert gone.json() == {"statusCode": 404, "error": "Not Found", "message": "That action does not exist."}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"name": "x"}, id="no trigger"),
        pytest.param({"name": "x", "supported_triggers": []}, id="empty list of triggers"),
        pytest.param({"name": "x", "supported_triggers": TRIGGER * 2}, id="two triggers"),
        pytest.param({"name": "x", "supported_triggers": [{"id": "post-logout"}]}, id="unknown trigger"),
        pytest.param(
            {"name": "x", "supported_triggers": [{"id": "post-login", "version": "v9"}]},
            id="unknown version of the trigger",
        ),
        pytest.param({"name": "x", "supported_triggers": TRIGGER, "runtime": "perl5"}, id="unknown runtime"),
        pytest.param(
            {
                "name": "x",
                "supported_triggers": TRIGGER,
                "secrets": [{"name": f"s{i}", "value": ""} for i in range(31)],
            },
            id="too many secrets",
        ),
        pytest.param(
            {"name": "x", "supported_triggers": TRIGGER, "dependencies": [{"name": "n", "version": "1"}] * 11},
            id="too many dependencies",
        ),
        pytest.param({"name": "x", "supported_triggers": TRIGGER, "modules": [{"module_id": "m"}]}, id="modules"),
    ],
)
def test_wrong_actions_are_400(api, body):
    assert api.manage("POST", "/actions/actions", json=body).status_code == 400


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([{"ref": {"type": "action_name", "value": "nobody"}}], id="unknown name"),
        pytest.param([{"ref": {"type": "binding_id", "value": "nobody"}}], id="unknown binding"),
        pytest.param([{"ref": {"type": "action_name"}}], id="reference without a value"),
        pytest.param([{}], id="no reference"),
        pytest.param([{"ref": {"type": "action_name", "value": "hide"}}] * 21, id="too many bindings"),
    ],
)
def test_wrong_bindings_are_400_and_change_nothing(api, entries):
    deployed(api)
    bind(api, "hide")
    assert api.manage("PATCH", BINDINGS, json={"bindings": entries}).status_code == 400
    assert len(api.manage("GET", BINDINGS).json()["bindings"]) == 1


def test_a_tenant_has_at_most_100_actions(api):
    for number in range(100):
        create(api, f"a{number}")
    answer = api.manage("POST", "/actions/actions", json={"name": "more", "supported_triggers": TRIGGER})
    assert answer.status_code == 403


# What the code says


def test_an_action_takes_effect_once_it_is_deployed_and_bound(api):
    assert remembers(api) is None
    deployed(api, code=code("false"))
    assert remembers(api) is None
    bind(api, "hide")
    assert remembers(api) is False
    bind(api)
    assert remembers(api) is None


def test_the_last_bound_action_wins(api):
    deployed(api, "hide", code=code("false"))
    deployed(api, "show", code=code("true"))
    deployed(api, "silent", code="exports.onExecutePostLogin = async () => {};")
    bind(api, "show", "hide", "silent")
    assert remembers(api) is False
    bind(api, "hide", "show", "silent")
    assert remembers(api) is True


def test_a_draft_has_no_effect(api):
    action = deployed(api, code=code("false"))
    bind(api, "hide")
    api.manage("PATCH", f"/actions/actions/{action['id']}", json={"code": code("true")})
    api.advance(2)
    assert remembers(api) is False


@pytest.mark.parametrize(
    "text, said",
    [
        pytest.param(code("false"), [False], id="false"),
        pytest.param(code("true"), [True], id="true"),
        pytest.param(code(None), [False], id="no option"),
        pytest.param(
            'api.multifactor.enable("any", {\n  allowRememberBrowser: true,\n});',
            [True],
            id="object over several lines",
        ),
        pytest.param('api.multifactor.enable("any", {"allowRememberBrowser": true})', [True], id="quoted member"),
        pytest.param(
            "api.multifactor.enable('any', { allowRememberBrowser: true }); // , { allowRememberBrowser: false }",
            [True],
            id="commented option after the call",
        ),
        pytest.param("// api.multifactor.enable('any')", [], id="line comment"),
        pytest.param("/* api.multifactor.enable('any') */", [], id="block comment"),
        pytest.param("const x = 'http://host'; api.multifactor.enable('any');", [False], id="slashes inside a string"),
        pytest.param("api.multifactor.enable('none')", [], id="provider none"),
        pytest.param("api.multifactor.enable('any', options)", [], id="options in a variable"),
        pytest.param("api.multifactor.enable(provider)", [], id="provider in a variable"),
        pytest.param(code("true") + code("false"), [True, False], id="two calls"),
        pytest.param("", [], id="no code"),
    ],
)
def test_what_is_read_from_the_code(text, said):
    assert choices(text) == said
