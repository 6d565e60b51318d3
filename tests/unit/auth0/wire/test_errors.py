# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Auth0 says becomes one line, one class and plain facts."""

from __future__ import annotations

import copy
import pickle

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire import errors
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import from_response

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


NAMES = [
    *("expired mfa_token, observed", "wrong client secret", "wrong password", "wrong password of a realm", "wrong otp"),
    *("expired mfa_token, documented", "expired token", "wrong token", "grant that is off", "tenant's plan", "no user"),
    *("no Action", "conflict", "request limit", "server error", "no object", "fields of other types"),
]


@pytest.mark.parametrize("status, body, kind, says", CASES, ids=NAMES)
def test_class_and_text(status, body, kind, says):
    error = from_response("do it", status, {"X-Auth0-RequestId": "abc"}, body)
    assert error.__class__ is kind
    text = str(error)
    assert text.startswith("Could not do it: ") and "status %d" % status in text and "request id abc" in text
    assert says in text and "\n" not in text


@pytest.mark.parametrize(
    "status, code, said, advice",
    [
        (401, "invalid_token", "Token expired", "has expired"),
        (403, "access_denied", "The mfa_token EXPIRED", "has expired"),
        (400, "invalid_request", "The code expired", None),
        (401, "access_denied", "Unauthorized", "client_secret"),
        (401, "invalid_client", "Unauthorized", "client_secret"),
        (403, "invalid_grant", "Wrong email or password.", "realm"),
        (403, "invalid_user_password", "Wrong email or password", "realm"),
        (403, "invalid_user_password", "Wrong", None),
        (403, "unlisted", "Wrong password", None),
        (403, "invalid_grant", "Invalid otp_code.", "clock"),
        (403, "unlisted", "Invalid otp_code.", None),
        (403, "access_denied", "Service not enabled within domain", "audience"),
        (400, "invalid_request", "invalid audience specified for password grant exchange", "audience"),
        (400, "access_denied", "No", None),
        (400, "unlisted", "User is already enrolled.", "first"),
        (401, "unlisted", "No", "this tenant"),
        (404, "unlisted", "No", None),
    ],
)
def test_the_advice_fits_what_auth0_said(status, code, said, advice):
    hint = from_response("do it", status, {}, {"error": code, "error_description": said}).hint
    assert hint is None if advice is None else advice in hint


@pytest.mark.parametrize("code", sorted(errors._HINTS))
def test_a_code_with_advice_of_its_own_has_it_whatever_the_status(code):
    for status in (400, 401, 403, 404, 409):
        error = from_response("do it", status, {}, {"error": code, "error_description": "Wrong password, expired"})
        assert error.hint == errors._HINTS[code]


@pytest.mark.parametrize(
    "headers, request_id",
    [
        ({}, None),
        ({"CF-Ray": "ray"}, "ray"),
        ({"cf-ray": "ray", "X-Request-ID": "two"}, "two"),
        ({"cf-ray": "ray", "x-request-id": "two", "x-auth0-requestid": "one"}, "one"),
        ({"x-auth0-requestid": "", "cf-ray": "r\nay"}, "r ay"),
    ],
)
def test_the_request_id_is_auth0s_own_where_there_is_one(headers, request_id):
    error = from_response("do it", 404, headers, None)
    assert error.request_id == request_id and ("request id" in str(error)) is (request_id is not None)


@pytest.mark.parametrize(
    "body, code, said",
    [
        ({"error": "x", "error_description": "d"}, "x", "d"),
        # A Management answer names the status in `error`.
        ({"statusCode": 400, "error": "Bad Request", "message": "m", "errorCode": "y"}, "y", "m"),
        ({"statusCode": 400, "error": "Bad Request", "message": "m"}, None, "m"),
        ({"error": "x", "message": "m", "error_description": "d"}, "x", "m"),
        ({"errorCode": "y", "error": "x"}, "y", "Auth0 gave no reason"),
        ({"error": 7, "error_description": ["d"]}, None, "Auth0 gave no reason"),
    ],
)
def test_where_the_cause_stands(body, code, said):
    error = from_response("do it", 400, {}, body)
    assert (error.code, error.message) == (code, "Could not do it: " + said)


@pytest.mark.parametrize(
    "facts, text",
    [
        ({}, "It failed."),
        ({"status": 400}, "It failed (status 400)."),
        ({"code": "c"}, "It failed (c)."),
        ({"request_id": "r"}, "It failed (request id r)."),
        (
            {"status": 400, "code": "c", "request_id": "r", "hint": "Do."},
            "It failed (status 400, c, request id r). Do.",
        ),
        ({"hint": "Do."}, "It failed. Do."),
    ],
)
def test_the_line_has_what_is_known(facts, text):
    for message in ("It failed", "It failed."):
        assert str(errors.BadRequestError(message, **facts)) == text


