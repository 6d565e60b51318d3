# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""auth0-python's client for the Management API, loaded without the other half of the package.

Whatever is imported of it, ``auth0/__init__.py`` imports ``auth0.authentication`` as well, with PyJWT and cryptography. Nothing
here uses it, and Ansible loads all of it anew for every task.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auth0.management import Auth0

_UNUSED = "auth0.authentication"


def client_class() -> type[Auth0]:
    """The class of auth0-python's client.

    :raises ImportError: auth0-python is not installed
    """
    if "auth0" not in sys.modules:
        _load_management_only()
    from auth0.management import Auth0

    return Auth0


def _load_management_only() -> None:
    """Import ``auth0`` while an empty module stands in for what is not used; whoever wants that later gets the real one."""
    sys.modules[_UNUSED] = ModuleType(_UNUSED)
    try:
        import auth0.management
    except (ImportError, AttributeError):
        # It is not installed, or a version wants something of the other half: the plain import does, or tells.
        return
    finally:
        sys.modules.pop(_UNUSED, None)
    if hasattr(auth0, "authentication"):
        del auth0.authentication
