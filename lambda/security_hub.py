# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings for Security Hub: sends what ``asff.Selection`` selects, and says what became of each finding in numbers."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Mapping

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
