# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks, by all examples that were recorded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.users.masking import mask_email, mask_phone


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+44207183875044", "XXXXXXXXXXX5044"),
        ("+91123459167", "XXXXXXXX9167"),
        ("5044", "5044"),
        ("44", "44"),
    ],
)
def test_phone_keeps_its_last_four_characters(number, masked):
    assert mask_phone(number) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("chuck334@example.com", "chuc****@exam*******"),
        ("foo@example.com", "****@exam*******"),
        ("four@example.com", "****@exam*******"),
        ("fiver@example.com", "five*@exam*******"),
    ],
)
def test_email_keeps_four_characters_of_both_parts(address, masked):
    assert mask_email(address) == masked


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_phone_mask_keeps_the_length_and_shows_no_other_digit(number):
    masked = mask_phone(number)
    assert len(masked) == len(number)
    assert set(masked[:-4]) == {"X"}
