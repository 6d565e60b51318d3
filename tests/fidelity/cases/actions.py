# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions. Each function is a case of the manifest."""

from __future__ import annotations

import re

from ..checks import equal, has_status, holds, refused_by_management
from ..lab import Lab

NANOSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
UNKNOWN = "/actions/actions/11111111-2222-4333-8444-555555555555"
BINDINGS = "/actions/triggers/post-login/bindings"


def triggers(lab: Lab) -> None:
    found = has_status(lab.manage("GET", "/actions/triggers"), 200).body["triggers"]
    current = [item for item in found if (item["id"], item["version"]) == ("post-login", "v3")]
    equal("status of post-login v3", [item["status"] for item in current], ["CURRENT"])
    holds("node22" in current[0]["runtimes"], "post-login v3 does not run on node22")


def empty_page(lab: Lab) -> None:
    body = has_status(lab.manage("GET", "/actions/actions", query={"actionName": "no-such-action"}), 200).body
    equal("actions", body.get("actions", []), [])


def default_page(lab: Lab) -> None:
    equal("per_page", has_status(lab.manage("GET", "/actions/actions"), 200).member("per_page"), 20)


def bindings(lab: Lab) -> None:
    body = has_status(lab.manage("GET", BINDINGS), 200).body
    holds(isinstance(body["bindings"], list), "bindings is no list")
    equal("per_page", body["per_page"], 50)


def bindings_past_the_end(lab: Lab) -> None:
    body = has_status(lab.manage("GET", BINDINGS, query={"page": 7}), 200).body
    holds("total" not in body, "total is there on a page past the end")


def unknown_action(lab: Lab) -> None:
    answer = lab.manage("GET", UNKNOWN)
    refused_by_management(answer, 404, "That action does not exist.")
    holds("errorCode" not in answer.body, "there is an errorCode")


def create(lab: Lab) -> None:
    with lab.action() as action:
        members = {name: action[name] for name in ("runtime", "secrets", "dependencies", "all_changes_deployed")}
        expected = {"runtime": "node22", "secrets": [], "dependencies": [], "all_changes_deployed": False}
        equal("action", members, expected)
        holds(
            action["status"] in ("pending", "building", "retrying", "built", "failed"),
            f"its status is {action['status']}",
        )
        holds(NANOSECONDS.fullmatch(action["created_at"]) is not None, "created_at is no time with fractions and Z")


def never_deployed(lab: Lab) -> None:
    with lab.action() as action:
        holds("deployed_version" not in action, "there is a deployed_version")


def secrets_stay(lab: Lab) -> None:
    with lab.action() as action:
        body = {"secrets": [{"name": "TWO", "value": "hidden-2"}, {"name": "ONE", "value": "hidden-1"}]}
        answer = has_status(lab.manage("PATCH", f"/actions/actions/{action['id']}", json=body), 200)
    equal("names", [item["name"] for item in answer.body["secrets"]], ["ONE", "TWO"])
    holds(b"hidden-" not in answer.content, "a value comes back")


def secrets_come_back_with_their_date(lab: Lab) -> None:
    with lab.action() as action:
        path = f"/actions/actions/{action['id']}"
        body = {"secrets": [{"name": "ONE", "value": "hidden-1"}]}
        secrets = has_status(lab.manage("PATCH", path, json=body), 200).body["secrets"]
        has_status(lab.manage("PATCH", path, json={"secrets": secrets}), 200)


def two_triggers(lab: Lab) -> None:
    triggers = [{"id": "post-login", "version": "v3"}, {"id": "pre-user-registration", "version": "v2"}]
    with lab.action_name() as name:
        body = {"name": name, "supported_triggers": triggers, "code": "//"}
        answer = lab.manage("POST", "/actions/actions", json=body)
    has_status(answer, 400)


def bound_one_stays(lab: Lab) -> None:
    with lab.action() as action, lab.bindings_kept() as bound:
        lab.deployed(action["id"])
        new = {"ref": {"type": "action_id", "value": action["id"]}, "display_name": "Fidelity suite"}
        lab.seconds_until(lambda: has_status(lab.bind([*bound, new]), 200, 400).status == 200)
        answer = lab.manage("DELETE", f"/actions/actions/{action['id']}")
    refused_by_management(answer, 409, "Unable to delete an action bound to a trigger.")


def version_of_a_deploy(lab: Lab) -> None:
    with lab.action() as action:
        version = lab.deployed(action["id"])
    equal("number and deployed", (version["number"], version["deployed"]), (1, False))


def status_of_the_current_version(lab: Lab) -> None:
    with lab.action() as action:
        lab.deployed(action["id"])
        found = has_status(lab.manage("GET", f"/actions/actions/{action['id']}"), 200).body
    equal("statuses", (found["status"], found["current_version"]["status"]), ("built", "BUILT"))
    equal("all_changes_deployed", found["all_changes_deployed"], True)
