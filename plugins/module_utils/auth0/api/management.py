# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Management API: users and their authentication methods, through auth0-python.

auth0-python runs with ``max_retries=0`` under our own ``httpx.Client`` (see transport), and its pagers are never
iterated: they ask for an empty page after every full answer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Callable, Iterator, cast

from ..authenticators import Authenticator
from ..factors import FACTORS, of_management_type
from ..wire.budget import Budget
from ..wire.connection import Connection
from ..wire.errors import (
    AmbiguousWriteError,
    Auth0Error,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    ServerError,
    one_line,
)
from .answers import (
    ALREADY_THERE,
    anything,
    checked,
    count,
    every_item,
    flag,
    identifier,
    list_of,
    maybe,
    named_id,
    nothing,
    object_of,
    one_of,
    text,
    undocumented,
    valid,
    word,
)
from .auth0_python import client_class
from .bearer import Bearer
from .checks import check_id
from .profiles import Profile, read_profile, user_id as whole_id
from ..wire.transport import ANSWER, ATTEMPT, NOT_REPEATED, Attempt, Transport, httpx_client

if TYPE_CHECKING:
    from auth0.management import Auth0
    from auth0.management.users.authentication_methods.client import AuthenticationMethodsClient

PAGE_SIZE = 100

# What a date says is read in authenticators; one that cannot be read is unknown.
_ANY_METHOD = object_of(
    id=named_id,
    type=word,
    confirmed=maybe(flag),
    name=maybe(text),
    phone_number=maybe(text),
    email=maybe(text),
    link_id=maybe(word),
    key_id=maybe(text),
    public_key=maybe(text),
    preferred_authentication_method=maybe(text),
    authentication_methods=maybe(list_of(object_of(id=maybe(identifier), type=maybe(text)))),
)


def _method(value: object, where: str) -> Any:
    """An authentication method; what tells one device from another is there."""
    item = _ANY_METHOD(value, where)
    row = FACTORS.get(of_management_type(item["type"]))
    return object_of(**{row.shown_as: word})(item, where) if row and row.shown_as else item


# A row is read by itself: an odd one does not end the list.
_USERS = object_of(users=list_of(anything), total=count, length=maybe(count))
_JOB = {"status": word, "location": maybe(word), "status_details": maybe(text)}


@dataclass(frozen=True)
class UserPage:
    """One page of a list.

    :ivar users: in the order of the query
    :ivar total: how many match the query; whether Auth0 counts past 1000 is not documented
    :ivar unnamed: how many rows of the page name no user
    """

    users: tuple[Profile, ...]
    total: int
    unnamed: int = 0


@dataclass(frozen=True)
class ExportJob:
    """A users-export job.

    :ivar status: ``completed``, ``failed``; anything else is a job that still runs
    :ivar location: the link to the file, good for a minute, of a job that is completed; None before. It is a secret.
    :ivar percentage_done: as far as Auth0 tells
    :ivar details: what Auth0 says of a job that failed
    """

    status: str
    location: str | None = field(default=None, repr=False)
    percentage_done: int | None = None
    details: str | None = None


