# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/jobs/*`` of the Management API, and the download of an export (API.md §3.7)."""

from __future__ import annotations

import functools
import secrets
from urllib.parse import quote

from ..http.errors import ApiError, management_error, oauth_error
from ..http.files import CONTENT_TYPE, File
from ..http.routing import Call, Route
from ..http.schemas import Body, array, invalid_body, record, text, whole_number
from ..state.jobs import JOB_LIFETIME, LINK_LIFETIME, Job
from ..state.tenant import Tenant
from ..users.models import ALPHANUMERIC
from ..users.times import iso
from .exports import DEFAULT_FIELDS, MOST_CSV_FIELDS, lines, rows

_FIELD = record(
    {
        "name": text("Name of the field in the profile.", longest=100),
        "export_as": text("Title of the column in the exported CSV.", longest=100),
    },
    ["name"],
)
_CREATE = Body(
    record(
        {
            "connection_id": text(
                "connection_id of the connection from which users will be exported.",
                pattern="^con_[A-Za-z0-9]{16}$",
            ),
            "format": text("Format of the file. Must be `json` or `csv`.", values=["json", "csv"]),
            "limit": whole_number("Limit the number of records.", 1),
            "fields": array(
                _FIELD, "List of fields to be included in the CSV. Defaults to a predefined set of fields."
            ),
        }
    )
)


def create_export(call: Call) -> tuple[int, dict]:
    """``POST /jobs/users-exports``: each call starts a job."""
    body = call.content
    fields = body.get("fields", [])
    file_format = body.get("format", "json")
    if file_format == "csv":
        _check_csv([field["name"] for field in fields])
    connection = None
    if "connection_id" in body:
        connection_id = body["connection_id"]
        connection = next((item for item in call.tenant.connections.values() if item.id == connection_id), None)
        if connection is None:
            raise management_error(400, "The connection does not exist.", "inexistent_connection")
    pairs = tuple((field["name"], field.get("export_as") or field["name"]) for field in fields)
    tenant = call.tenant
    job = Job(
        "job_" + "".join(secrets.choice(ALPHANUMERIC) for _position in range(16)),
        tenant.now(),
        connection,
        file_format,
        body.get("limit"),
        pairs or tuple((name, name) for name in DEFAULT_FIELDS),
    )
    tenant.jobs[job.id] = job
    echoed = {name: body[name] for name in ("limit", "fields") if name in body}
    return 200, {**_job(job, "pending"), **echoed}


def get_job(call: Call) -> tuple[int, dict]:
    """``GET /jobs/{id}``: with a fresh link to the file once the job is completed."""
    job = _existing_job(call)
    status = _status(call.tenant, job)
    answer = _job(job, status)
    if status == "processing":
        answer["percentage_done"] = 50
    elif status == "completed":
        answer["percentage_done"] = 100
        answer["location"] = _location(call, job)
    elif status == "failed":
        answer["status_details"] = "The export failed."
    return 200, answer


def get_job_errors(call: Call) -> tuple[int, dict | None]:
    """``GET /jobs/{id}/errors``: 204 unless the job failed."""
    job = _existing_job(call)
    if _status(call.tenant, job) != "failed":
        return 204, None
    return 200, {**_job(job, "failed"), "status_details": "The export failed."}


def download(call: Call) -> tuple[int, File]:
    """The file behind a job's ``location``. The link needs no token and expires after 60 seconds."""
    tenant = call.tenant
    sealed = tenant.sealer.open(call.query.get("signature", ""))
    if sealed is None or (sealed.get("kind"), sealed.get("job")) != ("export", call.path["job"]):
        raise oauth_error(403, "access_denied", "The signature does not match")
    job = tenant.jobs.get(call.path["job"])
    if job is None or tenant.now() >= sealed["exp"]:
        raise oauth_error(403, "access_denied", "Request has expired")
    call.answer_headers["content-type"] = CONTENT_TYPE
    return 200, File(rows(job, tenant.users()), functools.partial(lines, job))


def _check_csv(names: list[str]) -> None:
    if len(names) > MOST_CSV_FIELDS:
        raise invalid_body(f"Array is too long ({len(names)}), maximum {MOST_CSV_FIELDS}", "fields")
    for name in names:
        if name in ("app_metadata", "user_metadata"):
            raise invalid_body(f"{name} cannot be exported as a whole to CSV: name its members", "fields")


def _existing_job(call: Call) -> Job:
    tenant = call.tenant
    job = tenant.jobs.get(call.path["id"])
    if job is not None and tenant.now() >= job.created_at + JOB_LIFETIME:
        del tenant.jobs[job.id]
        job = None
    if job is None:
        raise _job_not_found()
    return job


def _job_not_found() -> ApiError:
    return management_error(404, "The job does not exist.", "inexistent_job")


def _status(tenant: Tenant, job: Job) -> str:
    return job.status(tenant.now(), tenant.switches["export-seconds"], tenant.switches["export-outcome"])


def _job(job: Job, status: str) -> dict:
    """The members of every answer about a job; ``connection`` is empty if all connections are exported."""
    answer = {"type": "users_export", "status": status, "format": job.format, "created_at": iso(job.created_at)}
    answer["id"] = job.id
    answer["connection"] = job.connection.name if job.connection else ""
    if job.connection:
        answer["connection_id"] = job.connection.id
    return answer


def _location(call: Call, job: Job) -> str:
    tenant = call.tenant
    expires = tenant.now() + LINK_LIFETIME
    signature = tenant.sealer.seal({"kind": "export", "job": job.id, "exp": expires}, expires)
    file = f"{tenant.domain.partition(':')[0]}.{job.format}.gz"
    return f"{call.scheme}://{tenant.domain}/exports/{job.id}/{file}?signature={quote(signature, safe='')}"


_SCOPES = ("create:users", "read:users")
ROUTES = [
    Route("POST", "/api/v2/jobs/users-exports", create_export, ("read:users",), body=_CREATE),
    Route("GET", "/api/v2/jobs/{id}", get_job, _SCOPES),
    Route("GET", "/api/v2/jobs/{id}/errors", get_job_errors, _SCOPES),
    Route("GET", "/exports/{job}/{file}", download),
]
