# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A login in the browser: verifier, challenge, state, and the address the browser comes back to."""

from __future__ import annotations

import re

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    ConfigurationError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.pkce import (
    check_verifier,
    code_challenge,
    code_from,
    new_secret,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.redaction import Secrets

CALLBACK = "https://app.example.com/callback"


def test_the_challenge_of_the_rfc():
    # RFC 7636, appendix B.
    assert (
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_a_challenge_is_43_characters_without_padding():
    for number in range(300):
        assert re.fullmatch("[A-Za-z0-9_-]{43}", code_challenge("v" * 43 + str(number)))


def test_secrets_are_verifiers_and_no_two_are_equal():
    made = {new_secret() for _number in range(100)}
    assert len(made) == 100
    for secret in made:
        check_verifier(secret)
        assert len(secret) == 43  # 256 bits


@pytest.mark.parametrize(
    "verifier",
    ["v" * 42, "v" * 129, "v" * 42 + "+", "v" * 42 + "ä", "v" * 43 + "\n"],
    ids=["too short", "too long", "plus", "not ASCII", "line end"],
)
def test_what_is_no_verifier_is_refused_and_not_quoted(verifier):
    with pytest.raises(ConfigurationError, match="43 to 128") as caught:
        check_verifier(verifier)
    assert verifier not in str(caught.value) and "authorization_url" in caught.value.hint


@pytest.mark.parametrize(
    "query",
    ["code=c%201&state=s", "state=s&code=c+1&iss=x", "code=c%201&state=s#fragment"],
    ids=["encoded", "plus", "with fragment"],
)
def test_the_code_is_read_from_the_address(query):
    assert code_from("%s?%s" % (CALLBACK, query), "s", Secrets()) == "c 1"


@pytest.mark.parametrize(
    "query",
    ["code=c1&state=other", "code=c1", "code=c1&state=", "error=access_denied&state=other", "state=%C3%A4"],
    ids=["another", "none", "empty", "an error of another", "not ASCII"],
)
def test_an_address_of_another_login_is_refused_whatever_it_says(query):
    with pytest.raises(AuthenticationError, match="state in callback_url belongs to another login") as caught:
        code_from("%s?%s" % (CALLBACK, query), "s", Secrets())
    assert "access_denied" not in str(caught.value) and "c1" not in str(caught.value)
    assert "Run the task that begins the login again" in caught.value.hint


def test_an_error_is_told_on_one_line():
    with pytest.raises(AuthenticationError, match="The login was refused: no more") as caught:
        code_from(CALLBACK + "?error=access_denied&error_description=no%0Amore&state=s", "s", Secrets())
    assert caught.value.code == "access_denied" and "Run the task that begins the login" in caught.value.hint
    with pytest.raises(AuthenticationError, match="gave no reason"):
        code_from(CALLBACK + "?error=login_required&state=s", "s", Secrets())


@pytest.mark.parametrize("address", [CALLBACK + "?state=s", CALLBACK + "?state=s&code="], ids=["none", "empty"])
def test_an_address_without_a_code(address):
    with pytest.raises(ConfigurationError, match="callback_url has no code") as caught:
        code_from(address, "s", Secrets())
    assert "address" in caught.value.hint


@pytest.mark.parametrize("address", ["", "http://[", "callback"], ids=["empty", "not an address", "relative"])
def test_what_is_no_address_has_no_state(address):
    with pytest.raises(AuthenticationError, match="state in callback_url"):
        code_from(address, "s", Secrets())


def test_the_code_in_an_address_is_a_secret():
    known = Secrets()
    code_from(CALLBACK + "?code=code-canary&state=s", "s", known)
    assert list(known) == ["code-canary"]


def test_what_an_address_says_is_masked():
    known = Secrets()
    known.add("two  blanks")
    with pytest.raises(AuthenticationError) as caught:
        code_from(
            CALLBACK + "?error=two++blanks&error_description=with+two++blanks+and+canary1&code=canary1&state=s",
            "s",
            known,
        )
    assert "blanks" not in str(caught.value) and "canary1" not in str(caught.value)
