# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps one issue open while the tenant differs from the policy: python3 issue.py, after python3 mfa.py drift.

The first drift opens an issue with the label mfa-drift, later ones replace its text, and a tenant as the policy says closes it. A run
that could not read the tenant changes no issue. On GitHub it takes GITHUB_TOKEN (issues: write), on GitLab GITLAB_TOKEN: a project access
token with the scope api and the role Reporter.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
LABEL, TITLE = "mfa-drift", "The tenant differs from the MFA policy"
IN_SYNC, DIFFERS = 0, 2


def call(method: str, url: str, headers: dict[str, str], body: dict | None = None):
    """The answer to one request."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, content, {**headers, "Content-Type": "application/json", "User-Agent": "mfa-drift"}, method=method
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def keep(code: int, text: str, environ: dict[str, str]) -> str:
    """Open, replace or close the issue; says what was done.

    :param code: the exit code of the comparison
    """
    if code not in (IN_SYNC, DIFFERS):
        return "The tenant was not compared. The issue stays as it is."
    if "GITLAB_TOKEN" in environ:
        issues = "%s/projects/%s/issues" % (environ["CI_API_V4_URL"], environ["CI_PROJECT_ID"])
        headers = {"PRIVATE-TOKEN": environ["GITLAB_TOKEN"]}
        opened, number, written, change = "opened", "iid", "description", "PUT"
        closed, labels = {"state_event": "close"}, LABEL
    else:
        issues = "%s/repos/%s/issues" % (environ["GITHUB_API_URL"], environ["GITHUB_REPOSITORY"])
        headers = {"Authorization": "Bearer " + environ["GITHUB_TOKEN"], "Accept": "application/vnd.github+json"}
        opened, number, written, change = "open", "number", "body", "PATCH"
        closed, labels = {"state": "closed"}, [LABEL]
    query = urllib.parse.urlencode({"labels": LABEL, "state": opened})
    found = call("GET", issues + "?" + query, headers)
    if found:
        one = "%s/%s" % (issues, found[0][number])
        call(change, one, headers, closed if code == IN_SYNC else {written: text})
        return "The issue was closed." if code == IN_SYNC else "The issue has the new text."
    if code == IN_SYNC:
        return "There is no issue to close."
    call("POST", issues, headers, {"title": TITLE, written: text, "labels": labels})
    return "An issue was opened."


if __name__ == "__main__":
    result = json.loads((HERE / "result.json").read_text(encoding="utf-8"))
    summary = (HERE / "summary.md").read_text(encoding="utf-8")
    print(keep(result["exit_code"], summary, dict(os.environ)), file=sys.stderr)
