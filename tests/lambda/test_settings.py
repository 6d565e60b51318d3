# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

from settings import Settings, read_credentials, read_settings

REQUIRED = {"AUDIT_SECRET": "name", "AUDIT_BUCKET": "bucket"}


def test_what_is_not_said_has_a_default():
    settings = read_settings(REQUIRED, {})
    assert settings == Settings(secret="name", bucket="bucket", prefix="", rate_limit_share=0.5)
    assert settings.policy == Policy() and settings.max_rate is None


def test_every_variable_is_read():
    environment = {
        **REQUIRED,
        "AUDIT_PREFIX": "audits",
        "AUDIT_RATE_LIMIT_SHARE": "0.25",
        "AUDIT_MAX_RATE": "2.5",
        "AUDIT_STALE_DAYS": "45",
        "AUDIT_NEVER_USED_DAYS": "14",
        "AUDIT_UNCONFIRMED_DAYS": "2",
        "AUDIT_WEAK_FACTORS": "phone, email",
        "SOMETHING_ELSE": "x",
    }
    settings = read_settings(environment, {})
    assert (settings.secret, settings.bucket, settings.prefix, settings.rate_limit_share) == (
        "name",
        "bucket",
        "audits/",
        0.25,
    )
    assert settings.max_rate == 2.5
    assert settings.policy == Policy(
        stale_days=45, never_used_days=14, unconfirmed_days=2, weak_factors=("email", "phone")
    )


def test_the_event_comes_first_and_may_hold_numbers_and_lists():
    event = {"secret": "other", "rate_limit_share": 1, "stale_days": 30, "weak_factors": ["phone"], "prefix": "x/"}
    environment = {**REQUIRED, "AUDIT_STALE_DAYS": "nonsense"}
    settings = read_settings(environment, event)
    assert (settings.secret, settings.bucket, settings.prefix, settings.rate_limit_share) == (
        "other",
        "bucket",
        "x/",
        1.0,
    )
    assert settings.policy == Policy(stale_days=30, weak_factors=("phone",))


def test_no_weak_factor_is_a_choice():
    assert read_settings({**REQUIRED, "AUDIT_WEAK_FACTORS": ""}, {}).policy.weak_factors == ()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"AUDIT_BUCKET": "bucket"}, "AUDIT_SECRET is not set"),
        ({"AUDIT_SECRET": "s"}, "AUDIT_BUCKET is not set"),
        ({**REQUIRED, "AUDIT_SECRET": " "}, "AUDIT_SECRET is not the name or ARN of a secret"),
        ({**REQUIRED, "AUDIT_BUCKET": "Bad Bucket!"}, "AUDIT_BUCKET .* is not the name of a bucket"),
        ({**REQUIRED, "AUDIT_PREFIX": "/x"}, "AUDIT_PREFIX '/x' is not a prefix of keys"),
        (
            {**REQUIRED, "AUDIT_RATE_LIMIT_SHARE": "0"},
            "AUDIT_RATE_LIMIT_SHARE '0' is not a number above 0 and at most 1",
        ),
        (
            {**REQUIRED, "AUDIT_RATE_LIMIT_SHARE": "nan"},
            "AUDIT_RATE_LIMIT_SHARE 'nan' is not a number above 0 and at most 1",
        ),
        (
            {**REQUIRED, "AUDIT_RATE_LIMIT_SHARE": "half"},
            "AUDIT_RATE_LIMIT_SHARE 'half' is not a number above 0 and at most 1",
        ),
        ({**REQUIRED, "AUDIT_STALE_DAYS": "soon"}, "AUDIT_STALE_DAYS 'soon' is not a whole number of days"),
        ({**REQUIRED, "AUDIT_STALE_DAYS": "0"}, "AUDIT_STALE_DAYS '0' is not a whole number of days from 1 to 3650"),
        ({**REQUIRED, "AUDIT_WEAK_FACTORS": "sms"}, "AUDIT_WEAK_FACTORS 'sms' is not a list of second factors"),
    ],
)
def test_a_wrong_variable_is_named(environment, message):
    with pytest.raises(ConfigurationError, match=message):
        read_settings(environment, {})


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], "The event is not an object"),
        (None, "The event is not an object"),
        ({"time": "2026-06-01T00:00:00Z", "id": "1"}, "The event's time is not a setting. The event's id is not"),
        ({"stale_days": 1.5}, "The event's stale_days 1.5 is not a whole number of days"),
        ({"stale_days": True}, "The event's stale_days True is not a whole number of days"),
        ({"rate_limit_share": True}, "The event's rate_limit_share True is not a number above 0"),
        ({"max_rate": 0}, "The event's max_rate 0 is not a number of requests each second, above 0"),
        ({"max_rate": "inf"}, "The event's max_rate 'inf' is not a number of requests"),
        ({"weak_factors": [1]}, r"The event's weak_factors \[1\] is not a list of second factors"),
        ({"bucket": {"name": "b"}}, "The event's bucket .* is not the name of a bucket"),
        ({"stale_days": None}, "The event's stale_days None is not a whole number of days"),
    ],
)
def test_a_wrong_event_is_named(event, message):
    with pytest.raises(ConfigurationError, match=message):
        read_settings(REQUIRED, event)


