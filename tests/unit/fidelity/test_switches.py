# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite finds the switches of a tenant again that it knows nothing of."""

from __future__ import annotations

import random

import pytest

from tests.emulator.switches import SWITCHES, read_switches
from tests.fidelity import manifest, report
from tests.fidelity.run import DIFFERS, Results, run

# The values of switches that may have any.
ANY = {
    "action-bind-delay-seconds": range(6),
    "action-build-seconds": range(6),
    "brute-force-threshold": range(1, 21),
    "custom-domains": ("login.example.com", "login.example.com,login.example.org"),
    "default-directory": ("", "Username-Password-Authentication"),
    "export-seconds": range(6),
    "latency-ms": (0, 2),
    "latency-spread": (0, 30),
    "latency-tail": (0, 20),
    "log-delay": range(6),
    "longest-address": range(2000, 20000),
    "mfa-token-lifetime": range(30, 1000),
    "poll-interval": range(8),
    "revocation-delay": range(6),
    "search-delay": range(6),
    "user-kinds": ("", "google-oauth2:12", "mixed"),
}
# Of lists, how likely an entry is in them.
CHOSEN = {"enabled-factors": 0.85, "message-types": 0.7, "rotating-applications": 0.5}
SHARE = 0.95  # of the switches that can be seen


def draw(seed: int) -> dict[str, str]:
    """A value for every switch, as text."""
    rng = random.Random(seed)
    values = {}
    for name, switch in SWITCHES.items():
        if name in CHOSEN:
            values[name] = ",".join(choice for choice in switch.choices if rng.random() < CHOSEN[name])
        elif isinstance(switch.default, bool):
            values[name] = rng.choice(("on", "off"))
        else:
            values[name] = str(rng.choice(switch.choices or ANY[name]))
    return values


@pytest.mark.parametrize("seed", [2, 6])
def test_random_switches_are_found_again(make_lab, seed, tmp_path):
    values, results = draw(seed), Results()
    with make_lab(users=1500, switches=values) as lab:
        for _entry in run(lab, manifest.read(), results):
            pass
    # Whatever the switches, all facts hold.
    assert [(found.case.name, found.why) for found in results.cases if found.outcome == DIFFERS] == []

    told = {"plan": "unlimited", **values}
    visible = [seen for seen in results.switches if not seen.side.is_hidden_by(told)]
    missed = [(seen.side.name, seen.why) for seen in visible if seen.value is None]
    wrong = [
        (seen.side.name, seen.value, values[seen.side.name])
        for seen in results.switches
        if seen.value is not None and not _is_right(seen, values[seen.side.name])
    ]
    assert wrong == [], f"seed {seed}"
    assert len(missed) <= (1 - SHARE) * len(visible), f"seed {seed}: {missed}"

    file = tmp_path / "preset.yml"
    file.write_text(report.preset(results), encoding="utf-8")
    started = read_switches([], str(file))
    assert all(_same(started[seen.side.name], seen.value) for seen in results.switches if seen.value is not None)


def test_the_plan_tells_where_authentication_methods_count(make_lab):
    side = next(side for side in manifest.read().switches if side.name == "authentication-methods-group")
    for group in ("other", "read-users"):
        with make_lab(plan="essentials", switches={"authentication-methods-group": group}) as lab:
            assert side.probe(lab) == group


def test_the_manifest_names_every_switch():
    named = [side.name for side in manifest.read().switches]
    forgotten = sorted(set(SWITCHES) - set(named))
    text = (
        "add them to the switches in tests/fidelity/manifest.yml: with a probe in probes.py, or hidden with the reason"
    )
    assert forgotten == [], text
    assert sorted(named) == sorted(SWITCHES)
    assert all(callable(side.probe) for side in manifest.read().switches if not side.hidden)


def _is_right(seen, text: str) -> bool:
    true = SWITCHES[seen.side.name].parse(text)
    if seen.side.within:
        return abs(seen.value - true) <= seen.side.within
    return _same(seen.value, true)


def _same(one, other) -> bool:
    return set(one) == set(other) if isinstance(one, tuple) else one == other
