# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sending to a Security Hub that refuses, throttles and takes its time. Whole runs are in test_publish.py."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from security_hub import ACTIVE, Shown, send

DOWN = ReadTimeoutError(endpoint_url="https://securityhub")
AWAY = EndpointConnectionError(endpoint_url="https://securityhub")


def refusal(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "BatchImportFindings")


def fail(error: Exception) -> None:
    raise error


class Hub:
    """Gives the answers in turn: an error, or the words with which findings are refused by their IDs; then it takes everything."""

    def __init__(self, *answers, seconds: float = 0.0) -> None:
        self.answers, self.seconds = list(answers), seconds
        self.taken: list[str] = []
        self.calls, self.clock = 0, 0.0
        self.slept: list[float] = []

    def batch_import_findings(self, Findings):
        self.calls += 1
        self.clock += self.seconds
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            fail(answer)
        self.taken += [each["Id"] for each in Findings if each["Id"] not in answer]
        failed = [
            {"Id": each["Id"], "ErrorCode": answer[each["Id"]], "ErrorMessage": "no"}
            for each in Findings
            if each["Id"] in answer
        ]
        return {"FailedCount": len(failed), "SuccessCount": len(Findings) - len(failed), "FailedFindings": failed}

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock += seconds

    def send(self, *batches, time: float = 800.0):
        rows = [[{"Id": each} for each in batch] for batch in batches]
        return send(self, rows, lambda: time - self.clock, self.sleep)


def test_what_is_taken_is_counted():
    hub = Hub()
    assert str(hub.send("ab", "c")) == "3 sent" and hub.taken == ["a", "b", "c"] and hub.slept == []


def test_nothing_to_send_is_no_call():
    hub = Hub()
    assert str(hub.send()) == "0 sent" and hub.calls == 0


@pytest.mark.parametrize(
    "error",
    [refusal("ThrottlingException"), refusal("TooManyRequestsException", 429), refusal("LimitExceededException")]
    + [refusal("InternalException", 500), refusal("Odd", 503), DOWN, AWAY],
)
def test_a_call_that_may_succeed_later_is_repeated_later_each_time(error):
    hub = Hub(error, error, error)
    assert str(hub.send("ab", "c")) == "3 sent"
    assert hub.slept == [1, 2, 4] and hub.calls == 5


def test_only_what_was_refused_for_a_passing_reason_is_sent_again():
    hub = Hub({"a": "InvalidInput", "b": "ThrottlingException"}, {"b": "InternalFailure"})
    assert str(hub.send("abc")) == "2 sent, 1 refused (1 InvalidInput)"
    assert hub.taken == ["c", "b"] and hub.calls == 3


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidAccessException", "InvalidInputException"])
def test_a_refusal_that_lasts_is_an_error_at_once(code):
    hub = Hub(refusal(code, 403))
    with pytest.raises(ClientError, match=code):
        hub.send("a", "b")
    assert hub.calls == 1 and hub.slept == []


def test_what_is_refused_again_and_again_is_told_as_not_sent():
    hub = Hub(*[{"a": "InternalFailure"}] * 99)
    assert str(hub.send("ab", "c")) == "2 sent, 1 not sent" and hub.calls == 7


def test_the_time_that_is_left_ends_it_and_the_rest_is_told():
    hub = Hub(seconds=30.0)
    assert str(hub.send("ab", "cd", "ef", "g", time=110.0)) == "4 sent, 3 not sent"
    assert hub.clock == 60


_WORDS = st.sampled_from(["InvalidInput", "ThrottlingException", "InternalFailure"])
_ANSWERS = st.one_of(
    st.just(refusal("ThrottlingException")), st.just(DOWN), st.dictionaries(st.sampled_from("abcdefghi"), _WORDS)
)


@given(answers=st.lists(_ANSWERS, max_size=30), time=st.floats(0, 300), seconds=st.floats(0, 40))
def test_each_finding_is_counted_once_whatever_happens(answers, time, seconds):
    hub = Hub(*answers, seconds=seconds)
    sent = hub.send("abc", "def", "ghi", time=time)
    assert sent.taken == len(hub.taken) == len(set(hub.taken))
    assert sent.taken + sent.refused.total() + sent.not_sent == 9


NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
KNOWN = {"rule": "no-mfa", "severity": "high", "first_seen": "2026-05-01T12:00:00.000Z"}


@pytest.mark.parametrize("hours", [1, 0, -1000])
def test_what_is_shown_is_kept_and_each_sending_is_later_than_the_last(tmp_path, hours):
    store = FolderStore(str(tmp_path))
    first = Shown(store, NOW)
    assert (first.at, first.active) == ("2026-06-01T12:00:00.000Z", {})
    first.save({"a": KNOWN})
    first.save({"b": KNOWN})
    second = Shown(store, NOW + timedelta(hours=hours))
    assert second.at > first.at and second.active == {"b": KNOWN}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff", b'{"at": 5, "active": {}}', b'{"at": "2026-06-01T12:00:00.000Z", "active": 5}', b"[" * 99999]
    + [b'{"at": "2026-06-01T12:00:00", "active": {}}'],
)
def test_what_nobody_can_read_is_replaced(tmp_path, content):
    store = FolderStore(str(tmp_path))
    store.write(ACTIVE, content, None)
    shown = Shown(store, NOW)
    assert (shown.at, shown.active) == ("2026-06-01T12:00:00.000Z", {})
    shown.save({"a": KNOWN})
    assert Shown(store, NOW).active == {"a": KNOWN}


@pytest.mark.parametrize("known", [5, {}, {**KNOWN, "rule": "of another version"}, {**KNOWN, "severity": 5}])
def test_a_finding_that_this_version_does_not_know_is_left_alone(tmp_path, known):
    store = FolderStore(str(tmp_path))
    noted = {"at": "2026-06-01T12:00:00.000Z", "active": {"a": KNOWN, "b": known}}
    store.write(ACTIVE, json.dumps(noted).encode(), None)
    assert Shown(store, NOW).active == {"a": KNOWN}