def test_the_client_secret_is_in_no_repr():
    credentials = read_credentials("name", {"domain": "t.example", "client_id": "me", "client_secret": "canary"})
    assert (
        credentials.connection.domain,
        credentials.application.client_id,
        credentials.application.client_secret,
    ) == (
        "t.example",
        "me",
        "canary",
    )
    assert "canary" not in repr(credentials)


def test_everything_that_is_wrong_is_named_at_once():
    with pytest.raises(ConfigurationError) as failure:
        read_settings({"AUDIT_BUCKET": "Bad!", "AUDIT_STALE_DAYS": "soon"}, {"id": "1"})
    assert str(failure.value) == (
        "AUDIT_SECRET is not set. AUDIT_BUCKET 'Bad!' is not the name of a bucket. "
        "AUDIT_STALE_DAYS 'soon' is not a whole number of days from 1 to 3650. The event's id is not a setting. "
        "Settings: secret, bucket, prefix, rate_limit_share, max_rate, stale_days, never_used_days, unconfirmed_days, weak_factors."
    )


def test_a_secret_in_the_place_of_its_name_is_not_quoted():
    with pytest.raises(ConfigurationError) as failure:
        read_settings(REQUIRED, {"secret": {"client_secret": "canary"}})
    assert str(failure.value) == "The event's secret is not the name or ARN of a secret."
    assert failure.value.__cause__ is None and failure.value.__context__ is None


def test_thresholds_are_named_with_the_others():
    with pytest.raises(ConfigurationError) as failure:
        read_settings(REQUIRED, {"stale_days": 0, "never_used_days": -1, "weak_factors": "emial", "bucket": "X"})
    for name in ("stale_days 0", "never_used_days -1", "weak_factors 'emial'", "bucket 'X'"):
        assert "The event's %s is not " % name in str(failure.value)


@pytest.mark.parametrize(
    "secret, said",
    [
        pytest.param({"domain": "canary canary"}, "domain is not a host name", id="swapped values"),
        pytest.param({"base_url": "http://canary.example.com"}, "base_url is not an address", id="address without TLS"),
        pytest.param({"domain": ""}, "domain is empty", id="empty value"),
        pytest.param({"client_secret": 5}, "client_secret is not text", id="number"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_never_quoted(secret, said):
    whole = {"domain": "example.com", "client_id": "id", "client_secret": "canary", **secret}
    with pytest.raises(ConfigurationError) as failure:
        read_credentials("tenant/audit", whole)
    text = str(failure.value)
    assert text.startswith("The secret tenant/audit cannot be used: ") and said in text and "canary" not in text
    assert failure.value.__context__ is None
