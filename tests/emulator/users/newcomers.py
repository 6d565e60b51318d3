# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users who sign up after the start, many at once: user ``number`` is a function of the seed, the number and the time."""

from __future__ import annotations

import random

from .connections import DATABASE
from .models import Authenticator, User, device_suffix, totp_secret
from .profiles import identity, new_profile
from .seed import PASSWORD


def newcomer(number: int, seed: int, now: int) -> User:
    """``new00001@example.com`` and so on, created now; those with an even number have an OTP app."""
    rng = random.Random(f"newcomer/{seed}/{number}")
    local_id = f"{rng.getrandbits(96):024x}"
    identities = [identity(DATABASE, "auth0", local_id, False)]
    user = User(new_profile(f"auth0|{local_id}", identities, f"new{number:05d}@example.com", now), DATABASE, PASSWORD)
    if number % 2 == 0:
        user.authenticators.append(
            Authenticator("totp", now, device_suffix(rng), enrolled_at=now, last_auth_at=now, secret=totp_secret(rng))
        )
    return user
