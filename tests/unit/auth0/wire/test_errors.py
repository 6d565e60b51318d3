# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Auth0 says becomes one line, one class and plain facts."""

from __future__ import annotations

import copy
import pickle

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire import errors
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import from_answer

CASES = [
    (
        403,
        {"error": "expired_token", "error_description": "mfa_token is expired"},
        errors.AuthenticationError,
        "Log in again",
    ),
    (401, {"error": "access_denied", "error_description": "Unauthorized"}, errors.AuthenticationError, "client_secret"),
    (
        403,
        {"error": "invalid_grant", "error_description": "Wrong email or password."},
        errors.AuthenticationError,
        "password",
    ),
    (
        403,
        {"error": "invalid_user_password", "error_description": "Wrong email or password"},
        errors.AuthenticationError,
        "password",
    ),
    (403, {"error": "invalid_grant", "error_description": "Invalid otp_code."}, errors.AuthenticationError, "clock"),
    (
        401,
        {"error": "expired_token", "error_description": "mfa_token is expired"},
        errors.AuthenticationError,
        "Log in again",
    ),
    (
        401,
        {"statusCode": 401, "error": "Unauthorized", "message": "Expired token received for JSON Web Token validation"},
        errors.AuthenticationError,
        "has expired",
    ),
    (
        401,
        {"statusCode": 401, "error": "Unauthorized", "message": "Invalid token"},
        errors.AuthenticationError,
        "this tenant",
    ),
    (
        403,
        {"error": "unauthorized_client", "error_description": "Grant type 'password' not allowed for the client."},
        errors.ForbiddenError,
        "Enable this grant type",
    ),
    (
        403,
        {
            "statusCode": 403,
            "error": "Forbidden",
            "message": "Please upgrade your subscription",
            "errorCode": "insufficient_entitlement",
        },
        errors.ForbiddenError,
        "",
    ),
    (
        404,
        {
            "statusCode": 404,
            "error": "Not Found",
            "message": "The user does not exist.",
            "errorCode": "inexistent_user",
        },
        errors.NotFoundError,
        "user_id",
    ),
    (
        404,
        {"statusCode": 404, "error": "Not Found", "message": "That action does not exist."},
        errors.NotFoundError,
        "",
    ),
    (
        409,
        {"statusCode": 409, "error": "Conflict", "message": "Authentication method already exists"},
        errors.ConflictError,
        "",
    ),
    (
        429,
        {
            "statusCode": 429,
            "error": "Too Many Requests",
            "message": "Global limit has been reached",
            "errorCode": "too_many_requests",
        },
        errors.RateLimitError,
        "",
    ),
    (503, None, errors.ServerError, "no reason"),
    (400, ["not", "an", "object"], errors.BadRequestError, "no reason"),
    (400, {"error": 7, "message": {"a": 1}}, errors.BadRequestError, "no reason"),
]


@pytest.mark.parametrize("status, body, kind, says", CASES)
def test_class_and_text(status, body, kind, says):
    error = from_answer("do it", status, {"X-Auth0-RequestId": "abc"}, body)
    assert error.__class__ is kind
    text = str(error)
    assert text.startswith("Could not do it: ") and "status %d" % status in text and "request id abc" in text
    assert says in text and "\n" not in text


@pytest.mark.parametrize("status", [401, 403])
def test_mfa_required_carries_the_token_but_never_shows_it(status):
    body = {
        "error": "mfa_required",
        "error_description": "Multifactor authentication required",
        "mfa_token": "Fe26.2*secret",
    }
    error = from_answer("log in", status, {}, body)
    assert isinstance(error, errors.MfaRequiredError) and error.mfa_token == "Fe26.2*secret"
    assert "Fe26" not in str(error) + repr(error) + str(error.facts())


def test_a_missing_scope_is_named():
    body = {
        "statusCode": 403,
        "error": "Forbidden",
        "message": "Insufficient scope, expected any of: read:users",
        "errorCode": "insufficient_scope",
    }
    error = from_answer("list the users", 403, {}, body)
    assert isinstance(error, errors.InsufficientScopeError)
    assert error.facts() == {
        "status": 403,
        "error_code": "insufficient_scope",
        "required_scope": "read:users",
        "hint": "Add the scope read:users to the application's grant for this API, then get a new token.",
    }


def test_what_the_server_says_cannot_break_the_line():
    error = from_answer("do it", 400, {}, {"error": "x\ny", "error_description": "a\r\nb\x1b[31m" + "c" * 1000})
    assert "\n" not in str(error) and "\x1b" not in str(error) and len(str(error)) < 450


def complete(kind=errors.BadRequestError, **more):
    return kind(
        "Could not do it",
        status=400,
        code="invalid_body",
        request_id="r1",
        hint="Do it right.",
        required_scope="read:users",
        progress={"done": ["created"]},
        **more,
    )


def facts_of(error):
    return (type(error), str(error), error.facts(), vars(error))


@pytest.mark.parametrize("name", ["message", "hint", "code", "progress"])
def test_an_error_does_not_change(name):
    error = complete()
    with pytest.raises(AttributeError, match="%s of an error cannot be set again" % name):
        setattr(error, name, "other")
    assert facts_of(error) == facts_of(complete())


def test_a_changed_copy_leaves_the_original():
    error = complete()
    changed = error.replace(message="Could not", hint="Do it again.", code="other", progress={"done": []})
    assert (str(changed), changed.progress) == (
        "Could not (status 400, other, request id r1). Do it again.",
        {"done": []},
    )
    assert changed.required_scope == "read:users" and type(changed) is errors.BadRequestError
    assert facts_of(error) == facts_of(complete())
    assert facts_of(error.replace()) == facts_of(error)


def test_another_kind_takes_what_all_errors_have():
    mfa_required = complete(errors.MfaRequiredError, mfa_token="canary")
    assert facts_of(mfa_required.replace(errors.BadRequestError)) == facts_of(complete())
    assert facts_of(complete().replace(errors.AmbiguousWriteError)) == facts_of(complete(errors.AmbiguousWriteError))


@pytest.mark.parametrize(
    "error, name",
    [
        (complete(errors.MfaRequiredError, mfa_token="canary"), "mfa_token"),
        (complete(errors.TransportError, lasting=True), "lasting"),
    ],
    ids=["mfa_token", "lasting"],
)
def test_what_only_this_kind_has_stays_with_the_kind(error, name):
    assert getattr(error.replace(hint="Other."), name) == getattr(error, name)
    assert getattr(error.replace(type(error), hint="Other."), name) == getattr(error, name)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_can_be_copied_and_pickled(again):
    for error in (complete(), complete(errors.MfaRequiredError, mfa_token="canary")):
        assert facts_of(again(error)) == facts_of(error)


def test_python_can_still_note_where_an_error_came_from():
    try:
        try:
            raise complete()
        except errors.BadRequestError as error:
            if hasattr(error, "add_note"):  # Python 3.11 and newer
                error.add_note("one")
                error.__notes__ = ["two"]
            raise error.replace(hint="Other.") from error
    except errors.BadRequestError as error:
        assert error.__cause__ is not None and error.with_traceback(None).__traceback__ is None
