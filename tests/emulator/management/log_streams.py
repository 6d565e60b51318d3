# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/log-streams`` as objects: nothing is delivered (recorded: go-auth0 ``TestLogStreamManager_Update``; members: the types of node-auth0 6)."""

from __future__ import annotations

from ..http.errors import management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, Schema, array, boolean, invalid_body, record, text

# What the sink of each type needs.
SINKS = {
    "http": ("httpEndpoint",),
    "eventbridge": ("awsAccountId", "awsRegion"),
    "eventgrid": ("azureSubscriptionId", "azureRegion", "azureResourceGroup"),
    "datadog": ("datadogApiKey", "datadogRegion"),
    "splunk": ("splunkDomain", "splunkPort", "splunkToken", "splunkSecure"),
    "sumo": ("sumoSourceAddress",),
    "segment": ("segmentWriteKey",),
    "mixpanel": (
        "mixpanelRegion",
        "mixpanelProjectId",
        "mixpanelServiceAccountUsername",
        "mixpanelServiceAccountPassword",
    ),
}
_FILTERS = (
    "auth.login.fail auth.login.notification auth.login.success auth.logout.fail auth.logout.success auth.signup.fail "
    "auth.signup.success auth.silent_auth.fail auth.silent_auth.success auth.token_exchange.fail auth.token_exchange.success "
    "management.fail management.success scim.event system.notification user.fail user.notification user.success actions other"
).split()
_CONTENT: dict[str, Schema] = {
    "name": text("log stream name"),
    "isPriority": boolean("True for priority log streams, false for non-priority"),
    "filters": array(record({"type": text(values=["category"]), "name": text(values=_FILTERS)}, is_open=True)),
    "pii_config": record(
        {
            "log_fields": array(text()),
            "method": text(values=["mask", "hash"]),
            "algorithm": text(values=["xxhash"]),
        },
        ["log_fields"],
    ),
    "sink": {"type": "object"},
}
_CREATE = Body(record({**_CONTENT, "type": text(values=list(SINKS)), "startFrom": text()}, ["type", "sink"]))
_UPDATE = Body(record({**_CONTENT, "status": text(values=["active", "paused", "suspended"])}))


def list_streams(call: Call) -> tuple[int, list]:
    """``GET /log-streams``."""
    return 200, list(call.tenant.configuration.log_streams.values())


def get_stream(call: Call) -> tuple[int, dict]:
    """``GET /log-streams/{id}``; the secrets of its sink are answered (recorded)."""
    return 200, _existing(call)


def create_stream(call: Call) -> tuple[int, dict]:
    """``POST /log-streams``: 200 (recorded)."""
    body = call.content
    _check_sink(body["type"], body["sink"])
    configuration = call.tenant.configuration
    configuration.streams_made += 1
    stream_id = f"lst_{configuration.streams_made:016d}"
    stream = {
        "id": stream_id,
        "name": body.get("name", body["type"]),
        "type": body["type"],
        "status": "active",
        "sink": body["sink"],
        "filters": body.get("filters", []),
        "isPriority": body.get("isPriority", False),
    }
    if "pii_config" in body:
        stream["pii_config"] = body["pii_config"]
    configuration.log_streams[stream_id] = stream
    return 200, stream


def update_stream(call: Call) -> tuple[int, dict]:
    """``PATCH /log-streams/{id}``: without ``pii_config`` there is none afterward (recorded)."""
    stream = _existing(call)
    changed = {name: value for name, value in stream.items() if name != "pii_config"} | call.content
    if "sink" in call.content:
        changed["sink"] = stream["sink"] | call.content["sink"]
    _check_sink(stream["type"], changed["sink"])
    call.tenant.configuration.log_streams[stream["id"]] = changed
    return 200, changed


def delete_stream(call: Call) -> tuple[int, None]:
    """``DELETE /log-streams/{id}``."""
    del call.tenant.configuration.log_streams[_existing(call)["id"]]
    return 204, None


def _existing(call: Call) -> dict:
    stream = call.tenant.configuration.log_streams.get(call.path["id"])
    if stream is None:
        raise management_error(404, "The log stream does not exist.")
    return stream


def _check_sink(kind: str, sink: dict) -> None:
    for name in SINKS[kind]:
        if name not in sink:
            raise invalid_body(f"Missing required property: {name}", "sink")


_PATH = "/api/v2/log-streams"
_ONE = _PATH + "/{id}"
ROUTES = [
    Route("GET", _PATH, list_streams, ("read:log_streams",)),
    Route("POST", _PATH, create_stream, ("create:log_streams",), body=_CREATE, title="Create a log stream"),
    Route("GET", _ONE, get_stream, ("read:log_streams",)),
    Route("PATCH", _ONE, update_stream, ("update:log_streams",), body=_UPDATE, title="Update a log stream"),
    Route("DELETE", _ONE, delete_stream, ("delete:log_streams",), title="Delete log stream"),
]
