# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The QR code of an enrollment, to scan from a picture or from the terminal."""

from __future__ import annotations

import io
from typing import Callable, TypeVar

from ..factors import names
from ..wire.errors import ConfigurationError
from .wanted import Wanted

Picture = TypeVar("Picture", str, bytes)

# Light modules around the code, without which scanners may not find it (ISO/IEC 18004).
QUIET_ZONE = 4
# A half block shows two modules, one above the other: character by (upper is dark, lower is dark), on a dark terminal.
_BLOCKS = {(False, False): "\u2588", (False, True): "\u2580", (True, False): "\u2584", (True, True): " "}


def check(wanted: Wanted) -> None:
    """Whether there will be a code to show; before anything is sent.

    :raises ConfigurationError: only the enrollment of an OTP app or a push device has one
    :raises ImportError: segno is missing
    """
    import segno

    with_code = names(lambda row: row.has_qr_code)
    if wanted.state != "present" or wanted.factor not in with_code:
        raise ConfigurationError(
            "qr_path, qr_text and qr_show require state=present and factor=%s" % " or ".join(with_code),
            hint="Remove them from the task.",
        )
    # An older segno may lack it; then better now than after the enrollment.
    segno.make_qr("otpauth://")


def as_png(address: str) -> bytes:
    """A PNG, 8 pixels a module."""
    import segno

    picture = io.BytesIO()
    segno.make_qr(address).save(picture, kind="png", scale=8, border=QUIET_ZONE)
    return picture.getvalue()


def as_text(address: str) -> str:
    """Lines of block characters, without escape sequences, to be read light on dark."""
    import segno

    rows = [[bool(module) for module in row] for row in segno.make_qr(address).matrix_iter(border=QUIET_ZONE)]
    # The number of rows is always odd.
    rows.append([False] * len(rows[0]))
    pairs = zip(rows[::2], rows[1::2])
    return "\n".join("".join(_BLOCKS[upper, lower] for upper, lower in zip(*pair)) for pair in pairs)


def picture_of(address: str, draw: Callable[[str], Picture]) -> tuple[Picture | None, str | None]:
    """The QR code of an address, and None; or None, and why there is no picture of it. The enrollment exists in any case."""
    try:
        return draw(address), None
    # segno's errors, such as DataOverflowError, are of this kind.
    except ValueError as error:
        return None, "The enrollment exists, but its barcode_uri cannot be shown as a QR code: %s" % error