@pytest.mark.parametrize("status, kind", [(499, errors.BadRequestError), (500, errors.ServerError)])
def test_from_500_on_it_is_the_servers_error(status, kind):
    assert from_response("do it", status, {}, None).__class__ is kind


@pytest.mark.parametrize(
    "body",
    [{"error": "mfa_required"}, {"error": "mfa_required", "mfa_token": 7}, {"error": "other", "mfa_token": "Fe26"}],
    ids=str,
)
def test_a_second_step_needs_both_the_code_and_the_token(body):
    assert from_response("log in", 403, {}, body).__class__ is errors.ForbiddenError


def test_every_fact_is_part_of_the_data():
    assert complete().facts() == {
        "status": 400,
        "error_code": "invalid_body",
        "request_id": "r1",
        "required_scope": "read:users",
        "hint": "Do it right.",
        "changed": True,
        "done": ["created"],
    }
    assert complete().args == ("Could not do it",)


@pytest.mark.parametrize("length, kept", [(300, "a" * 300), (301, "a" * 299 + "…")])
def test_a_long_text_is_cut(length, kept):
    assert errors.one_line("a" * length) == kept


def test_progress_is_part_of_the_facts_and_means_changed_unless_it_says_otherwise():
    assert errors.BadRequestError("x", progress={"done": 1}).facts() == {"changed": True, "done": 1}
    assert errors.BadRequestError("x", progress={"changed": False}).facts() == {"changed": False}
    assert errors.BadRequestError("x").facts() == {}


@pytest.mark.parametrize("status", [401, 403])
def test_mfa_required_carries_the_token_but_never_shows_it(status):
    body = {
        "error": "mfa_required",
        "error_description": "Multifactor authentication required",
        "mfa_token": "Fe26.2*secret",
    }
    error = from_response("log in", status, {}, body)
    assert isinstance(error, errors.MfaRequiredError) and error.mfa_token == "Fe26.2*secret"
    assert (error.status, error.code) == (status, "mfa_required")
    assert "otp" in error.hint and "mfa_token" in error.hint
    assert "Fe26" not in str(error) + repr(error) + str(error.facts())


def test_a_missing_scope_is_named():
    body = {
        "statusCode": 403,
        "error": "Forbidden",
        "message": "Insufficient scope, expected any of: read:users",
        "errorCode": "insufficient_scope",
    }
    error = from_response("list the users", 403, {}, body)
    assert isinstance(error, errors.InsufficientScopeError)
    assert error.message == "Could not list the users: Insufficient scope, expected any of: read:users"
    assert error.facts() == {
        "status": 403,
        "error_code": "insufficient_scope",
        "required_scope": "read:users",
        "hint": "Add the scope read:users to the application's grant for this API, then get a new token.",
    }


@pytest.mark.parametrize(
    "status, body, scope",
    [
        (403, {"error": "insufficient_scope", "message": "Needs any of: a:b, c:d."}, "a:b, c:d"),
        (403, {"error": "insufficient_scope", "message": "any of: x, expected any of: a:b"}, "a:b"),
        (403, {"error": "insufficient_scope", "message": "Insufficient scope"}, None),
        (403, {"error": "insufficient_scope"}, None),
    ],
)
def test_a_scope_is_what_auth0_expects(status, body, scope):
    error = from_response("do it", status, {}, body)
    assert isinstance(error, errors.InsufficientScopeError) and error.required_scope == scope
    assert ("scope %s " % (scope or "it names")) in error.hint


def test_a_scope_of_another_status_is_no_missing_scope():
    error = from_response("do it", 400, {}, {"error": "insufficient_scope", "message": "any of: a:b"})
    assert error.__class__ is errors.BadRequestError and error.required_scope is None


def test_what_the_server_says_cannot_break_the_line():
    error = from_response("do it", 400, {}, {"error": "x\ny", "error_description": "a\r\nb\x1b[31m" + "c" * 1000})
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
    assert changed.required_scope == "read:users" and changed.__class__ is errors.BadRequestError
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


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deep copy", "pickle"],
)
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


def test_a_write_that_may_have_happened_is_a_change_unless_another_reading_shows_otherwise():
    lost = errors.AmbiguousWriteError("The answer was lost")
    assert lost.facts() == {"changed": True}
    assert lost.replace(progress={"changed": False}).facts() == {"changed": False}
    assert "changed" not in errors.TransportError("Nothing was sent").facts()
