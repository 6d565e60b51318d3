# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bearer keeps the token of one way to authenticate, and renews it in time."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.token_set import TokenSet
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AuthenticationError,
    ConfigurationError,
    MfaRequiredError,
)


class Authentication:
    """Gives these answers one after the other; errors are raised."""

    def __init__(self, *answers, incomplete=None):
        self.answers, self.incomplete, self.asked = list(answers), incomplete, []

    def validate(self):
        if self.incomplete:
            raise self.incomplete

    def _next(self, name):
        self.asked.append(name)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def token(self):
        return self._next("token")

    def renew(self):
        return self._next("renew")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def tokens(name, expires_in=600):
    return TokenSet(name, expires_in=expires_in)


def test_a_bearer_is_made_only_of_what_is_complete():
    authentication = Authentication(incomplete=ConfigurationError("password is empty"))
    with pytest.raises(ConfigurationError, match="password is empty"):
        Bearer(authentication)
    assert authentication.asked == []


def test_nothing_is_asked_for_before_the_first_call():
    authentication = Authentication(tokens("first"))
    bearer = Bearer(authentication)
    assert authentication.asked == []
    assert (bearer(), authentication.asked) == ("first", ["token"])


def test_a_token_is_kept_until_60_seconds_before_it_expires_or_a_tenth_of_its_life():
    clock, authentication = Clock(), Authentication(tokens("first"), tokens("second", 100), tokens("third"))
    bearer = Bearer(authentication, clock=clock)
    assert bearer() == "first"
    clock.now = 539.9
    assert bearer() == "first"
    clock.now = 540
    assert bearer() == bearer() == "second"
    clock.now = 629.9
    assert bearer() == "second"
    clock.now = 630
    assert bearer() == "third"
    assert authentication.asked == ["token", "renew", "renew"]


@pytest.mark.parametrize(
    "lives, used", [(60, 54), (20, 18), (0, 10**9)], ids=["a minute", "20 s", "Auth0 does not say"]
)
def test_a_token_that_lives_shortly_is_used_until_it_is_near_its_end(lives, used):
    clock, authentication = Clock(), Authentication(tokens("first", lives), tokens("second"))
    bearer = Bearer(authentication, clock=clock)
    for clock.now in (0, used / 2, used - 0.1):
        assert bearer() == "first"
    assert authentication.asked == ["token"]


def test_a_token_that_cannot_be_renewed_is_used_to_its_end():
    clock, authentication = Clock(), Authentication(tokens("only"), None, None)
    bearer = Bearer(authentication, clock=clock)
    assert bearer() == "only"
    clock.now = 599
    assert bearer() == "only"
    assert bearer.renew() is False and authentication.asked == ["token", "renew", "renew"]


def test_a_renewal_replaces_the_token():
    bearer = Bearer(Authentication(tokens("first"), tokens("second")))
    assert bearer() == "first"
    assert bearer.renew() is True
    assert bearer() == "second"


def test_a_refused_renewal_keeps_the_error():
    bearer = Bearer(Authentication(tokens("first"), AuthenticationError("Could not log in: wrong password")))
    assert bearer() == "first"
    with pytest.raises(AuthenticationError, match="wrong password"):
        bearer.renew()


def test_a_login_without_its_second_step_gives_the_mfa_token():
    clock = Clock()
    required = [MfaRequiredError("Could not log in", name) for name in ("Fe26.2*first", "Fe26.2*second")]
    bearer = Bearer(Authentication(*required), clock=clock)
    assert bearer() == "Fe26.2*first"
    clock.now = 540
    assert bearer() == "Fe26.2*second"


def at_once(count, call):
    """What so many threads that start together got, or were refused with."""
    together, results = threading.Barrier(count), []

    def one():
        together.wait(5)
        try:
            results.append(call())
        except AuthenticationError as error:
            results.append(error)

    threads = [threading.Thread(target=one) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    return results


class Slow(Authentication):
    """Answers only when everybody else waits."""

    def _next(self, name):
        time.sleep(0.1)
        return super()._next(name)


def test_many_threads_get_one_first_token():
    authentication = Slow(tokens("first"))
    assert at_once(16, Bearer(authentication)) == ["first"] * 16
    assert authentication.asked == ["token"]


@pytest.mark.parametrize("second", ["second", "first"], ids=["another one", "the same one again"])
def test_a_token_that_is_refused_to_many_threads_is_renewed_once(second):
    authentication = Slow(tokens("first"), tokens(second))
    bearer = Bearer(authentication)
    all_have_it = threading.Barrier(16)

    def refused():
        bearer()
        all_have_it.wait(5)
        return bearer.renew(), bearer()

    assert at_once(16, refused) == [(True, second)] * 16
    assert authentication.asked == ["token", "renew"]


def test_a_refusal_is_the_answer_for_everybody_who_waited_for_it_and_whoever_comes_later_asks_again():
    authentication = Slow(AuthenticationError("wrong secret"), tokens("right"))
    bearer = Bearer(authentication)
    assert [str(error) for error in at_once(16, bearer)] == ["wrong secret."] * 16
    assert authentication.asked == ["token"]
    assert bearer() == "right"
