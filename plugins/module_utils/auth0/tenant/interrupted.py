# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change of the tenant that an error cut off."""

from __future__ import annotations

from typing import Mapping

from ..api.answers import READ_AGAIN
from ..wire.errors import AmbiguousWriteError, Auth0Error


def interrupted(error: Auth0Error, progress: Mapping[str, object] | None) -> Auth0Error:
    """The error with what was done before it, and with what to do where nobody knows whether the last write happened.

    :param progress: None where nothing was done
    """
    ambiguous = isinstance(error, AmbiguousWriteError)
    hint = READ_AGAIN if ambiguous else None
    return error.replace(hint=hint, progress=progress)
