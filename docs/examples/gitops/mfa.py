# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the collection's playbooks for a pipeline, and says by its exit code what came of it.

    python3 mfa.py export   writes policy.yml from the tenant as it is
    python3 mfa.py show     shows what policy.yml would change
    python3 mfa.py drift    the same, and a difference has an exit code of its own
    python3 mfa.py apply    changes the tenant

Further arguments go to ansible-playbook, such as -e allow_lockout=true. The tenant and the application come from AUTH0_DOMAIN,
AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET. result.json and summary.md say the same as the exit code, with the details.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
POLICY, RESULT, SUMMARY = "policy.yml", "result.json", "summary.md"
COMMANDS = ("export", "show", "drift", "apply")

IN_SYNC, COULD_NOT_LOOK, DIFFERS, FAILED, REFUSED = range(5)
WORDS = {
    IN_SYNC: "The tenant is as the policy says.",
    COULD_NOT_LOOK: "The tenant could not be read. Nothing was changed.",
    DIFFERS: "The tenant differs from the policy.",
    FAILED: "Applying the policy failed.",
    REFUSED: "The policy cannot be applied as it is. Nothing was changed.",
}
# How ansible-playbook ends if a task failed.
TASK_FAILED = 2


def judge(command: str, result: dict | None, ended: int) -> int:
    """What came of a run.

    :param result: what the playbook wrote; None if it wrote nothing: it does that before it changes anything
    :param ended: how ansible-playbook ended
    """
    if result is None:
        # The task that checks the variables.
        return REFUSED if ended == TASK_FAILED else COULD_NOT_LOOK
    if result.get("failed"):
        if "applied" in result:
            return FAILED
        return REFUSED if result.get("mistakes") or result.get("refused") else COULD_NOT_LOOK
    if command == "show" and (result.get("lockout") or {}).get("refused"):
        return REFUSED
    return DIFFERS if result.get("changed") and command != "apply" else IN_SYNC


def summary(command: str, code: int, result: dict | None) -> str:
    """The same in Markdown."""
    result = result or {}
    applied = command == "apply" and code == IN_SYNC and result.get("changed")
    words = "The policy was applied." if applied else WORDS[code]
    if code == FAILED:
        words += " The tenant may be changed in part." if result.get("changed") else " Nothing was changed."
    lines = ["## MFA policy", "", words, ""]
    if result.get("failed") or not result:
        told = result.get("mistakes") or [result.get("msg") or "ansible-playbook ended early. See its output."]
        lines += ["- " + shown(each) for each in told] + [""]
    if result.get("applied"):
        lines += ["Set before the error: " + ", ".join(map(shown, result["applied"])) + ".", ""]
    if result.get("differences"):
        lines += ["| Setting | Tenant | Policy |", "|---|---|---|"]
        for each in result["differences"]:
            cells = [shown(each[name]).replace("|", "\\|") for name in ("setting", "before", "after")]
            lines.append("| %s |" % " | ".join(cells))
        lines.append("")
    lockout = result.get("lockout")
    if lockout:
        lines += ["### Users", "", *told_of(lockout), ""]
    return "\n".join(lines)


def told_of(lockout: dict) -> list[str]:
    """What the change means for users, as lines of Markdown."""
    if lockout["source"] is None:
        return ["Nobody counted who would be locked out: " + shown(lockout["reason"])]
    lines = [
        "- %d of %d have second factors of which none is on afterward. They may be unable to log in."
        % (lockout["locked_out"], lockout["users"]),
        *("  - %s: %s" % (shown(each["user_id"]), ", ".join(each["factors"])) for each in lockout["sample"]),
        "- %d have no second factor and must enroll one when they next log in." % lockout["must_enroll"],
    ]
    if lockout["unread"]:
        lines.append("- %d could not be read." % lockout["unread"])
    if lockout["refused"]:
        lines += ["", "Applying this fails unless it is run with `-e allow_lockout=true`."]
    return lines


def shown(value: object) -> str:
    """A value as code, which no Markdown or HTML in it can leave."""
    text = value if isinstance(value, str) else json.dumps(value)
    return "`%s`" % " ".join(text.replace("`", "'").split())


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return COULD_NOT_LOOK
    command, *more = arguments
    for name in (RESULT, SUMMARY):
        (HERE / name).unlink(missing_ok=True)
    playbook = "mfaops.auth0.export_policy" if command == "export" else "mfaops.auth0.policy"
    given = ["-e", "policy_file=" + POLICY, "--diff"]
    if command != "export":
        given += ["-e", "result_file=" + RESULT]
    if command in ("show", "drift"):
        given.append("--check")
    program = HERE / ".venv" / "bin" / "ansible-playbook"
    found = str(program) if program.exists() else shutil.which("ansible-playbook")
    if found is None:
        print("ansible-playbook is not installed. Run ./install.sh.", file=sys.stderr)
        return COULD_NOT_LOOK
    ended = subprocess.run([found, playbook, *given, *more], cwd=HERE, check=False).returncode
    if command == "export":
        return IN_SYNC if ended == 0 else COULD_NOT_LOOK
    try:
        result = json.loads((HERE / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        result = None
    code = judge(command, result, ended)
    text = summary(command, code, result)
    (HERE / SUMMARY).write_text(text, encoding="utf-8")
    (HERE / RESULT).write_text(json.dumps({**(result or {}), "exit_code": code}, indent=2) + "\n", encoding="utf-8")
    print(text)
    return IN_SYNC if command == "show" and code == DIFFERS else code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
