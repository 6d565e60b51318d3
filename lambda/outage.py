# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a segment meets when a service of AWS is away: it throttles, fails or cannot be reached."""

from __future__ import annotations

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import StoreError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error, TransportError


class Outage(Auth0Error):
    """A service of AWS that a segment needs does not work now, and may work later.

    :cvar service: its name, as people know it
    """

    service = "AWS"


class StoreOutage(StoreError, Outage):
    """The bucket can neither be read nor written now."""

    service = "S3"


class SecretOutage(TransportError, Outage):
    """Secrets Manager does not give the secret now."""

    service = "Secrets Manager"


class ParameterOutage(TransportError, Outage):
    """SSM does not give the parameter now."""

    service = "SSM"
