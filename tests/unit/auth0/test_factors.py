# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of factors: what holds for every row, and that nothing else knows a factor."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import (
    FACTORS,
    UNSEEN_PARTNERS,
    challenges,
    channels,
    named_by,
    names,
    of_management_type,
    of_mfa_type,
    words,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
ROWS = [pytest.param(row, id=row.name) for row in FACTORS.values()]


def test_the_vocabulary():
    assert words() == [
        *("otp", "phone", "sms", "voice", "push", "email", "recovery-code"),
        *("webauthn-roaming", "webauthn-platform", "passkey", "duo"),
    ]
    assert names(lambda row: row.phishing_resistant) == ["webauthn-roaming", "webauthn-platform", "passkey"]
    assert names(lambda row: not row.second_factor) == ["recovery-code"]
    assert channels() == ["sms", "voice"]
    assert challenges() == ["sms", "voice", "push", "email"]


def test_no_name_means_two_factors():
    for each in (
        words(),
        [type_ for row in FACTORS.values() for type_ in row.management_types],
        [
            (row.mfa_type, channel)
            for row in FACTORS.values()
            if row.mfa_type
            for channel in row.oob_channels or (None,)
        ],
        [row.guardian_name for row in FACTORS.values() if row.guardian_name],
        [row.ticket_name for row in FACTORS.values() if row.ticket_name],
    ):
        assert [name for name, count in Counter(each).items() if count > 1] == []


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_found_by_every_name_of_it(row):
    assert [of_management_type(type_) for type_ in row.management_types] == [row.name] * len(row.management_types)
    if row.mfa_type:
        assert {of_mfa_type(row.mfa_type, channel) for channel in row.oob_channels or (None,)} == {row.name}
    assert named_by(row.name) == (row.name, None)
    assert [named_by(channel) for channel in row.channels] == [(row.name, channel) for channel in row.channels]


def test_what_is_no_factor_keeps_its_own_name():
    assert of_management_type("password") == "password"
    assert of_mfa_type("oob", "pigeon") == "oob"
    assert named_by(None) == (None, None)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_agrees_with_itself(row):
    assert (row.user_needs is not None) == bool(row.confirmed_with), "what the user enrolls, the user confirms"
    assert row.user_needs is None or row.mfa_type, "the MFA API enrolls only what it shows"
    assert row.mfa_type == "oob" or not row.oob_channels
    options = {*row.options, *(row.user_needs or ()), *(row.operator_needs or ()), *row.confirmed_with}
    assert {option.partition(".")[0] for option in options} <= set(Wanted.__dataclass_fields__)
    assert not row.row_per_channel or len(row.oob_channels) > 1


def test_partners_are_mutual_and_factors():
    assert UNSEEN_PARTNERS == {"push": "otp", "otp": "push"}
    assert all(UNSEEN_PARTNERS[UNSEEN_PARTNERS[one]] == one for one in UNSEEN_PARTNERS)


# Names that are also the names of options and fields, so that finding one says nothing.
AMBIGUOUS = {"otp", "email"}
# A policy decision, and a kind of connection: no facts about a factor.
ALLOWED = {("model.py", "phone"), ("people.py", "sms")}


def test_no_other_file_knows_a_factor():
    known = {*words(), "totp", "push-notification"} - AMBIGUOUS
    found = {
        (path.name, node.value)
        for path in [*PLUGINS.glob("module_utils/**/*.py"), *PLUGINS.glob("modules/*.py")]
        if path.name != "factors.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in known
    }
    assert found == ALLOWED
