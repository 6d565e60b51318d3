# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every case of the fidelity suite holds against the embedded tenant, and can fail."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

from tests.fidelity import manifest, report
from tests.fidelity.run import DIFFERS, HOLDS, Results, run

README = Path(__file__).parents[2] / "emulator" / "README.md"
CASES = [case for area in manifest.read().areas for case in area.cases]


def test_every_case_holds_and_notices_another_answer(make_lab):
    """The last request of a case is what the case is about: with another answer to it, the case differs."""
    results, unnoticed = Results(), []
    with make_lab() as lab:
        assert lab.token() and lab.user_id and lab.factors()  # once for all
        for case in CASES:
            results.cases.append(_check(lab, case))
            if _check(lab, case, wrong=lab.tenant.requests).outcome != DIFFERS:
                unnoticed.append(case.name)
    assert [(found.case.name, found.why) for found in results.cases if found.outcome != HOLDS] == []
    assert unnoticed == []
    assert lab.left_behind == []
    assert lab.manage("GET", "/users-by-email", query={"email": lab.email}).body == []
    table = report.table(results, manifest.read())
    assert table in README.read_text(
        encoding="utf-8"
    ), f"the README of the embedded tenant has another score than\n{table}"


def test_cases_and_functions_are_the_same():
    for area in manifest.read().areas:
        module = import_module(f"tests.fidelity.cases.{area.id}")
        assert {case.id for case in area.cases} <= set(vars(module))
        functions = {
            name
            for name, function in vars(module).items()
            if inspect.isfunction(function)
            and function.__module__ == module.__name__
            and list(inspect.signature(function).parameters) == ["lab"]
            and function.__annotations__["return"] == "None"
        }
        assert functions == {case.id for case in area.cases}


def test_every_case_has_a_fact_and_evidence_and_needs_that_exist():
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.fact.endswith((".", "'")) and case.evidence in manifest.EVIDENCE
        assert set(case.needs) <= set(manifest.NEEDS)


def _check(lab, case, wrong=None):
    """The outcome of the case, for a user who may have anything; ``wrong`` is the number of the answer that is another one."""
    lab.forget()
    lab.tenant.begin(wrong)
    only = manifest.Manifest((manifest.Area(case.area, "", (case,)),), ())
    (found,) = run(lab, only, Results())
    return found
