# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings for Security Hub: sends what ``asff.Selection`` selects, and says what became of each finding in numbers.

What Security Hub shows is kept in an object of its own, because a run knows only what it found and what the run before had:

    published/security-hub-active.json   the findings that were sent and not archived since, and the time of the last sending
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Callable, Iterable, Mapping

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.forms import check_of
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.asff import Active
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import Store
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import iso

ACTIVE = "published/security-hub-active.json"
# The service's own words for what may pass.
_UNAVAILABLE = "ServiceUnavailable"
_PASSING = ("Internal", "LimitExceeded", "Throttl", "TooManyRequests", _UNAVAILABLE)
_TRIES = 6
# Kept of the time that is left, for a call that gets no answer and for the outputs after this one.
_MARGIN_SECONDS = 60.0


@dataclass
class Sent:
    """What became of the findings.

    :ivar taken: by Security Hub
    :ivar refused: for good, by Security Hub's own word
    :ivar not_sent: there was no time, or the service kept refusing
    :ivar left_out: beyond the most that are sent
    """

    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    not_sent: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        told = ["%d sent" % self.taken]
        if self.refused:
            words = ", ".join("%d %s" % (count, word) for word, count in sorted(self.refused.items()))
            told.append("%d refused (%s)" % (self.refused.total(), words))
        if self.not_sent:
            told.append("%d not sent" % self.not_sent)
        if self.left_out:
            told.append("%d left out, because only the worst are sent" % self.left_out)
        return ", ".join(told)


class Shown:
    """What Security Hub shows, as far as this function sent it.

    :ivar at: the time of this sending. It is later than that of the last one, whatever the clock says: Security Hub takes an update
        only then
    :ivar active: ID -> finding
    """

    def __init__(self, store: Store, now: datetime) -> None:
        """:raises StoreError: it cannot be read"""
        self._store = store
        found = store.read(ACTIVE)
        self._version = found[1] if found else None
        last, self.active = _known(found[0]) if found else (None, {})
        self.at = iso(now if last is None else max(now, last + timedelta(milliseconds=1)))

    def save(self, active: Mapping[str, Active]) -> None:
        """Note this sending, and what is shown from now on.

        :raises StoreError: it cannot be written
        """
        content = json.dumps({"at": self.at, "active": active}, sort_keys=True).encode() + b"\n"
        self._version = self._store.write(ACTIVE, content, self._version)


def _known(content: bytes) -> tuple[datetime | None, dict[str, Active]]:
    """The time of the last sending, and what is active. What nobody can read is not known."""
    try:
        noted = json.loads(content)
        last = datetime.strptime(noted["at"], "%Y-%m-%dT%H:%M:%S.%f%z")
        findings = dict(noted["active"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, {}
    is_active = check_of(Active)
    return last, {each: known for each, known in findings.items() if is_active(known) and known["rule"] in RULES}


def send(
    client: Any,
    batches: Iterable[list[dict[str, Any]]],
    seconds_left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send the batches, and again what was refused for a reason that may pass, later each time.

    :param client: of Security Hub
    :param seconds_left: how long everything may take
    :raises ClientError: Security Hub refuses to be called, because it is not switched on or the role may not
    """
    sent = Sent()
    for batch in batches:
        for tried in range(_TRIES):
            if tried:
                sleep(2.0**tried / 2)
            if seconds_left() < _MARGIN_SECONDS:
                break
            refused = _import(client, batch)
            sent.taken += len(batch) - len(refused)
            passing = {each: word for each, word in refused.items() if word.startswith(_PASSING)}
            sent.refused.update(word for each, word in refused.items() if each not in passing)
            batch = [each for each in batch if each["Id"] in passing]
            if not batch:
                break
        sent.not_sent += len(batch)
    return sent


def _import(client: Any, batch: list[dict[str, Any]]) -> Mapping[str, str]:
    """One call: ID -> why this finding was not taken.

    :raises ClientError: a retry cannot help
    """
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    try:
        answer = client.batch_import_findings(Findings=batch)
    except (ConnectionError, HTTPClientError):
        word = _UNAVAILABLE
    except ClientError as error:
        word = error.response["Error"]["Code"]
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            word = _UNAVAILABLE
        if not word.startswith(_PASSING):
            raise
    else:
        return {each["Id"]: each["ErrorCode"] for each in answer.get("FailedFindings", ())}
    return dict.fromkeys((each["Id"] for each in batch), word)
