# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

from settings import Ask, State, read_event, read_settings

REQUIRED = {"AUDIT_TENANT": "t.example.com", "AUDIT_SECRET": "name", "AUDIT_BUCKET": "bucket"}
SETTINGS = read_settings(REQUIRED)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:audit"


def test_what_is_not_said_or_empty_has_a_default():
    assert (SETTINGS.prefix, SETTINGS.policy, SETTINGS.rate_limit_share, SETTINGS.max_rate, SETTINGS.threads) == (
        "t.example.com/",
        None,
        0.5,
        None,
        32,
    )
    assert (SETTINGS.topic, SETTINGS.event_bus, SETTINGS.security_hub, SETTINGS.digest, SETTINGS.kms_key) == (
        None,
        None,
        False,
        "changes",
        None,
    )
    names = "prefix policy rate_limit_share max_rate threads topic event_bus security_hub digest kms_key".split()
    assert read_settings({**REQUIRED, **{"AUDIT_" + name.upper(): " " for name in names}}) == SETTINGS


def test_every_variable_is_read():
    environment = {
        "AUDIT_TENANT": "T.Example.com",
        "AUDIT_SECRET": "ssm:/mfa/tenant",
        "AUDIT_BUCKET": "bucket",
        "AUDIT_PREFIX": "audits",
        "AUDIT_POLICY": "strict.yml",
        "AUDIT_RATE_LIMIT_SHARE": "0.25",
        "AUDIT_MAX_RATE": "2.5",
        "AUDIT_THREADS": "4",
        "AUDIT_TOPIC": TOPIC,
        "AUDIT_EVENT_BUS": "default",
        "AUDIT_SECURITY_HUB": "true",
        "AUDIT_DIGEST": "always",
        "AUDIT_KMS_KEY": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "SOMETHING_ELSE": "x",
    }
    assert read_settings(environment).model_dump() == {
        "tenant": "t.example.com",
        "secret": "ssm:/mfa/tenant",
        "bucket": "bucket",
        "prefix": "audits/",
        "policy": "strict.yml",
        "rate_limit_share": 0.25,
        "max_rate": 2.5,
        "threads": 4,
        "topic": TOPIC,
        "event_bus": "default",
        "security_hub": True,
        "digest": "always",
        "kms_key": "arn:aws:kms:eu-west-1:123456789012:key/1",
    }


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TENANT", "", "AUDIT_TENANT is not set"),
        ("SECRET", " ", "AUDIT_SECRET is not set"),
        ("BUCKET", "", "AUDIT_BUCKET is not set"),
        ("TENANT", "https://t.example.com", "AUDIT_TENANT 'https://t.example.com' is not the domain of a tenant"),
        ("BUCKET", "Bad Bucket!", "AUDIT_BUCKET 'Bad Bucket!' is not the name of a bucket"),
        ("PREFIX", "/x", "AUDIT_PREFIX '/x' is not a prefix of keys"),
        ("POLICY", "../other", "AUDIT_POLICY '../other' is not the name of a file below policies/"),
        ("RATE_LIMIT_SHARE", "0", "AUDIT_RATE_LIMIT_SHARE '0' is not a number above 0 and at most 1"),
        ("RATE_LIMIT_SHARE", "half", "AUDIT_RATE_LIMIT_SHARE 'half' is not a number above 0 and at most 1"),
        ("RATE_LIMIT_SHARE", "nan", "AUDIT_RATE_LIMIT_SHARE 'nan' is not a number"),
        ("MAX_RATE", "inf", "AUDIT_MAX_RATE 'inf' is not a number of requests each second, above 0"),
        ("THREADS", "65", "AUDIT_THREADS '65' is not a whole number from 1 to 64"),
        ("TOPIC", "audit", "AUDIT_TOPIC 'audit' is not the ARN of an SNS topic"),
        ("EVENT_BUS", "a bus", "AUDIT_EVENT_BUS 'a bus' is not the name or ARN of an event bus"),
        ("SECURITY_HUB", "yes", "AUDIT_SECURITY_HUB 'yes' is not true or false"),
        ("DIGEST", "never", "AUDIT_DIGEST 'never' is not changes or always"),
        ("KMS_KEY", "my key", "AUDIT_KMS_KEY 'my key' is not the ARN, the alias or the ID of a KMS key"),
        ("STALE_DAYS", "90", "AUDIT_STALE_DAYS is not a setting.*Put thresholds into a policy file"),
    ],
)
def test_a_wrong_variable_is_named(name, value, message):
    with pytest.raises(ConfigurationError, match=message):
        read_settings({**REQUIRED, "AUDIT_" + name: value})


