# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masking, checked with all recorded examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.users.masking import mask_email, mask_phone


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        pytest.param("+44207183875044", "XXXXXXXXXXX5044", id="uk"),
        pytest.param("+91123459167", "XXXXXXXX9167", id="india"),
        pytest.param("5044", "5044", id="four characters"),
        pytest.param("44", "44", id="two characters"),
    ],
)
def test_phone_keeps_its_last_four_characters(number, masked):
    assert mask_phone(number) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        pytest.param("chuck334@example.com", "chuc****@exam*******", id="long"),
        pytest.param("foo@example.com", "****@exam*******", id="three characters"),
        pytest.param("four@example.com", "****@exam*******", id="four characters"),
        pytest.param("fiver@example.com", "five*@exam*******", id="five characters"),
    ],
)
def test_email_keeps_four_characters_of_both_parts(address, masked):
    assert mask_email(address) == masked


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_phone_mask_keeps_the_length_and_shows_no_other_digit(number):
    masked = mask_phone(number)
    assert len(masked) == len(number)
    assert set(masked[:-4]) == {"X"}
