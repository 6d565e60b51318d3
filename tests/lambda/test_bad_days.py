# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What operators are told, and what a run becomes, on days on which something is wrong."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

from tests.emulator.launch import start

from .in_memory import InMemory

NOBODY = SimpleNamespace(domain="t.example", url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"AUDIT_THREADS": "100"}, "AUDIT_THREADS '100' is not a whole number from 1 to 64"),
        ({"AUDIT_POLICY": "policy.v2.yml"}, "AUDIT_POLICY 'policy.v2.yml' is not the name of a file"),
        ({"AUDIT_BUCKET": ""}, "AUDIT_BUCKET is not set"),
        ({"AUDIT_TENANT": "a domain"}, "AUDIT_TENANT 'a domain' is not the domain of a tenant"),
    ],
)
def test_settings_that_cannot_be_right_are_told_in_a_message(monkeypatch, settings, why):
    with InMemory(NOBODY) as audit:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError, match=why):
            audit.invoke({})
        (mail,) = audit.mails()
    tenant = settings.get("AUDIT_TENANT", "t.example")
    assert mail.startswith("MFA audit: FAILED, %s\nFAILED. %s" % (tenant, why))


def test_reports_are_made_again_of_the_last_run_of_everybody():
    with start(users=6, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as audit:
        run = audit.to_the_end({"execution": "e-1"})["run"]
        one = audit.to_the_end({"execution": "e-2", "users": ["user00003@example.com"]})["run"]
        assert one > run == audit.invoke({"execution": "e-3", "report_only": True})["run"]
