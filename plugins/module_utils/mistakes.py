# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that is wrong with a list, told at once."""

from __future__ import annotations

from .auth0.wire.errors import ConfigurationError

# So many places of each mistake are in the message.
_TOLD = 5


class Mistakes:
    """What is wrong, the same mistake in many places together."""

    def __init__(self, what: str) -> None:
        """:param what: what cannot be used, as the beginning of a sentence"""
        self._what = what
        self._found: dict[str, list[str]] = {}

    def add(self, mistake: str, where: str) -> None:
        """:param where: the place in the list, or the line of a file"""
        self._found.setdefault(mistake, []).append(where)

    def check(self) -> None:
        """Return if nothing is wrong.

        :raises ConfigurationError: something is; its ``mistakes`` name every place
        """
        if not self._found:
            return
        said, every = [], []
        for mistake, places in self._found.items():
            more = " and %d more" % (len(places) - _TOLD) if len(places) > _TOLD else ""
            said.append("%s: %s%s" % (mistake, ", ".join(places[:_TOLD]), more))
            every += ["%s: %s" % (place, mistake) for place in places]
        raise ConfigurationError(
            "%s. %s" % (self._what, "; ".join(said)),
            hint="Correct it. Nothing was changed.",
            progress={"changed": False, "mistakes": every},
        )
