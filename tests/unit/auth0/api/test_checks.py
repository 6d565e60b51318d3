# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused before it is sent: IDs that address something else, and tokens that no header can carry."""

from __future__ import annotations

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.checks import (
    check_address,
    check_code,
    check_id,
    check_token,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError


@pytest.mark.parametrize(
    "value",
    [
        "auth0|640b5a0ed3534be8b2db9dd3",
        "totp|dev_WzMZ2sZbUw1wbC2F",
        "samlp|adfs|a b/c+d@example.com",
        "samlp|adfs|",
        "oauth2||x",
        "a|..",
        "a|\ue000",
    ],
    ids=["database", "authenticator", "SAML", "SAML without name", "OAuth without connection", "dots", "private use"],
)
def test_what_is_an_id(value):
    check_id("user_id", value)


@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "a/b", "|", "auth0|", "|x", "auth0|a\nb", "auth0|\x00", "auth0|\x7f", "auth0|\ud800", None, 7],
    ids=[
        *("empty", "one dot", "two dots", "path", "pipe alone", "no name", "no kind", "two lines", "NUL", "DEL"),
        *("lone surrogate", "none", "number"),
    ],
)
def test_what_is_not_an_id(value):
    with pytest.raises(ConfigurationError, match="^user_id ") as caught:
        check_id("user_id", value)
    assert caught.value.hint


def test_what_an_id_looks_like_is_told():
    with pytest.raises(ConfigurationError, match="^user_id '640b' ") as caught:
        check_id("user_id", "640b")
    assert "auth0|" in caught.value.hint


@pytest.mark.parametrize(
    "value",
    ["12345", "1234567", "12345a", "", "１２３４５６", "123456\n"],
    ids=["five digits", "seven digits", "a letter", "empty", "wide digits", "line end"],
)
def test_what_is_not_a_code_is_refused_and_not_quoted(value):
    with pytest.raises(ConfigurationError, match="^otp ") as caught:
        check_code("otp", value)
    assert not value.strip() or value not in str(caught.value)
    # The commonest cause: YAML reads 012345 as a number.
    assert "YAML" in caught.value.hint


def test_a_leading_zero_belongs_to_a_code():
    check_code("otp", "012345")


@pytest.mark.parametrize("value", ["", "to ken", "to\nken", "tök€n"], ids=["empty", "space", "two lines", "not ASCII"])
def test_what_is_not_a_token_is_refused_and_not_quoted(value):
    with pytest.raises(ConfigurationError, match="^api_token ") as caught:
        check_token("api_token", value)
    assert not value or value not in str(caught.value)


def test_a_token_is_handed_back():
    assert check_token("api_token", "Fe26.2*a-b") == "Fe26.2*a-b"


@pytest.mark.parametrize(
    "check, name, value, said, hint",
    [
        (check_id, "user_id", "me@example.com", "is an e-mail address, not an ID", "with email instead"),
        (check_id, "user_ids", "me@example.com", "is an e-mail address, not an ID", "with emails instead"),
        (check_id, "user_ids", "auth0|1\n", "begins or ends with", "Remove it"),
        (check_address, "email", "auth0|1", "is an ID, not an e-mail address", "with user_id instead"),
        (check_address, "emails", "auth0|1", "is an ID, not an e-mail address", "with user_ids instead"),
        (check_address, "emails", "me@example.com ", "begins or ends with", "Remove it"),
        (check_address, "emails", "me@example.com\n", "begins or ends with", "Remove it"),
        (check_address, "email", "me@exam\x00ple.com", "is not an e-mail address", "Write for instance"),
        (check_address, "email", "me", "is not an e-mail address", "Write for instance"),
        (check_address, "email", "", "is not an e-mail address", "Write for instance"),
    ],
)
def test_what_is_wrong_with_the_name_of_a_user_is_told(check, name, value, said, hint):
    with pytest.raises(ConfigurationError) as caught:
        check(name, value)
    assert "%s %r %s" % (name, value, said) in str(caught.value) and hint in caught.value.hint


def test_an_address_is_taken_as_it_is():
    check_address("email", "First.Last+Tag@Example.com")