def test_everything_that_is_wrong_is_named_at_once():
    with pytest.raises(ConfigurationError) as failure:
        read_settings({"AUDIT_BUCKET": "Bad!", "AUDIT_THREADS": "some", "AUDIT_TENANT": "t"})
    assert str(failure.value) == (
        "AUDIT_SECRET is not set. AUDIT_BUCKET 'Bad!' is not the name of a bucket. "
        "AUDIT_THREADS 'some' is not a whole number from 1 to 64."
    )
    assert failure.value.__cause__ is None and failure.value.__context__ is None


def test_an_event_may_choose_what_is_listed_and_nothing_of_the_deployment():
    event = {
        "tenant": "T.example.com",
        "users": ["auth0|1", "a@b.c"],
        "full": True,
        "policy": "strict",
        "execution": "e",
    }
    ask = read_event({**event, "dry_run": True, "state": None}, SETTINGS)
    assert (ask.full, ask.policy, ask.dry_run, ask.report_only) == (True, "strict", True, False)
    assert (ask.scope.user_ids, ask.scope.emails) == (("auth0|1",), ("a@b.c",))
    assert read_event({}, SETTINGS) == Ask()
    for name in ("bucket", "secret", "topic", "prefix", "rate_limit_share", "id", "stale_days"):
        with pytest.raises(
            ConfigurationError, match="The event's %s is not a setting. Settings: tenant, users," % name
        ):
            read_event({name: "x"}, SETTINGS)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], "The event is not an object"),
        ({"tenant": "u.example.com"}, "tenant 'u.example.com' is not that of this function, t.example.com"),
        ({"users": []}, "The event's users is not a list of user IDs and e-mail addresses"),
        ({"users": "auth0|1"}, "The event's users is not a list"),
        ({"users": [""]}, "The event's users is not a list"),
        ({"users": [5]}, "The event's users is not a list"),
        ({"users": ["auth0|1", "some body"]}, "The event's users has an entry, number 2, that is neither"),
        ({"full": 1}, "The event's full 1 is not true or false"),
        ({"dry_run": "yes"}, "The event's dry_run 'yes' is not true or false"),
        ({"policy": "policies/x"}, "The event's policy 'policies/x' is not the name of a file"),
        ({"report_only": True, "full": True}, "report_only does not go together with full"),
        ({"report_only": True, "users": ["a@b.c"], "dry_run": True}, "does not go together with users and dry_run"),
        ({"execution": ""}, "The event's execution '' is not the ID of an execution"),
        ({"state": {"run": "../x"}}, "The event's state is not what a segment returned"),
        ({"state": {"unknown": 1}}, "The event's state is not what a segment returned"),
        ({"state": "x"}, "The event's state is not what a segment returned"),
        ({"state": {"next": "sleep"}}, "The event's state is not what a segment returned"),
    ],
)
def test_a_wrong_event_is_named(event, message):
    with pytest.raises(ConfigurationError, match=message):
        read_event(event, SETTINGS)


def test_nobody_is_named_in_a_message():
    with pytest.raises(ConfigurationError) as failure:
        read_event({"users": ["canary@example.com", ""], "secret": {"client_secret": "canary"}}, SETTINGS)
    assert "canary" not in str(failure.value)


def test_a_state_comes_back_as_it_was():
    state = State(run="000001-20261127T120000Z", next="report", segment=7, read=10**7, to_read=10**7, worker=32 * "f")
    again = read_event({"state": json.loads(json.dumps(state.model_dump()))}, SETTINGS).state
    assert again == state and len(json.dumps(state.model_dump())) < 1024
