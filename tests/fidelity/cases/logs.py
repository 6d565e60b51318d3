# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log and exports of users. Each function is a case of the manifest."""

from __future__ import annotations

import re

from ..checks import NotSeen, equal, has_status, holds, refused_by_management
from ..lab import Lab
from ..tenant import Answer, encoded


def newest_first(lab: Lab) -> None:
    dates = [entry["date"] for entry in entries(lab)]
    equal("order", dates == sorted(dates, reverse=True), True)


def entry(lab: Lab) -> None:
    found = entries(lab)[0]
    equal("_id", found["_id"], found["log_id"])
    for name in ("date", "type"):
        holds(isinstance(found[name], str), f"{name} is missing")


def one_entry(lab: Lab) -> None:
    log_id = entries(lab)[0]["log_id"]
    equal("log_id", has_status(lab.manage("GET", f"/logs/{encoded(log_id)}"), 200).member("log_id"), log_id)


def unknown_entry(lab: Lab) -> None:
    has_status(lab.manage("GET", f"/logs/9002{'0' * 51}"), 404)


def ascending_from(lab: Lab) -> None:
    found = entries(lab)
    after = has_status(lab.manage("GET", "/logs", query={"from": found[-1]["log_id"], "take": 2}), 200)
    ids = [item["log_id"] for item in after.body]
    holds(found[-1]["log_id"] not in ids, "the entry of from is there itself")
    equal("order", ids == sorted(ids), True)


def next_link(lab: Lab) -> None:
    answer = has_status(lab.manage("GET", "/logs", query={"from": entries(lab)[-1]["log_id"], "take": 2}), 200)
    holds(
        re.search(r'<[^>]*[?&]from=[^>]*>; *rel="?next"?', answer.headers.get("link", "")) is not None, "no next link"
    )


def take_of_101(lab: Lab) -> None:
    answer = lab.manage("GET", "/logs", query={"from": entries(lab)[-1]["log_id"], "take": 101})
    refused_by_management(answer, 400)


def page_of_101(lab: Lab) -> None:
    refused_by_management(logs(lab, per_page=101), 400, code="invalid_query_string")


def search_by_type(lab: Lab) -> None:
    kind = entries(lab)[0]["type"]
    found = has_status(logs(lab, q=f"type:{kind}", per_page=5), 200).body
    equal("types", {item["type"] for item in found}, {kind})


def user_without_logins(lab: Lab) -> None:
    found = has_status(lab.manage("GET", f"/users/{encoded('auth0|ffffffffffffffffffffffff')}/logs"), 200).body
    equal("entries", found, [])


def export_job(lab: Lab) -> None:
    job = has_status(export(lab), 200).body
    members = {name: job.get(name) for name in ("type", "status", "format", "limit")}
    equal("job", members, {"type": "users_export", "status": "pending", "format": "json", "limit": 1})
    holds(re.fullmatch(r"job_[A-Za-z0-9]{16}", job["id"]) is not None, "the id is not job_ and 16 characters")


def export_of_wrong_format(lab: Lab) -> None:
    refused_by_management(export(lab, format="xml"), 400, code="invalid_body")


def export_with_many_columns(lab: Lab) -> None:
    fields = [{"name": f"user_metadata.field{number}"} for number in range(31)]
    has_status(export(lab, format="csv", fields=fields), 400)


def unknown_job(lab: Lab) -> None:
    has_status(lab.manage("GET", "/jobs/job_AAAAAAAAAAAAAAAA"), 404)


def entries(lab: Lab) -> list[dict]:
    """The newest entries of the log."""
    found = has_status(logs(lab, per_page=5), 200).body
    if not found:
        raise NotSeen("the log is empty")
    return found


def logs(lab: Lab, **query: str | int) -> Answer:
    """``GET /logs``."""
    return lab.manage("GET", "/logs", query={"sort": "date:-1", **query})


def export(lab: Lab, **members: object) -> Answer:
    """Start an export of one user's ID."""
    body = {"format": "json", "limit": 1, "fields": [{"name": "user_id"}], **members}
    return lab.manage("POST", "/jobs/users-exports", json=body)
