# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every user of the tenant through a users-export job: three requests and a file, however many users there are.

A file says that it is whole, not that it holds everybody. Whoever lists users with it compares with how many there are.
"""

from __future__ import annotations

import time
from typing import Callable, Iterator, Protocol

from ..api.management import ExportJob
from ..api.profiles import Profile, read_line
from ..wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    AuthenticationError,
    ServerError,
    TransportError,
)
from .patience import FIRST_PAUSE, Given, patiently
from .population import FIELDS

EXPORTED_FIELDS = (*FIELDS, "multifactor_last_modified")
# Seconds: between two looks at the job, at most; for the whole job; for errors without any answer in between.
LONGEST_PAUSE = 15.0
LONGEST_JOB = 1800.0
PATIENCE = 120.0
# How often a job is started again whose start had no answer, and a download that ended early.
MORE_STARTS = 2
MORE_DOWNLOADS = 3
# With so many lines more that name nobody than lines that do, it is no file of users.
MOST_UNNAMED = 1000


class ExportUnavailable(Auth0Error):
    """The users cannot be had from an export job. They can be listed with :class:`.population.Population`."""


class Exports(Protocol):
    """What an export needs of the Management API."""

    def start_users_export(self, fields: tuple[str, ...]) -> str:
        """Start an export of all users; the ID of its job."""

    def users_export(self, job_id: str) -> ExportJob:
        """How far that job is."""

    def download(self, location: str) -> Iterator[str]:
        """The lines of what it wrote."""


class ExportedUsers:
    """The users of one tenant; iterate once.

    :ivar listed: how many users the file named so far
    :ivar unnamed: how many of its lines name nobody
    """

    def __init__(
        self,
        api: Exports,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[int], None] = lambda _percent: None,
        fields: tuple[str, ...] = EXPORTED_FIELDS,
    ) -> None:
        """
        :param tell: is called with how much of the job is done, in percent, as often as that changes
        :param fields: profile fields wanted, ``user_id`` among them
        """
        self._api, self._sleep, self._clock, self._tell = api, sleep, clock, tell
        self._fields = fields
        self.listed = self.unnamed = 0
        self._ends = 0.0

    def __iter__(self) -> Iterator[Profile]:
        """Profiles with those of the fields that the user has, in the order of the file.

        Memory is flat. A user may come twice, because a download that ends early begins again.

        :raises ExportUnavailable: the job was refused, failed or does not end, or its file cannot be had. Users who were
            given before that exist; there may be more.
        :raises AuthenticationError: the credentials are refused
        """
        self._ends = self._clock() + LONGEST_JOB
        job_id = self._patiently(lambda: self._api.start_users_export(self._fields))
        for more in reversed(range(1 + MORE_DOWNLOADS)):
            try:
                yield from self._users(self._link(job_id))
                return
            except (TransportError, ServerError) as error:
                if not more:
                    raise _unavailable(error) from None
            self._sleep(FIRST_PAUSE)

    def _users(self, link: str) -> Iterator[Profile]:
        self.listed = self.unnamed = 0
        for line in self._api.download(link):
            user = read_line(line)
            if user is None:
                self.unnamed += 1
            else:
                self.listed += 1
                yield user
            if self.unnamed > MOST_UNNAMED + self.listed:
                break
        if self.unnamed > (MOST_UNNAMED if self.listed else 0) + self.listed:
            raise ServerError("Could not read the exported users: most lines of the file name no user")

    def _link(self, job_id: str) -> str:
        """A fresh link to the file, which is good for a minute, once the job is done."""
        pause, percent = FIRST_PAUSE, None
        while True:
            job = self._patiently(lambda: self._api.users_export(job_id))
            if job.location is not None:
                return job.location
            if job.status == "failed":
                raise ExportUnavailable("Could not export the users: the job failed: %s" % (job.details or "no reason"))
            if self._clock() + pause > self._ends:
                raise ExportUnavailable(
                    "Could not export the users: the job is not done after %.0f minutes (its status is %s)"
                    % (LONGEST_JOB / 60, job.status)
                )
            if job.percentage_done not in (None, percent):
                percent = job.percentage_done
                self._tell(percent)
            self._sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _patiently(self, ask: Callable[[], Given]) -> Given:
        """The answer. Errors that pass are waited out; what started a job without an answer is asked twice more."""
        lost = 0

        def gives_up(error: Auth0Error) -> bool:
            nonlocal lost
            lost += isinstance(error, AmbiguousWriteError)
            return lost > MORE_STARTS

        try:
            return patiently(ask, PATIENCE, self._sleep, self._clock, gives_up=gives_up, longest_pause=LONGEST_PAUSE)
        except AuthenticationError:
            raise
        except Auth0Error as error:
            raise _unavailable(error) from None


def _unavailable(error: Auth0Error) -> Auth0Error:
    return error.replace(ExportUnavailable)
