# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error bodies of the three API families (API.md §0.1)."""

from __future__ import annotations

from http import HTTPStatus


class ApiError(Exception):
    """An error response, raised by a handler and sent by the application.

    :param status: HTTP status.
    :param body: JSON body in the shape of the API family.

    ``headers`` are what the answer carries besides the usual ones, or in their place.
    """

    def __init__(self, status: int, body: dict):
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers: dict[str, str] = {}


def management_error(status: int, message: str, code: str | None = None, **extra) -> ApiError:
    """An error of the Management API: ``statusCode``, ``error``, ``message`` and, where given, ``errorCode``."""
    body = {"statusCode": status, "error": HTTPStatus(status).phrase, "message": message, **extra}
    if code is not None:
        body["errorCode"] = code
    return ApiError(status, body)


def oauth_error(status: int, error: str, description: str, **extra) -> ApiError:
    """An error of the Authentication and MFA APIs: ``error`` and ``error_description``."""
    return ApiError(status, {"error": error, "error_description": description, **extra})


def problem(status: int, title: str, detail: str, number: int = 1, errors: list[dict] | None = None) -> ApiError:
    """An error of the My Account API: ``type``, ``status``, ``title``, ``detail`` and perhaps ``validation_errors``.

    ``number`` is the last part of the type's address, ``A0E-<status>-<number>``, seen in the tests of Auth0's SDKs.
    """
    body = {
        "type": f"https://auth0.com/api-errors/A0E-{status}-{number:04d}",
        "status": status,
        "title": title,
        "detail": detail,
    }
    if errors is not None:
        body["validation_errors"] = errors
    return ApiError(status, body)


def too_large(api: str, status: int) -> ApiError:
    """413 of a body, or 414 of an address, that is too long, in the shape of ``api``."""
    phrase = {413: "Payload Too Large", 414: "URI Too Long"}[status]  # versions of Python differ about them
    if api == "management":
        return management_error(status, phrase, error=phrase)
    if api == "my-account":
        return problem(status, phrase, phrase)
    return oauth_error(status, phrase.lower().replace(" ", "_"), phrase)


def unknown_path(api: str) -> ApiError:
    """The 404 of a path (or method) that does not exist, in the shape of ``api``."""
    if api == "management":
        return management_error(404, "Not Found")
    if api == "my-account":
        return problem(404, "Not Found", "Not Found")
    return oauth_error(404, "not_found", "Not Found")
