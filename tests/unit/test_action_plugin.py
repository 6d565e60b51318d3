# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugins print progress if somebody wants to see it and the file is on this machine, and hide a token, not an error."""

from __future__ import annotations

import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.mfaops.auth0.plugins.action import auth0_mfa_authenticator_info as plugin
from ansible_collections.mfaops.auth0.plugins.modules.auth0_mfa_authenticator_info import MANY_USERS

ROOT = Path(__file__).resolve().parents[2]


def can_follow(monkeypatch, options, verbosity=1, transport="local", become=False, async_val=0):
    monkeypatch.setattr(plugin, "display", SimpleNamespace(verbosity=verbosity))
    action = object.__new__(plugin.ActionModule)
    action._connection = SimpleNamespace(transport=transport)
    action._play_context = SimpleNamespace(become=become)
    action._task = SimpleNamespace(async_val=async_val)
    return action._can_follow(options)


@pytest.mark.parametrize("option", MANY_USERS.options)
def test_a_task_for_many_users_is_followed(monkeypatch, option):
    assert can_follow(monkeypatch, {option: ["x"]})


@pytest.mark.parametrize(
    "options, circumstances",
    [
        pytest.param({"query": "*"}, {"verbosity": 0}, id="nobody asked for it"),
        pytest.param({"user_id": "auth0|1"}, {}, id="one user"),
        pytest.param({"query": None}, {}, id="option without a value"),
        pytest.param({"query": "*", "progress_path": "mine"}, {}, id="the task has a file of its own"),
        pytest.param({"query": "*"}, {"transport": "ssh"}, id="another machine"),
        pytest.param({"query": "*"}, {"become": True}, id="another user of this machine"),
        pytest.param({"query": "*"}, {"async_val": 60}, id="in the background"),
    ],
)
def test_another_task_is_not_followed(monkeypatch, options, circumstances):
    assert not can_follow(monkeypatch, options, **circumstances)


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(plugin, "SECONDS_BETWEEN_READS", 0.001)


def test_lines_are_shown_while_the_block_runs_and_the_last_ones_at_its_end(tmp_path):
    path, shown = tmp_path / "progress", []
    with plugin.followed(str(path), shown.append):
        assert shown == []
        path.write_text("one\ntwo\n")
        deadline = time.monotonic() + 30
        while len(shown) < 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        assert shown == ["one", "two"]
        with path.open("a") as file:
            file.write("three\n")
    assert shown == ["one", "two", "three"]


def test_a_file_that_never_exists_shows_nothing(tmp_path):
    shown = []
    with plugin.followed(str(tmp_path / "progress"), shown.append):
        pass
    assert shown == []


def test_an_error_in_the_block_goes_on_after_the_last_lines(tmp_path):
    path, shown = tmp_path / "progress", []
    with pytest.raises(ZeroDivisionError), plugin.followed(str(path), shown.append):
        path.write_text("one\n")
        raise ZeroDivisionError
    assert shown == ["one"]


PAGES = [*ROOT.glob("playbooks/*.yml"), *ROOT.glob("docs/**/*.rst"), *ROOT.glob("plugins/modules/*.py")]


def test_nothing_that_is_copied_hides_why_there_is_no_token():
    """``no_log`` would, before ansible-core 2.19. The plugin hides the token."""
    tasks = {path.name: re.findall(r"auth0_api_token:\n(?: +.+\n)*", path.read_text()) for path in PAGES}
    assert sum(map(len, tasks.values())) >= 8
    assert [name for name, found in tasks.items() if any("no_log" in task for task in found)] == []
