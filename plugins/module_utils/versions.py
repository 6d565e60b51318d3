# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions of other packages this collection works with, and the command that installs them.

Nothing is imported to find out, not even importlib.metadata, which takes longer than all the rest.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import Dict, NamedTuple, Optional, Tuple


class Package(NamedTuple):
    """A package, what pip installs it as, and the versions that work: from the first to before the second."""

    requirement: str
    oldest: Tuple[int, ...]
    below: Optional[Tuple[int, ...]] = None


PACKAGES = {
    "auth0-python": Package("auth0-python>=6.8,<7", (6, 8), (7,)),
    "requests": Package("requests>=2.32", (2, 32)),
    # Comes with auth0-python, and so does PyJWT.
    "httpx": Package("httpx>=0.21.2", (0, 21, 2)),
    "PyJWT": Package("PyJWT[crypto]>=2.8", (2, 8)),
    "segno": Package("segno>=1.6", (1, 6)),
    # Comes with ansible-core. The audit needs it without.
    "jinja2": Package("jinja2>=3.1", (3, 1)),
    # For a policy file.
    "jsonschema": Package("jsonschema>=4.18", (4, 18)),
    "ruamel.yaml": Package("ruamel.yaml>=0.18", (0, 18)),
}
# What a package is imported as.
IMPORTED_AS = {
    "auth0": "auth0-python",
    "requests": "requests",
    "httpx": "auth0-python",
    "jwt": "PyJWT",
    "segno": "segno",
    "jinja2": "jinja2",
    "jsonschema": "jsonschema",
    "ruamel": "ruamel.yaml",
}


def how_to_install(*packages: str) -> str:
    """The command that installs these packages for the Python that runs."""
    wanted = " ".join(shlex.quote(PACKAGES[name].requirement) for name in packages)
    return "%s -m pip install %s" % (shlex.quote(sys.executable or "python3"), wanted)


def wrong_versions(*packages: str) -> Tuple[str, str] | None:
    """What is wrong with these packages as they are installed, and the command that mends it; None if nothing is.

    A package that is not installed is told by whoever needs it.
    """
    wrong = {}
    found = _installed()
    for name in packages:
        installed = found.get(_normal(name))
        if installed is None:
            continue
        package, numbers = PACKAGES[name], _numbers(installed)
        if numbers < package.oldest or (package.below and numbers >= package.below):
            wrong[name] = "%s %s is installed, but %s is needed" % (name, installed, package.requirement)
    if not wrong:
        return None
    return "; ".join(wrong.values()), "Run: " + how_to_install(*wrong)


def _installed() -> Dict[str, str]:
    """The version of each package, by the names of the folders that pip writes; as in imports, the first one counts."""
    found: Dict[str, str] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:  # it does not exist, or is a ZIP file
            continue
        for name in names:
            match = re.match(r"(.+?)-(\d[^-]*)(?:-py[\d.]+)?\.(?:dist|egg)-info$", name)
            if match:
                found.setdefault(_normal(match[1]), match[2])
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _numbers(text: str) -> Tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", re.split(r"[^\d.]", text, maxsplit=1)[0]))
