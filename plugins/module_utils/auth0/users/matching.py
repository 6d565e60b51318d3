# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of a user's authenticators a task means: by identity, never by name. Pure."""

from __future__ import annotations

from ..authenticators import (
    Authenticator,
    email_fits,
    is_clear_address,
    is_clear_number,
    linked_ids,
    phone_fits,
)
from ..wire.errors import NotFoundError, RefusedError
from .wanted import ACCEPT, REJECT, Wanted

Device = list[Authenticator]
MASK = "mask"


def devices(rows: list[Authenticator]) -> list[Device]:
    """The rows, together where they are the channels of one phone; in the order of their IDs."""
    found: dict[str, Device] = {}
    linked = linked_ids(rows)
    for row in sorted(rows, key=lambda row: row.id):
        one_device = row.kind is not None and row.kind.row_per_channel
        key = min(row.id, *linked[row.id]) if one_device and linked[row.id] else row.id
        found.setdefault(key, []).append(row)
    return list(found.values())


def meant(wanted: Wanted, rows: list[Authenticator]) -> list[Device]:
    """The devices that the ID or the other options mean; of each only the rows that fit.

    A number or an address that is shown in clear leaves no room for one that only fits a mask.

    :raises RefusedError: the user has the ID, and it is not what the other options describe
    """
    if wanted.authenticator_id is None:
        fitting = [row for row in rows if _fits(wanted, row)]
        masked = [row for row in fitting if matched_by(wanted, row) == MASK]
        if len(masked) < len(fitting) or wanted.masked_match == REJECT:
            fitting = [row for row in fitting if row not in masked]
        return devices(fitting)
    named = [row for row in rows if row.goes_by(wanted.authenticator_id)]
    for row in named:
        if not _fits(wanted, row):
            raise RefusedError(
                "%s is not what the other options describe" % row.id,
                hint="Remove those options or correct authenticator_id.",
            )
    return devices(named)


def _fits(wanted: Wanted, row: Authenticator) -> bool:
    if wanted.factor and row.factor != wanted.factor:
        return False
    if wanted.channel and row.channels and wanted.channel not in row.channels:
        return False
    if wanted.phone_number and not phone_fits(row.phone_number, wanted.phone_number):
        return False
    if wanted.credential and wanted.credential.get("key_id") != row.key_id:
        return False
    return not wanted.email_address or email_fits(row.email, wanted.email_address)


def matched_by(wanted: Wanted, row: Authenticator) -> str:
    """What tells that the row is meant, the strongest word of it."""
    if wanted.authenticator_id is not None:
        return "id"
    if wanted.phone_number is not None:
        return "number" if is_clear_number(row.phone_number or "") else MASK
    if wanted.email_address is not None:
        return "address" if is_clear_address(row.email or "") else MASK
    return "credential" if wanted.credential is not None else "factor"


def masked_match(wanted: Wanted, row: Authenticator) -> str | None:
    """How Auth0 shows a row that only fits the mask, as the end of a sentence; None where nothing needs to be said."""
    if wanted.masked_match == ACCEPT or matched_by(wanted, row) != MASK:
        return None
    return "as %s, which fits %s but may be another one" % (
        row.phone_number or row.email,
        wanted.phone_number or wanted.email_address,
    )


def ambiguous(found: list[Device]) -> RefusedError:
    """More than one device fits."""
    ids = ", ".join(row.id for device in found for row in device)
    return RefusedError(
        "The options match more than one authenticator: %s" % ids, hint="Set authenticator_id to one of them."
    )


def not_the_users(authenticator_id: str) -> NotFoundError:
    """No row has the ID."""
    return NotFoundError(
        "The user has no authenticator with the ID %s" % authenticator_id,
        hint="List them with mfaops.auth0.auth0_mfa_authenticator_info and include_unconfirmed=true.",
    )
