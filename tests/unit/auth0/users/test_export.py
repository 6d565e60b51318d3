# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The export job: waited for, downloaded with a fresh link each time, and given up with one error."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain, repeat

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ExportJob
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.export import (
    EXPORTED_FIELDS,
    LONGEST_JOB,
    PATIENCE,
    ExportedUsers,
    ExportUnavailable,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)

LINES = [json.dumps({"user_id": "auth0|%d" % number}) for number in range(5)]
IDS = ["auth0|%d" % number for number in range(5)]
CUT_OFF = TransportError("Could not download: cut off")
AWAY = ServerError("Could not read: away", status=503)


class Stop(Exception):
    """What a caller's sleep may raise."""


class Tenant:
    """Gives prepared answers; the last of each kind again and again. Its time is that of the sleeps.

    :ivar downloads: what each download gives: lines, and an error at its end
    """

    def __init__(self, starts=("job_1",), statuses=("pending", "processing", "completed"), downloads=(LINES,)):
        self.answers = {"start": list(starts), "status": list(statuses), "download": list(downloads)}
        self.calls: list[str] = []
        self.slept: list[float] = []
        self.links: list[str] = []

    def _next(self, kind):
        self.calls.append(kind)
        answers = self.answers[kind]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def start_users_export(self, fields):
        assert fields == EXPORTED_FIELDS
        return self._next("start")

    def users_export(self, job_id):
        assert job_id == "job_1"
        status = self._next("status")
        link = "https://files.example.com/%d" % len(self.calls)
        return ExportJob(
            status, link if status == "completed" else None, details="no room" if status == "failed" else None
        )

    def download(self, location):
        self.links.append(location)
        for line in self._next("download"):
            if isinstance(line, Exception):
                raise line
            yield line

    def sleep(self, seconds):
        self.slept.append(seconds)

    def export(self):
        return ExportedUsers(self, sleep=self.sleep, clock=lambda: sum(self.slept))


def ids(export):
    return [user["user_id"] for user in export]


def test_the_file_of_a_finished_job_is_read_with_the_link_that_was_told_last():
    tenant = Tenant()
    export = tenant.export()
    assert ids(export) == IDS
    assert (export.listed, export.unnamed) == (5, 0)
    assert tenant.calls == ["start", "status", "status", "status", "download"]
    assert tenant.links == ["https://files.example.com/4"]


def test_a_job_is_looked_at_ever_more_rarely_and_any_other_word_is_a_job_that_runs():
    tenant = Tenant(statuses=["pending", "hologram", *["processing"] * 10, "completed"])
    assert ids(tenant.export()) == IDS
    assert tenant.slept == sorted(tenant.slept) and (tenant.slept[0], tenant.slept[-1]) == (1, 15)


def test_how_much_of_a_job_is_done_is_told_when_it_changes():
    tenant, told = Tenant(statuses=[*["processing"] * 6, "completed"]), []
    looks, answers = iter([None, 0, 0, 40, None, 40]), tenant.users_export

    def answer(job_id):
        return replace(answers(job_id), percentage_done=next(looks, 100))

    tenant.users_export = answer
    assert ids(ExportedUsers(tenant, sleep=tenant.sleep, clock=lambda: sum(tenant.slept), tell=told.append)) == IDS
    assert told == [0, 40]


def test_a_job_that_is_never_done_is_given_up():
    tenant = Tenant(statuses=["processing"])
    with pytest.raises(ExportUnavailable, match="not done after 30 minutes .its status is processing"):
        ids(tenant.export())
    assert sum(tenant.slept) <= LONGEST_JOB and "download" not in tenant.calls


def test_a_job_that_begins_anew_again_and_again_is_given_up_too():
    tenant = Tenant(statuses=[*["processing"] * 100, "completed", "processing"], downloads=[[CUT_OFF]])
    with pytest.raises(ExportUnavailable, match="not done"):
        ids(tenant.export())
    assert sum(tenant.slept) <= LONGEST_JOB


def test_a_job_that_failed_says_why():
    with pytest.raises(ExportUnavailable, match="the job failed: no room"):
        ids(Tenant(statuses=["pending", "failed"]).export())


