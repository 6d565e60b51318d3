# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at every user before a change of the tenant that could lock some of them out: in an audit, or by reading them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .auth0.api.management import ManagementApi
from .auth0.tenant.lockout import Lockout
from .auth0.tenant.mfa import TenantPlan
from .auth0.times import as_time, seconds
from .auth0.wire.errors import Auth0Error, RefusedError
from .module import Session

if TYPE_CHECKING:
    from .audit.ledger import Ledger

_CHOICES = "Set audit_folder to the folder of a recent audit, increase lockout_max_users, or set lockout_check=skip."


@dataclass(frozen=True)
class AuditSource:
    """The users of the last audit in a folder."""

    folder: str
    tenant: str
    max_age: timedelta

    def tell(self, lockout: Lockout, now: datetime) -> str:
        """Tell every user; returns the run.

        :raises RefusedError: no audit is recent, complete and about every user
        :raises ConfigurationError: there is none at all, or it is of another tenant
        """
        # Modules are compiled anew for every task, so the audit is loaded for those that name one.
        from .audit.history import History
        from .audit.readings import authenticators_of
        from .audit.store import FolderStore

        history = History.of(FolderStore(self.folder))
        history.check_tenant(self.tenant)
        history.find(None)
        ledger = next((each for each in history if not _lacking(each)), None)
        if ledger is None:
            raise RefusedError(
                "No audit in %s is finished and about every user" % self.folder,
                hint="Run the audit, then this task again.",
            )
        planned = as_time(ledger.checkpoint.planned)
        if planned is None or now - planned > self.max_age:
            raise RefusedError(
                "The last audit in %s began at %s, which is too long ago" % (self.folder, ledger.checkpoint.planned),
                hint="Run the audit, then this task again, or increase audit_max_age.",
            )
        for record in ledger.records():
            if not record["gone"]:
                lockout.tell(record["profile"]["user_id"], authenticators_of(record))
        return ledger.checkpoint.run


def _lacking(ledger: Ledger) -> bool:
    """Whether the run may lack users."""
    checkpoint = ledger.checkpoint
    return (
        not checkpoint.whole_tenant
        or checkpoint.finished is None
        or checkpoint.incomplete is not None
        or checkpoint.unseen > 0
    )


@dataclass(frozen=True)
class TenantSource:
    """The users of the tenant, each read now.

    :ivar most: how many may be read
    """

    api: ManagementApi
    most: int

    def tell(self, lockout: Lockout, _now: datetime) -> str:
        """Tell every user; returns what was read.

        :raises RefusedError: there are too many
        :raises Auth0Error: they could not all be listed
        """
        # Likewise, so is the walk over all users.
        from .auth0.users.reading import Reading
        from .auth0.users.side_by_side import AT_ONCE

        everybody = {"query": "*", "user_ids": None, "emails": None}
        reading = Reading.from_options(self.api, everybody, AT_ONCE)
        if self.api.count_users() > self.most:
            raise self._too_many()
        for user in reading:
            lockout.tell(user.user_id, user.authenticators)
            if lockout.users > self.most:
                raise self._too_many()
        if reading.stopped is not None:
            raise reading.stopped
        return "tenant"

    def _too_many(self) -> RefusedError:
        return RefusedError(
            "The tenant has more than %d users, who would all have to be read to know who would be locked out"
            % self.most,
            hint=_CHOICES,
        )


def source_of(session: Session) -> AuditSource | TenantSource | None:
    """Where the users are looked at; None where nobody is to look.

    :raises ConfigurationError: an option cannot be right
    """
    params = session.params
    age = timedelta(seconds=seconds("audit_max_age", params["audit_max_age"]))
    if params["lockout_check"] == "skip":
        return None
    if params["audit_folder"] is not None:
        return AuditSource(params["audit_folder"], session.connection.domain, age)
    return TenantSource(session.operator, params["lockout_max_users"])


def check_lockout(
    session: Session, source: AuditSource | TenantSource | None, needed: TenantPlan
) -> dict[str, object] | None:
    """Who would be locked out by what is needed, for the result; None where it can concern nobody.

    :param source: None to look at nobody
    :raises RefusedError: users would be locked out, or nobody can tell; in check mode this is a warning, and ``refused`` in the
        result
    """
    lockout = Lockout(needed.before, needed.after)
    if not lockout.possible:
        return None
    if source is None:
        return {**lockout.as_row(None, "lockout_check is skip"), "refused": False}
    refusal: Auth0Error | None = None
    try:
        told, reason = source.tell(lockout, session.now()), None
    except Auth0Error as error:
        # With allow_lockout, whoever runs the task accepts what nobody counts.
        refusal, told, reason = error.replace(hint=error.hint or _CHOICES), None, str(error)
    row = lockout.as_row(told, reason)
    if refusal is None and lockout.locked_out:
        refusal = RefusedError(
            "%d of %d users have no other second factor and may be unable to log in: %s%s"
            % (
                lockout.locked_out,
                lockout.users,
                ", ".join(str(each["user_id"]) for each in lockout.sample[:5]),
                " and others" if lockout.locked_out > 5 else "",
            ),
            hint="Let them enroll another one first, or set allow_lockout=true.",
        )
    elif refusal is None and lockout.unread:
        refusal = RefusedError(
            "%d of %d users could not be read, so nobody knows whether they would be locked out"
            % (lockout.unread, lockout.users),
            hint="Run the task again, or set allow_lockout=true.",
        )
    refused = refusal is not None and not session.params["allow_lockout"]
    row["refused"] = refused
    if lockout.must_enroll:
        session.warn(
            "%d of %d users have no second factor. Auth0 asks them to enroll one when they next log in."
            % (lockout.must_enroll, lockout.users)
        )
    if refusal is not None and refused and not session.check_mode:
        raise refusal.replace(
            message="Nothing was changed. " + refusal.message, progress={"changed": False, "lockout": row}
        )
    if refusal is not None:
        session.warn(("Applying this is refused. %s" if refused else "%s") % refusal)
    return row
