# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says is what the client is asked for, option by option."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.actions import WantedAction
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, TARGET, USER, Session
from ansible_collections.mfaops.auth0.plugins.modules import auth0_action, auth0_mfa_authenticator

# A value of its own for each, so that none can stand in for another.
AUTHENTICATOR = {
    "state": "absent",
    "factor": "otp",
    "authenticator_id": "totp|dev_1",
    "phone_number": "+15550101",
    "email_address": "one@example.com",
    "name": "label",
    "preferred_method": "voice",
    "totp_secret": "SEED",
    "credential": None,
    "code": "123456",
    "oob_code": "OOB",
    "push_timeout": 7.5,
    "masked_match": "accept",
    "selector": "unused",
    "unused_for": None,
    "max_removals": 3,
    "allow_last_factor": True,
}


def test_the_options_of_an_authenticator_are_wanted_as_they_are():
    wanted = auth0_mfa_authenticator.wanted_from(AUTHENTICATOR)
    assert wanted == Wanted(**AUTHENTICATOR, channel=None)


@pytest.mark.parametrize(
    "given, wanted",
    [
        pytest.param({"factor": None}, {"factor": None, "channel": None}, id="no factor"),
        pytest.param({"factor": "phone"}, {"factor": "phone", "channel": None}, id="phone by any channel"),
        pytest.param({"factor": "voice"}, {"factor": "phone", "channel": "voice"}, id="phone by one channel"),
        pytest.param({"unused_for": "2d"}, {"unused_for": 172800}, id="an age in seconds"),
        pytest.param(
            {"credential": {"key_id": "k", "public_key": None, "credential_backed_up": False}},
            {"credential": {"key_id": "k", "credential_backed_up": False}},
            id="only what is given of a credential",
        ),
    ],
)
def test_some_options_of_an_authenticator_are_translated(given, wanted):
    result = auth0_mfa_authenticator.wanted_from({**AUTHENTICATOR, **given})
    assert {name: getattr(result, name) for name in wanted} == wanted


ACTION = {
    "name": "one",
    "state": "absent",
    "code": "CODE",
    "trigger": "credentials-exchange",
    "trigger_version": "v2",
    "runtime": "node22",
    "dependencies": None,
    "secrets": None,
    "update_secrets": True,
    "deploy": False,
    "bound": False,
    "position": 4,
    "force": True,
}


@pytest.mark.parametrize("name", ["update_secrets", "deploy", "bound", "force"])
def test_each_switch_of_an_action_is_its_own(name):
    turned = {**ACTION, name: not ACTION[name]}
    assert auth0_action.wanted_from(turned) == WantedAction(**turned)


@pytest.mark.parametrize(
    "given, wanted",
    [
        pytest.param({}, {"dependencies": None, "registries": {}, "secrets": None}, id="left as they are"),
        pytest.param(
            {"dependencies": [], "secrets": []}, {"dependencies": {}, "registries": {}, "secrets": {}}, id="none at all"
        ),
        pytest.param(
            {
                "dependencies": [
                    {"name": "axios", "version": "1.6.8", "registry_url": None},
                    {"name": "ours", "version": "2.0.0", "registry_url": "https://npm.example.com"},
                ],
                "secrets": [{"name": "KEY", "value": "canary"}],
            },
            {
                "dependencies": {"axios": "1.6.8", "ours": "2.0.0"},
                "registries": {"ours": "https://npm.example.com"},
                "secrets": {"KEY": "canary"},
            },
            id="each by its name",
        ),
    ],
)
def test_lists_of_an_action_are_looked_up_by_name(given, wanted):
    assert auth0_action.wanted_from({**ACTION, **given}) == WantedAction(**{**ACTION, **wanted})


class Noted(dict):
    """Options that remember which of them were asked for."""

    def __init__(self, options):
        super().__init__(options)
        self.asked = set()

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)


def asked_for(**given):
    """The shared options that a task asks for when it acts from the side that these speak of."""
    shared = {name: spec.get("default") for part in (CONNECTION, TARGET, USER) for name, spec in part.options.items()}
    options = {**shared, "auth0_domain": "example.com", "client_id": "c", **given}
    module = SimpleNamespace(params=options, no_log_values=set(), check_mode=False, warn=print)
    with Session(module) as session:
        session.params = noted = Noted(session.params)
        session.side()
    return noted.asked


def test_every_shared_option_is_asked_for_by_a_task_that_it_matters_to(monkeypatch):
    for variable in ("AUTH0_API_TOKEN", "AUTH0_CLIENT_SECRET", "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY"):
        monkeypatch.delenv(variable, raising=False)
    asked = asked_for(user_id="auth0|1", client_secret="s")
    asked |= asked_for(email="one@example.com", api_token="t")
    asked |= asked_for(username="one", password="p", otp="123456")
    asked |= asked_for(mfa_token="t")
    assert {name for part in (CONNECTION, TARGET, USER) for name in part.options} - asked == set()
