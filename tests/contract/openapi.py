# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Auth0's published OpenAPI documents as the judge of requests and answers, and the one list of where they are wrong.

The documents are OpenAPI 3.1, whose schemas are JSON Schema 2020-12, so a JSON Schema validator is all that is needed.
"""

from __future__ import annotations

import json
import os
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, quote

import jsonschema_rs

from tests.emulator.launch import PROJECT_ROOT

FORM = "application/x-www-form-urlencoded"

# Where the emulator does what the documents do not describe, and why. A key is a glob over the findings: the operation
# and a status that is not listed; or the operation, `request` or the status, and the place in the body that differs.
DEVIATIONS = {
    "* 413": "prose: a body of the Management API has at most a megabyte",
    "* 414": "prose: an address can be too long",
    "* 429": "one limiter covers every call of a tenant; the documents list the status for most of them only",
    "* /mfa/* 403": "a JWT without the scope (status undocumented); an application without the grant (public threads)",
    "* /guardian/enrollments/{id} 404": "recorded, with `enrollment_not_found`",
    "POST /actions/actions/{id}/deploy 200": "recorded 22 times; the documents say 202",
    "DELETE /actions/actions/{id} 409": "observed by other tools: it is bound; the documents list no 409",
    "POST /actions/actions/{id}/deploy 404": "recorded for the other calls on one Action: it does not exist",
    "* /actions/* 20? */current_version": "recorded, though the schemas neither know nor allow it",
    "POST /guardian/enrollments/ticket 409": "a support article: several custom domains, and none is chosen",
    "GET /actions/triggers 200 /triggers/*/id": "recorded: `mcp-tool`, which the documents do not know yet",
    "GET /authorize 400 content-type": "a page for the person: there is no one else to tell",
    "GET /mfa/authenticators 200 /*/authenticator_type": "WebAuthn is listed; the documents know no value for it",
    "POST /mfa/* request /oob_channel*": "e-mail as a channel is described in prose",
    "POST /mfa/challenge request /challenge_type*": "in prose it is optional, and may be a list separated by spaces",
    "POST /oauth/token request *password-realm": "prose and every client use this grant; the documents do not know it",
    "POST /oauth/token request /organization": "auth0-python 4 sends null when there is none",
    "POST /oauth/token request /client_*": "HTTP Basic or an assertion may take the place of its secret",
    "POST /users/{id}/multifactor/actions/invalidate-remember-browser 404": "no such user; status undocumented",
    "PUT /users/{id}/authentication-methods 404": "the user does not exist; the document lists it for POST only",
    "GET */logs* 200 */client_id": "a user who follows a ticket comes by no application; undocumented",
    "DELETE /users/{id}/authenticat* 404": "the same, by the switch delete-all-unknown-user-status",
    **{
        f"GET */logs* 200 */{key}": "recorded as null where it does not apply"
        for key in (
            "audience",
            "client_name",
            "connection",
            "connection_id",
            "hostname",
            "location_info",
            "strategy",
            "strategy_type",
            "user_id",
            "user_name",
        )
    },
}


def reference_folder() -> Path:
    """The folder with documents and recordings, there or not: ``MFAOPS_SHARED``, or ``shared`` beside the project."""
    return Path(os.environ.get("MFAOPS_SHARED") or PROJECT_ROOT.parent / "shared") / "auth0"


@cache
def documents() -> dict[str, dict]:
    """The two documents by the prefix of their paths; none when they are not at hand."""
    names = {"": "authentication", "/api/v2": "management"} if reference_folder().is_dir() else {}
    return {
        prefix: json.loads((reference_folder() / f"{name}-subset.json").read_text(encoding="utf-8"))
        for prefix, name in names.items()
    }


@cache
def _operations() -> list[tuple[str, re.Pattern, str, str, dict]]:
    """Method, pattern of the path, prefix, template and description of every operation; literal paths first."""
    found = [
        (
            method.upper(),
            re.compile(re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(prefix + template))),
            prefix,
            template,
            it,
        )
        for prefix, document in documents().items()
        for template, operations in document["paths"].items()
        for method, it in operations.items()
    ]
    return sorted(found, key=lambda operation: operation[3].count("{"))


def operations() -> set[str]:
    """Every operation that is described, as ``GET /users/{id}``."""
    return {f"{method} {template}" for method, _pattern, _prefix, template, _description in _operations()}


@cache
def _validator(prefix: str, *keys: str) -> jsonschema_rs.Draft202012Validator:
    """The validator of the schema that stands at ``keys`` in a document."""
    registry = jsonschema_rs.Registry([(f"urn:document:{name or '/'}", it) for name, it in documents().items()])
    pointer = quote("/".join(key.replace("~", "~0").replace("/", "~1") for key in keys), safe="/~")
    reference = {"$ref": f"urn:document:{prefix or '/'}#/{pointer}"}
    return jsonschema_rs.Draft202012Validator(reference, registry=registry, validate_formats=True)


class Judge:
    """Holds requests and answers against the documents.

    ``met`` collects ``GET /users/{id} 200`` and every deviation; ``findings`` the texts of those not in ``DEVIATIONS``.
    """

    def __init__(self):
        self.met: set[str] = set()
        self.findings: list[str] = []

    def judge(
        self, method: str, path: str, request: tuple[str, bytes], status: int, headers: dict[str, str], body: bytes
    ) -> None:
        """Look at one request and its answer; what no document describes is not looked at.

        :param path: still encoded, without the query.
        :param request: content type and body.
        :param headers: the answer's, names in lower case.
        """
        for verb, pattern, prefix, template, description in _operations():
            if verb == method and pattern.fullmatch(path):
                break
        else:
            return
        operation = f"{method} {template}"
        place = (prefix, "paths", template, method.lower())
        self.met.add(f"{operation} {status}")
        if status < 300 and "requestBody" in description:
            self._request(operation, place, description["requestBody"]["content"], *request)
        described = description["responses"].get(str(status))
        if described is None:
            self._note(f"{operation} {status}", f"the status is not described: {body[:300]!r}")
            return
        if status == 204 and body:
            self._note(f"{operation} 204 body", "is not empty")
        if status == 204 or "content" not in described:
            return
        kind = headers.get("content-type", "").partition(";")[0]
        if kind not in described["content"]:
            self._note(f"{operation} {status} content-type", f"is {kind!r}")
            return
        place = (*place, "responses", str(status), "content", kind, "schema")
        self._body(f"{operation} {status}", place, json.loads(body))

    def _request(self, operation: str, place: tuple, content: dict, kind: str, body: bytes) -> None:
        """An accepted request must be a described one. Where forms are described, JSON is by their words."""
        described = FORM if FORM in content else "application/json"
        # The documents allow forms in other places as well; the emulator reads JSON there, whatever the body is called.
        is_form = operation == "POST /oauth/token" and kind.partition(";")[0] == FORM
        sent = dict(parse_qsl(body.decode())) if is_form else json.loads(body)
        place = (*place, "requestBody", "content", described, "schema")
        discriminator = content[described]["schema"].get("discriminator")
        if discriminator is not None:
            choice = sent[discriminator["propertyName"]]
            if choice not in discriminator["mapping"]:
                self._note(f"{operation} request {choice}", "is not described")
                return
            place = (place[0], *discriminator["mapping"][choice].removeprefix("#/").split("/"))
        self._body(f"{operation} request", place, sent)

    def _body(self, what: str, place: tuple, value: object) -> None:
        for found in _validator(*place).iter_errors(value):
            for error in _causes(found):
                for where in _places(error):
                    self._note(f"{what} {where}", error.message[:300])

    def _note(self, deviation: str, text: str) -> None:
        known = next((pattern for pattern in DEVIATIONS if fnmatchcase(deviation, pattern)), None)
        if known is None:
            self.findings.append(f"{deviation}: {text}")
        else:
            self.met.add(known)


def _causes(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """What is wrong in the best fitting one of several schemas: the one that is left deepest in the value."""
    branches = getattr(error.kind, "context", None)
    if not branches:
        return [error]
    causes = [[cause for inner in branch for cause in _causes(inner)] for branch in branches]
    return max(causes, key=lambda branch: max(len(cause.instance_path) for cause in branch))


def _places(error: jsonschema_rs.ValidationError) -> list[str]:
    """Where the error is, items of an array as ``*``; a missing or undescribed property is named."""
    path = "".join("/*" if isinstance(part, int) else f"/{part}" for part in error.instance_path)
    if error.kind.name == "required":
        return [f"{path}/{error.kind.property}"]
    if error.kind.name == "additionalProperties":
        return [f"{path}/{name}" for name in error.kind.unexpected]
    return [path or "/"]


def described_answers(method: str, target: str) -> tuple[dict, list[dict]] | None:
    """The document of an operation, and the schemas of its successful answers; None for what no document describes.

    :param target: still encoded, with or without a query
    """
    for verb, pattern, prefix, _template, description in _operations():
        if verb == method and pattern.fullmatch(target.partition("?")[0]):
            answers = [it.get("content", {}) for status, it in description["responses"].items() if status < "300"]
            schemas = [content["application/json"]["schema"] for content in answers if "application/json" in content]
            return documents()[prefix], schemas
    return None
