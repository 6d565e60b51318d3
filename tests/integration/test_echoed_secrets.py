# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A campaign: whatever a server returns of what it knows, in whatever form and place, no task prints a secret.

The answers of each scenario are recorded from the embedded tenant. Then the task runs again and again with other secrets, and
each time one of the answers returns a secret of the requests and answers before it.
"""

from __future__ import annotations

import json
from unittest import mock

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users import recovery_codes
from hypothesis import given, note
from hypothesis import strategies as st

from tests.support.campaign import tried, trying
from tests.support.echoes import FREE, canaries, echoes, echoing, traces, without_handed_out
from tests.support.mutations import recording

from .test_any_answer import SCENARIOS
from .test_failures import ACTION

pytestmark = pytest.mark.run_by("module")

EACH = 20


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_answer_makes_a_task_print_a_secret(tenant, name):
    tenant.running.reset(switches={"action-build-seconds": 0})
    task = SCENARIOS[name](tenant)
    (module,) = (key for key in task if key.startswith("mfaops."))
    if module == ACTION:
        task[module]["build_timeout"] = 0
    with recording() as answers:
        (good,) = tenant.results({}, task)
    assert not good.get("failed"), good["msg"]
    free = [option for option in FREE if task[module].get(option)]

    @trying(EACH)
    @given(echo=echoes(answers), secrets=st.lists(canaries(), min_size=len(free), max_size=len(free)))
    def attempt(echo, secrets):
        note(echo)
        options = {**task[module], **dict(zip(free, secrets)), "max_wait": 0}
        # What is read twice is read at once.
        with echoing(answers, echo) as known, mock.patch.object(recovery_codes, "SETTLING", 0):
            played = tenant.play({}, {**task, module: options, "diff": True})
        tried("secrets")
        (result,) = played.results
        assert "exception" not in result, result
        judge(result, {*known, *secrets})

    attempt()


def judge(result: dict, known: set[str]) -> None:
    """No secret is shown but where the result hands it out."""
    shown = json.dumps(without_handed_out(result), ensure_ascii=False)
    for secret in known:
        for trace in traces(secret):
            assert trace not in shown, (trace, result)
    # What was given is nobody's result.
    everything = json.dumps(result)
    given = {trace for secret in known if "Canary" in secret for trace in traces(secret)}
    assert not [trace for trace in given if trace in everything], result