@pytest.mark.parametrize(
    "error",
    [
        ForbiddenError("Could not start: no", status=403),
        BadRequestError("Could not start: no", status=400),
        NotFoundError("Could not start: no", status=404),
        TransportError("Could not start: no", lasting=True),
    ],
)
@pytest.mark.parametrize("kind", ["starts", "statuses"])
def test_a_refusal_is_told_at_once(kind, error):
    tenant = Tenant(**{kind: [error]})
    with pytest.raises(ExportUnavailable, match="Could not start: no") as caught:
        ids(tenant.export())
    assert caught.value.status == error.status and not tenant.slept


@pytest.mark.parametrize("kind", ["starts", "statuses"])
def test_refused_credentials_are_what_they_are(kind):
    with pytest.raises(AuthenticationError):
        ids(Tenant(**{kind: [AuthenticationError("no")]}).export())


@pytest.mark.parametrize("error", [AWAY, TransportError("gone"), RateLimitError("later")])
@pytest.mark.parametrize("kind", ["starts", "statuses"])
def test_errors_that_pass_are_waited_out_and_not_for_ever(kind, error):
    then = "job_1" if kind == "starts" else "completed"
    assert ids(Tenant(**{kind: [error, error, error, then]}).export()) == IDS
    tenant = Tenant(**{kind: [error]})
    with pytest.raises(ExportUnavailable):
        ids(tenant.export())
    assert PATIENCE / 2 < sum(tenant.slept) <= PATIENCE


def test_a_start_without_an_answer_is_repeated_twice():
    lost = AmbiguousWriteError("Could not start: lost")
    tenant = Tenant(starts=[lost, lost, "job_1"])
    assert ids(tenant.export()) == IDS
    tenant = Tenant(starts=[lost])
    with pytest.raises(ExportUnavailable, match="lost") as caught:
        ids(tenant.export())
    assert tenant.calls == ["start"] * 3
    assert "changed" not in caught.value.facts()


@pytest.mark.parametrize("error", [CUT_OFF, ServerError("Could not download: status 403")])
@pytest.mark.parametrize("after", [0, 3, 5])
def test_a_download_that_ends_early_is_repeated_with_another_link(after, error):
    tenant = Tenant(downloads=[[*LINES[:after], error], LINES])
    export = tenant.export()
    assert ids(export) == IDS[:after] + IDS
    assert (export.listed, export.unnamed) == (5, 0)
    assert len(set(tenant.links)) == 2


def test_a_download_that_always_ends_early_is_given_up_after_what_it_gave():
    tenant, found = Tenant(downloads=[[*LINES[:2], CUT_OFF]]), []
    with pytest.raises(ExportUnavailable, match="cut off"):
        for user in tenant.export():
            found.append(user["user_id"])
    assert found == IDS[:2] * 4
    assert len(set(tenant.links)) == 4 and tenant.calls.count("start") == 1


def test_a_job_that_is_gone_after_a_download_is_told():
    gone = NotFoundError("Could not read: gone", status=404)
    with pytest.raises(ExportUnavailable, match="gone"):
        ids(Tenant(statuses=["completed", gone], downloads=[[CUT_OFF]]).export())


def test_lines_that_name_nobody_are_counted():
    export = Tenant(downloads=[["[]", LINES[0], "{}", "x", LINES[1]]]).export()
    assert ids(export) == IDS[:2]
    assert (export.listed, export.unnamed) == (2, 3)


def test_a_file_without_any_user_is_not_believed_but_an_empty_one_is():
    with pytest.raises(ExportUnavailable, match="most lines of the file name no user"):
        ids(Tenant(downloads=[["[", "]"]]).export())
    for endless in (repeat("[]"), chain(LINES, repeat("[]"))):
        with pytest.raises(ExportUnavailable, match="most lines of the file name no user"):
            ids(Tenant(downloads=[endless]).export())
    assert ids(Tenant(downloads=[[]]).export()) == []


@pytest.mark.parametrize(
    "tenant", [Tenant(), Tenant(starts=[AWAY]), Tenant(statuses=["completed"], downloads=[[CUT_OFF]])]
)
def test_a_stop_while_it_waits_goes_through(tenant):
    def stop(_seconds):
        raise Stop

    with pytest.raises(Stop):
        ids(ExportedUsers(tenant, sleep=stop, clock=lambda: 0))


def test_the_link_is_not_in_the_jobs_representation():
    assert "canary" not in repr(ExportJob("completed", "https://x.example.com/?s=canary"))