class ManagementApi:
    """The calls this collection needs, each one request, from any thread. A context manager."""

    def __init__(self, connection: Connection, budget: Budget, bearer: Bearer) -> None:
        """
        :param bearer: the token; it is renewed once for a call whose token Auth0 refuses, because that call was not carried out
        """
        self._connection, self._bearer = connection, bearer
        self._transport = Transport(connection, budget)
        self._loading = threading.RLock()

    def __enter__(self) -> ManagementApi:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections. Calls of other threads end, and later ones are refused."""
        self._transport.close()

    @property
    def _client(self) -> Auth0:
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> Auth0:
        # Slow to load, so not before there is something to send.
        base_url, http = self._connection.base_url + "/api/v2", httpx_client(self._transport)
        return client_class()(base_url=base_url, token=self._bearer, httpx_client=http, max_retries=0)

    @property
    def _methods(self) -> AuthenticationMethodsClient:
        return cast("AuthenticationMethodsClient", self.part("users.authentication_methods"))

    def part(self, path: str) -> Any:
        """A part of auth0-python's client, such as ``users.sessions``, for a call that many threads make.

        What they ask for is loaded by one of them: in imports that need each other, two may find half of one.
        """
        with self._loading:
            return attrgetter(path)(self._loaded)

    def authenticate(self) -> None:
        """Get a token, so that wrong credentials show; sends nothing else."""
        self._bearer()

    def call(self, action: str, send: Callable[[Auth0], object], *, once: bool = False) -> Any:
        """Send one request through auth0-python, once more where the token was refused; the JSON of the answer.

        :param action: what is attempted, as an infinitive phrase for messages
        :param send: gets auth0-python's client. What it returns is not used: auth0-python makes its objects of any answer,
            and fills in what is missing.
        :param once: what was sent is never sent again, whatever the method; for what must not happen twice
        :raises Auth0Error: the request was refused
        """
        mark = ATTEMPT.set(Attempt(action, once))
        try:
            # Fetched here, so that a refused grant is not taken for a refused token.
            self._bearer()
            try:
                return self._answer_to(send)
            except AuthenticationError as error:
                if not self._bearer.renew():
                    raise error.replace(hint=self._hint_for_given_token(error)) from None
                return self._answer_to(send)
        finally:
            ATTEMPT.reset(mark)

    def _hint_for_given_token(self, error: Auth0Error) -> str:
        if "expired" in error.message.lower():
            return (
                "api_token has expired. Get another one, or set client_id with client_secret or private_key as well: "
                "a token of that application is renewed."
            )
        return "Set api_token to a whole access token for the audience %s of this tenant." % (
            self._connection.management_audience
        )

    def _answer_to(self, send: Callable[[Auth0], object]) -> Any:
        mark = ANSWER.set(())
        try:
            send(self._client)
        except Auth0Error:
            raise
        except Exception:
            # What auth0-python cannot make an object of is checked by whoever asked.
            if not ANSWER.get():
                raise
        else:
            if not ANSWER.get():
                raise TypeError("nothing was sent")
        finally:
            answer = ANSWER.get()
            ANSWER.reset(mark)
        return answer[0]

    def find_user_id(self, email: str) -> str:
        """The id of the one user with this e-mail address (``GET /users-by-email``, scope ``read:users``).

        :raises NotFoundError: nobody has it; the match is exact and case-sensitive
        :raises BadRequestError: more than one user has it; the message lists their ids
        """
        return self.find_user(email, ("user_id",))["user_id"]

    def find_user(self, email: str, fields: tuple[str, ...]) -> Profile:
        """The profile of the one user with this e-mail address, in the same way.

        :param fields: profile fields wanted, ``user_id`` among them
        """
        action = "find the user %s" % email
        found = self.call(
            action,
            lambda client: client.users.list_users_by_email(email=email, fields=",".join(fields), include_fields=True),
        )
        rows = {user["user_id"]: user for user in checked(action, found, list_of(object_of(user_id=named_id)))}
        if not rows:
            raise NotFoundError(
                "Could not %s: no user has this e-mail address" % action,
                hint="Write the address exactly as Auth0 stores it. For database users that is in lower case.",
            )
        if len(rows) > 1:
            raise BadRequestError(
                "Could not %s: %d users have this e-mail address: %s" % (action, len(rows), ", ".join(sorted(rows))),
                hint="Set user_id to one of them.",
            )
        ((user_id, row),) = rows.items()
        # An ID with broken characters is refused where it is used.
        return read_profile(row) or {"user_id": user_id}

    def list_users(
        self,
        page: int = 0,
        per_page: int = PAGE_SIZE,
        query: str | None = None,
        sort: str | None = "created_at:1",
        fields: tuple[str, ...] = (),
    ) -> UserPage:
        """One page of the tenant's users (``GET /users``, scope ``read:users``); eventually consistent.

        :param page: from 0; only the first 1000 rows of a query can be paged
        :param query: Lucene syntax of the user search v3
        :param fields: profile fields wanted; none means all
        :raises BadRequestError: a page past the first 1000 rows (``invalid_paging``), or a query Auth0 does not understand
        """
        action = "list the users"
        answer = self.call(
            action,
            lambda client: client.users.list(
                page=page,
                per_page=per_page,
                include_totals=True,
                sort=sort,
                q=query,
                search_engine="v3" if query else None,
                fields=",".join(fields) or None,
                include_fields=True if fields else None,
            ),
        )
        rows = checked(action, answer, _USERS)["users"]
        length = answer.get("length")
        if length not in (None, len(rows)):
            raise undocumented(action, "length is %d, but users has %d items" % (length, len(rows)))
        if not rows and length is None and answer.get("total") is None:
            # Auth0 leaves the total of an empty page out. A page that says nothing of itself is not known to be empty.
            raise undocumented(action, "neither total nor length is there")
        users = tuple(filter(None, map(read_profile, rows)))
        total, different = answer.get("total", len(users)), len({user["user_id"] for user in users})
        if different > total:
            raise undocumented(action, "total is %d, but users has %d different ones" % (total, different))
        return UserPage(users, answer.get("total", 0), len(rows) - len(users))

    def count_users(self, query: str | None = None) -> int:
        """How many users there are, or match the query (``GET /users``, scope ``read:users``); eventually consistent.

        Whether Auth0 counts past 1000 is not documented.
        """
        page = self.list_users(per_page=1, query=query, sort=None, fields=("user_id",))
        if page.total < len(page.users) + page.unnamed:
            raise undocumented("list the users", "total is missing")
        return page.total

    def user(self, user_id: str, fields: tuple[str, ...]) -> Profile:
        """A user's profile (``GET /users/{id}``, scope ``read:users``).

        :param fields: profile fields wanted
        :raises NotFoundError: no such user
        """
        check_id("user_id", user_id)
        action = "read the user %s" % user_id
        names = ",".join(fields)
        answer = self.call(action, lambda client: client.users.get(user_id, fields=names, include_fields=True))
        return cast(Profile, read_profile(checked(action, answer, object_of(user_id=one_of(user_id)))))

    def users_by_email(self, email: str, fields: tuple[str, ...]) -> list[Profile]:
        """The users with this e-mail address, nobody to several (``GET /users-by-email``, scope ``read:users``).

        :param fields: profile fields wanted
        """
        action = "find the users with the e-mail address %s" % email
        names = ",".join(fields)
        found = self.call(
            action, lambda client: client.users.list_users_by_email(email=email, fields=names, include_fields=True)
        )
        rows = checked(action, found, list_of(object_of(user_id=whole_id), distinct="user_id"))
        return [cast(Profile, read_profile(row)) for row in rows]

    def start_users_export(self, fields: tuple[str, ...]) -> str:
        """The ID of a new job that exports all users of all connections (``POST /jobs/users-exports``, scope ``read:users``).

        :param fields: profile fields wanted
        :raises AmbiguousWriteError: the answer was lost; a job may run that nobody knows. It reads only.
        """
        action = "start an export of the users"
        lost = "A job that exports the users may run. It changes nothing, and is gone in a day."
        try:
            answer = self.call(
                action,
                lambda client: client.jobs.users_exports.create(
                    format="json", fields=[{"name": name} for name in fields]
                ),
            )
        except AmbiguousWriteError as error:
            raise error.replace(hint=lost) from None
        return str(checked(action, answer, object_of(id=identifier), lost=lost)["id"])

    def users_export(self, job_id: str) -> ExportJob:
        """How far a job is, with a fresh link to its file if it is completed (``GET /jobs/{id}``, scope ``read:users``).

        :raises NotFoundError: no such job, or it is older than a day
        """
        action = "read the export job %s" % job_id
        answer = self.call(action, lambda client: client.jobs.get(job_id))
        job = checked(action, answer, object_of(id=one_of(job_id), **_JOB))
        done = job["status"] == "completed"
        if done and not job.get("location"):
            raise undocumented(action, "location is missing")
        told = valid(job, percentage_done=count)
        details = job.get("status_details")
        return ExportJob(
            one_line(job["status"]),
            job["location"] if done else None,
            told.get("percentage_done"),
            one_line(details) if details else None,
        )

    def download(self, location: str) -> Iterator[str]:
        """The lines of an exported file, streamed from where the job says that it is. Complete only where no error ends them.

        :param location: the link of an :class:`ExportJob`; the host behind it gets no token
        :raises TransportError: the host cannot be reached, or the file came in part
        :raises ServerError: the link has expired, or what is behind it is not such a file
        """
        # Modules are compiled anew for every task, and hardly any task exports.
        from ..wire.download import download

        return download(self._connection, location, "download the exported users")

    def list_authenticators(self, user_id: str) -> list[Authenticator]:
        """A user's authentication methods (scope ``read:authentication_methods``): one request while there are at most 100.

        :raises NotFoundError: no such user
        :raises ConfigurationError: not a user id
        """
        check_id("user_id", user_id)
        action = "list the authenticators of %s" % user_id

        def read(page: int) -> object:
            return self.call(action, lambda _client: self._methods.list(user_id, page=page, per_page=PAGE_SIZE))

        return [Authenticator.from_management(item) for item in every_item(action, read, "authenticators", _method)]

    def create_authenticator(self, user_id: str, fields: dict[str, object]) -> Authenticator:
        """Create one for the user, confirmed at once (scope ``create:authentication_methods``).

        :param fields: ``type`` (``phone``, ``email``, ``totp``) and what it takes
        :raises ConflictError: Auth0 says that the user has it already
        """
        check_id("user_id", user_id)
        action = "create an authenticator (%s) for %s" % (fields["type"], user_id)
        try:
            created = self.call(action, lambda client: client.users.authentication_methods.create(user_id, **fields))
        except ConflictError as error:
            raise error.replace(hint=ALREADY_THERE) from None
        return Authenticator.from_management(checked(action, created, _method, lost=NOT_REPEATED))

    def update_authenticator(self, user_id: str, authenticator_id: str, fields: dict[str, object]) -> Authenticator:
        """Change its label or the way it is challenged (scope ``update:authentication_methods``).

        :param fields: ``name`` of at most 20 characters, ``preferred_authentication_method`` (``sms``, ``voice``)
        """
        check_id("user_id", user_id)
        check_id("authenticator_id", authenticator_id)
        action = "change the authenticator %s of %s" % (authenticator_id, user_id)
        updated = self.call(
            action, lambda client: client.users.authentication_methods.update(user_id, authenticator_id, **fields)
        )
        return Authenticator.from_management(checked(action, updated, _method, lost=NOT_REPEATED))

    def delete_authenticator(self, user_id: str, authenticator_id: str) -> bool:
        """Remove it, with all that share its ``link_id`` (scope ``delete:authentication_methods``).

        :returns: False where it was gone already
        """
        check_id("user_id", user_id)
        check_id("authenticator_id", authenticator_id)
        action = "remove the authenticator %s of %s" % (authenticator_id, user_id)
        try:
            answer = self.call(
                action, lambda client: client.users.authentication_methods.delete(user_id, authenticator_id)
            )
        except NotFoundError:
            return False
        checked(action, answer, nothing, lost=NOT_REPEATED)
        return True

    def delete_all_authenticators(self, user_id: str) -> None:
        """Remove all of them, the recovery code and pending ones included, with one request that is sent at most once.

        The scope is ``delete:authentication_methods``.

        :raises AmbiguousWriteError: the answer was lost; they may be gone
        """
        check_id("user_id", user_id)
        action = "remove all authenticators of %s" % user_id
        answer = self.call(action, lambda client: client.users.authentication_methods.delete_all(user_id), once=True)
        checked(action, answer, nothing, lost=NOT_REPEATED)

    def regenerate_recovery_code(self, user_id: str) -> str:
        """Void the user's recovery code and return a new one (scope ``update:users``). Never repeated.

        :raises AmbiguousWriteError: the answer was lost; the old code may be void
        """
        check_id("user_id", user_id)
        action = "regenerate the recovery code of %s" % user_id
        try:
            answer = self.call(action, lambda client: client.users.regenerate_recovery_code(user_id))
            return str(checked(action, answer, object_of(recovery_code=word))["recovery_code"])
        except (AmbiguousWriteError, ServerError) as error:
            raise error.replace(
                AmbiguousWriteError,
                hint="The old code may be void, and nobody knows the new one. The request was not sent again. "
                "Tell the user, then run auth0_recovery_code with state=rotated and without max_age.",
            ) from None
