# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The QR code of an enrollment."""

from __future__ import annotations

import struct

import pytest
import segno

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.qr_code import as_png, as_text, check, picture_of
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted

ADDRESS = "otpauth://totp/example:user%40example.com?secret=HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF&issuer=example"
DARK = {"\u2588": "00", "\u2580": "01", "\u2584": "10", " ": "11"}


def test_the_text_has_the_modules_of_the_code():
    expected = [
        "".join(str(int(bool(module))) for module in row) for row in segno.make_qr(ADDRESS).matrix_iter(border=4)
    ]
    lines = as_text(ADDRESS).split("\n")
    rows = ["".join(DARK[character][half] for character in line) for line in lines for half in (0, 1)]
    assert rows == [*expected, "0" * len(expected[0])]  # half a line is left over, and light
    assert "\x1b" not in as_text(ADDRESS)


def test_the_picture_is_a_png():
    picture = as_png(ADDRESS)
    assert picture.startswith(b"\x89PNG\r\n")
    # Scanners need four light modules around it, and a module of some pixels.
    pixels = 8 * (len(list(segno.make_qr(ADDRESS).matrix_iter(border=4))))
    assert struct.unpack(">II", picture[16:24]) == (pixels, pixels)


@pytest.mark.parametrize("factor", ["otp", "push"])
def test_what_has_a_code_is_allowed(factor):
    check(Wanted("present", factor))


@pytest.mark.parametrize("wanted", [Wanted("absent", "otp"), Wanted("present", "phone"), Wanted("confirmed", "push")])
def test_what_has_no_code_is_refused_beforehand(wanted):
    with pytest.raises(ConfigurationError, match="require state=present and factor=otp or push") as caught:
        check(wanted)
    assert caught.value.hint


@pytest.mark.parametrize("draw", [as_text, as_png])
def test_an_address_that_is_too_long_for_a_picture_does_not_lose_the_enrollment(draw):
    picture, problem = picture_of("otpauth://totp/" + "x" * 5000, draw)
    assert picture is None and "The enrollment exists" in problem
    assert picture_of("otpauth://totp/x", draw) == (draw("otpauth://totp/x"), None)
