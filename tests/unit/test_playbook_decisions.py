# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks of a reset decide: whom a step is for, which steps are taken, and what is told. No task is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

# Nothing is looked up here.
LOOKUP = "lookup('ansible.builtin.file', given.users_file, rstrip=false)"
PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
MODULES = {
    "auth0_user_session": "end_sessions",
    "auth0_refresh_token": "revoke_refresh_tokens",
    "auth0_remembered_browser": "forget_browsers",
    "auth0_mfa_authenticator": None,
    "auth0_mfa_enrollment_ticket": {"reset_lost_phone": "create_ticket", "reset_users": "send_mail"},
    "auth0_user_block": "unblock",
}
SWITCHES = [
    *(("reset_lost_phone", each) for each in ("end_sessions", "revoke_refresh_tokens", "forget_browsers")),
    *(("reset_lost_phone", each) for each in ("create_ticket", "unblock")),
    *(("reset_users", each) for each in ("end_sessions", "revoke_refresh_tokens", "forget_browsers")),
    *(("reset_users", each) for each in ("send_mail", "unblock")),
]


class Play:
    """A playbook as Ansible reads it."""

    def __init__(self, name: str) -> None:
        (play,) = DataLoader().load_from_file(str(PLAYBOOKS / (name + ".yml")), trusted_as_template=True)
        self.tasks, self._vars = play["tasks"], {**play["vars"], "content": CONTENT}
        if "lines" in self._vars:
            assert LOOKUP in self._vars["lines"]
            self._vars["lines"] = trust_as_template(self._vars["lines"].replace(LOOKUP, "content"))
        options = self.tasks[0]["mfaops.auth0.variables"]["options"]
        self.defaults = {each: option.get("default") for each, option in options.items()}

    def template(self, text: Any, **known: Any) -> Any:
        """A value of the playbook.

        :param known: what its tasks have registered
        """
        return self._templar(known).template(text)

    def var(self, name: str, **known: Any) -> Any:
        return self.template(self._vars[name], **known)

    def writes(self, **known: Any) -> list[str]:
        """The modules of the tasks that may change something and are taken, in their order."""
        templar, taken = self._templar(known), []
        for task in _flat(self.tasks):
            module = next((each for each in task if each.startswith("mfaops.auth0.auth0_")), "").rpartition(".")[2]
            conditions = task.get("when", [])
            conditions = conditions if isinstance(conditions, list) else [conditions]
            if module in MODULES and not task.get("check_mode") and all(map(templar.evaluate_conditional, conditions)):
                taken.append(module)
        return taken

    def _templar(self, known: dict[str, Any]) -> Templar:
        return Templar(loader=DataLoader(), variables={**self._vars, **known})


def _flat(tasks: list[dict]) -> Iterator[dict]:
    for task in tasks:
        yield from _flat(task["block"]) if "block" in task else [task]


def row(user_id: str | None, **facts: Any) -> dict[str, Any]:
    """A user in the result of a task."""
    return {"user_id": user_id, "error": None, "msg": None, "removed_ids": ["phone|1"], "ticket_file": None, **facts}


def failed(user_id: str | None, why: str) -> dict[str, Any]:
    return row(user_id, error={"msg": why}, msg=why)


# As the list has them: the order is neither that of the IDs nor that of the addresses.
CONTENT = "\ufeffz@example.com\n\n  auth0|7\r\nm@example.com\nnobody@example.com\na@example.com"
IDS = ["auth0|1", "auth0|7", "auth0|9", None, "auth0|3"]
CHECKED = {"users": [failed(None, "no user has this address") if each is None else row(each) for each in IDS]}


@pytest.fixture
def many():
    """The playbook for a list, and what it is given."""
    play = Play("reset_users")
    return play, {**play.defaults, "users_file": "users.txt"}


def test_users_are_reset_in_the_order_of_the_list(many):
    play, given = many
    assert play.var("left", given=given, checked=CHECKED) == [
        {"user_id": "auth0|1", "source": "z@example.com (line 1)"},
        {"user_id": "auth0|7", "source": "auth0|7 (line 3)"},
        {"user_id": "auth0|9", "source": "m@example.com (line 4)"},
        {"user_id": "auth0|3", "source": "a@example.com (line 6)"},
    ]


def test_who_has_failed_is_left_out_of_the_steps_after_that(many):
    play, given = many
    known = {"given": given, "checked": CHECKED, "tokens": {"users": [failed("auth0|7", "no"), row("auth0|9")]}}
    assert [each["user_id"] for each in play.var("left", **known)] == ["auth0|1", "auth0|9", "auth0|3"]
    assert play.var("blocked_ids", **known) == ["auth0|1", "auth0|9", "auth0|3"]


def of_a_second_run() -> dict[str, Any]:
    """One user whose link is there and who has no authenticators, one who has some again, and the rest."""
    checked = [{**each, "removed_ids": []} if each["user_id"] == "auth0|7" else each for each in CHECKED["users"]]
    links = {"auth0|7": "/links/seven", "auth0|9": "/links/nine"}
    foreseen = [row(each, ticket_file=links.get(each)) for each in IDS if each is not None]
    return {"checked": {"users": checked}, "foreseen": {"users": foreseen}}


def test_a_second_run_only_unblocks_whom_the_first_one_reset(many):
    play, given = many
    known = {"given": given, **of_a_second_run()}
    assert play.var("reset_before", **known) == ["auth0|7"]
    assert [each["user_id"] for each in play.var("left", **known)] == ["auth0|1", "auth0|3"]
    assert play.var("blocked_ids", **known) == ["auth0|1", "auth0|7", "auth0|3"]
    # If that is all there is to do, nothing else is done.
    known["checked"] = {"users": [each for each in known["checked"]["users"] if each["user_id"] == "auth0|7"]}
    known["foreseen"] = {"users": [each for each in known["foreseen"]["users"] if each["user_id"] == "auth0|7"]}
    assert play.writes(**known) == ["auth0_user_block"]
    assert play.writes(**{**known, "given": {**given, "unblock": False}}) == []


def test_who_has_a_link_and_authenticators_is_not_touched_and_told(many):
    play, given = many
    (told,) = [task for task in play.tasks if "said" in task.get("vars", {})]
    steps = dict.fromkeys(("sessions", "tokens", "browsers", "removed", "tickets", "blocks"), {"skipped": True})
    known = {"given": given, **steps, **of_a_second_run()}
    known["outcomes"] = play.template(told["vars"]["outcomes"], **known)
    said = play.template(told["vars"]["said"], **known)
    assert said == [
        "Nothing was done in this run for nobody@example.com (line 5): no user has this address",
        "Nothing was done in this run for m@example.com (line 4): /links/nine exists already, and nobody may have read it yet. "
        "But the user has authenticators. If they are to be removed, move the file away.",
    ]


@pytest.mark.parametrize("name, switch", SWITCHES)
def test_each_variable_leaves_out_its_own_step_and_no_other(name, switch):
    play = Play(name)
    given = play.defaults
    known = {"checked": CHECKED, "found": {"user_id": "auth0|1"}}
    assert play.writes(given=given, **known) == [*MODULES]
    (own,) = [each for each, of in MODULES.items() if switch in (of, of.get(name) if isinstance(of, dict) else None)]
    assert play.writes(given={**given, switch: False}, **known) == [each for each in MODULES if each != own]
