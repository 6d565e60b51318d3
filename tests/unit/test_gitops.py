# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts of the GitOps example: the exit code and the summary of a run, and one issue as long as the tenant differs."""

from __future__ import annotations

import importlib.util
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from tests.support.playbook import ROOT


def script(name: str):
    """A script of the example as a module."""
    spec = importlib.util.spec_from_file_location(
        "gitops_" + name, ROOT / "docs" / "examples" / "gitops" / (name + ".py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MFA, ISSUE = script("mfa"), script("issue")
LOCKOUT = {
    "source": "tenant",
    "reason": None,
    "users": 20,
    "unread": 0,
    "locked_out": 1,
    "must_enroll": 2,
    "sample": [{"user_id": "auth0|1", "factors": ["phone"]}],
    "refused": True,
}


@pytest.mark.parametrize(
    "command, result, code",
    [
        # Without a result nothing was changed: a variable was refused, or the playbook did not start.
        ("apply", 2, MFA.REFUSED),
        ("apply", 1, MFA.COULD_NOT_LOOK),
        ("apply", 0, MFA.COULD_NOT_LOOK),
        ("drift", 2, MFA.REFUSED),
        ("drift", -9, MFA.COULD_NOT_LOOK),
        ("drift", {"changed": False}, MFA.IN_SYNC),
        ("drift", {"changed": True}, MFA.DIFFERS),
        ("drift", {"changed": True, "lockout": LOCKOUT}, MFA.DIFFERS),
        ("drift", {"failed": True, "changed": False, "msg": "401"}, MFA.COULD_NOT_LOOK),
        ("drift", {"failed": True, "mistakes": ["policy.yml:1:1: x"]}, MFA.REFUSED),
        ("show", {"changed": True, "lockout": LOCKOUT}, MFA.REFUSED),
        ("show", {"changed": True, "lockout": None}, MFA.DIFFERS),
        ("apply", {"changed": True}, MFA.IN_SYNC),
        ("apply", {"failed": True, "refused": True, "lockout": LOCKOUT}, MFA.REFUSED),
        ("apply", {"failed": True, "changed": False, "msg": "401"}, MFA.COULD_NOT_LOOK),
        ("apply", {"failed": True, "changed": True, "applied": ["otp=True"]}, MFA.FAILED),
        ("apply", {"failed": True, "changed": False, "applied": []}, MFA.FAILED),
    ],
)
def test_a_run_has_one_of_five_ends(command, result, code):
    result, ended = (None, result) if isinstance(result, int) else (result, 2 if result.get("failed") else 0)
    assert MFA.judge(command, result, ended) == code
    text = MFA.summary(command, code, result)
    assert text.startswith("## MFA policy\n\n")
    if code == MFA.FAILED:
        assert ("may be changed in part" in text) is result["changed"] is not ("Nothing was changed" in text)


def test_what_is_noted_before_the_tenant_is_changed_is_a_run_that_was_cut_off():
    (play,) = yaml.safe_load((ROOT / "playbooks" / "policy.yml").read_text())
    checked, noted, changes, *_others = play["tasks"]
    assert "mfaops.auth0.variables" in checked and "block" in changes
    assert "failed=true, changed=true, applied=[]" in noted["ansible.builtin.copy"]["content"]
    note = {"failed": True, "changed": True, "applied": []}
    assert MFA.judge("apply", note, -9) == MFA.FAILED


def test_a_summary_tells_differences_and_users():
    result = {"changed": True, "lockout": LOCKOUT}
    result["differences"] = [{"setting": "actions.a|b`</td>", "before": None, "after": {"a": 1}}]
    text = MFA.summary("show", MFA.REFUSED, result)
    assert '| `actions.a\\|b\'</td>` | `null` | `{"a": 1}` |' in text
    assert "1 of 20 have second factors of which none is on afterward" in text and "  - `auth0|1`: phone\n" in text
    assert "allow_lockout=true" in text
    unknown = {**LOCKOUT, **dict.fromkeys(("source", "users", "unread", "locked_out", "must_enroll"))}
    assert "Nobody counted" in MFA.summary(
        "drift", MFA.DIFFERS, {"changed": True, "lockout": {**unknown, "reason": "skip"}}
    )


def test_words_without_a_meaning_run_nothing(capsys):
    assert MFA.main(["deploy"]) == MFA.COULD_NOT_LOOK and "python3 mfa.py apply" in capsys.readouterr().err


@pytest.fixture
def forge():
    """Issues of a project on GitHub and on GitLab, behind the few calls that both have."""
    issues: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            if self.command == "GET":
                assert "labels=mfa-drift" in self.path
                shown = [each for each in issues if each["open"]]
            elif self.command == "POST":
                shown = {"number": len(issues) + 1, "iid": len(issues) + 1, "open": True, **body}
                issues.append(shown)
            else:
                shown = issues[int(self.path.rpartition("/")[2]) - 1]
                shown.update(body, open=not {"state", "state_event"} & body.keys())
            content = json.dumps(shown).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = answer

        def log_message(self, *_arguments):
            """Prints nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", issues
        server.shutdown()


@pytest.mark.parametrize("kind", ["GitHub", "GitLab"])
def test_one_issue_is_open_as_long_as_the_tenant_differs(forge, kind):
    address, issues = forge
    environ = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "t"}
    if kind == "GitLab":
        environ = {"CI_API_V4_URL": address, "CI_PROJECT_ID": "7", "GITLAB_TOKEN": "t"}
    days = [(0, ""), (2, "first"), (1, ""), (2, "second"), (4, ""), (0, ""), (0, ""), (2, "third")]
    seen = []
    for code, text in days:
        ISSUE.keep(code, text, environ)
        seen.append([each["open"] for each in issues])
    assert seen == [[], [True], [True], [True], [True], [False], [False], [False, True]]
    assert [each.get("body", each.get("description")) for each in issues] == ["second", "third"]
