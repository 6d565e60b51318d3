# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that end one kind of what lets a user in, or keeps a user out: for one user, or for many."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from .auth0.api.access import Access, Found
from .auth0.api.management import ManagementApi
from .auth0.users.ending import Ended, end, progress
from .auth0.users.operator_side import OperatorSide
from .auth0.wire.errors import ConfigurationError, visible
from .entries import MOST_USERS, USERS
from .module import CONNECTION, PROGRESS, TARGET, Part, Session


def parts(ids: str | None = None) -> tuple[Part, ...]:
    """The options of such a module.

    :param ids: the option that names some of one user's
    """
    named = () if ids is None else (ids,)
    # IDs are no secrets, whatever the name of the option makes of it.
    own = {name: {"type": "list", "elements": "str", "no_log": False} for name in named}
    state = {"type": "str", "choices": ["absent"], "required": True}
    one_user_only = tuple(("users", name) for name in named)
    return (CONNECTION, TARGET, Part({"state": state, **own}, one_user_only, never_null=named), USERS, PROGRESS)


def ended(session: Session, kind: Callable[[ManagementApi], Access], ids: str | None = None) -> dict[str, Any]:
    """The result of such a module.

    :param kind: what it ends
    :param ids: the option that names some of one user's
    """
    params, access = session.params, kind(session.operator)
    wanted = None if ids is None else params[ids]
    if wanted is not None and not all(each.strip() for each in wanted):
        raise ConfigurationError("%s has an empty ID" % ids, hint="Remove it, or check where the list comes from.")

    def act(side: OperatorSide, *, check_mode: bool, warn: Callable[[str], None]) -> dict[str, Any]:
        outcome = end(access, side.user_id, wanted, check_mode)
        listed = {each.id for each in outcome.before or ()}
        unknown = [each for each in wanted or () if each not in listed]
        if unknown:
            warn("%s: the user does not have %s. It has ended already, or the ID is wrong." % (ids, ", ".join(unknown)))
        if outcome.before is None and check_mode:
            session.operator.authenticate()
        return {"changed": outcome.changed, **_told(outcome)}

    if params["users"] is None:
        side = session.operator_side()
        return {**act(side, check_mode=session.check_mode, warn=session.warn), "user_id": side.user_id}
    # Modules are compiled anew for every task, so what only many users need is loaded for them.
    from .many_users import ManyUsers

    def prepare(_options: Mapping[str, Any]) -> Any:
        return act

    most = MOST_USERS if params["max_users"] is None else params["max_users"]
    # Where Auth0 shows nothing, there is nothing to count.
    blank = {} if not access.shown else {"removed": [], "count": 0}
    return ManyUsers(session, {}, (), prepare, blank, most).run()


def _told(outcome: Ended) -> dict[str, Any]:
    if outcome.before is None:
        return {}
    after = [each for each in outcome.before if each not in outcome.gone]
    diff = {"before": _lines(outcome.before), "after": _lines(after)}
    return {**progress(outcome.gone), "changed": outcome.changed, "diff": diff}


def _lines(found: Sequence[Found]) -> str:
    """One line each, without times: what a person compares in ``--diff``."""
    return "".join(visible(", ".join(_words(each))) + "\n" for each in found)


def _words(found: Found) -> list[str]:
    told = (value for name, value in found.shown.items() if value and not name.endswith("_at"))
    return [" ".join(value) if isinstance(value, list) else str(value) for value in told]
