# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority and a server certificate made at start, for clients that insist on https."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import trustme

LIFETIME = timedelta(days=30)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def make_server_context(host: str, also: Sequence[str] = ()) -> tuple[ssl.SSLContext, bytes]:
    """A context whose certificate is valid for loopback, ``host`` and the names ``also``, and the authority's certificate (PEM).

    Validity follows the machine's clock, not the tenant's, because clients check it against theirs.
    """
    authority = trustme.CA(organization_name="Auth0 tenant emulator CA")
    names = dict.fromkeys((*LOOPBACK, host, *also))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=datetime.now(timezone.utc) + LIFETIME).configure_cert(context)
    return context, authority.cert_pem.bytes()
