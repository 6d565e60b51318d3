# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runs of a tenant in a bucket. What is written there is written on conditions, so that no two workers write the same run."""

from __future__ import annotations

import functools
import io
import json
import os
import re
import shutil
import tempfile
import time
import uuid
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import IO, Any, Callable, Iterator

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import room
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import (
    DAMAGED,
    DamagedError,
    ExpiredError,
    StoreError,
    TakenError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

from outage import StoreOutage

LOCK = "lock.json"
PARTS = "parts"
# Files that are larger go in several requests.
LARGEST_PUT = 16 << 20
# What is smaller is read into memory.
_IN_MEMORY = 1 << 20
# How often a content that broke off is asked for.
_ATTEMPTS = 3

# What a run needs for a month, and nobody afterward. Below a prefix of its own, by which the bucket forgets it.
_WORK = re.compile(r"runs/([^/]+)/((?:parts|again)/.*|(?:plan|carried|out)-.*)")

# Refusals that a retry cannot change. It can help after throttling and outages.
_LASTING_REFUSALS = frozenset(
    {
        "AccessDenied",
        "AllAccessDisabled",
        "InvalidAccessKeyId",
        "InvalidBucketName",
        "InvalidObjectState",
        "KMS.DisabledException",
        "KMS.KMSInvalidStateException",
        "KMS.NotFoundException",
        "NoSuchBucket",
        "PermanentRedirect",
        "SignatureDoesNotMatch",
    }
)
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_MISSING = frozenset({"NoSuchKey", "404"})

# users.jsonl.gz is a gzip file, not text with gzip as its encoding, which browsers would unpack.
_CONTENT_TYPES = {
    ".gz": "application/gzip",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


class StoreRefusal(StoreError, ConfigurationError):
    """The bucket refuses us, and will refuse a retry as well."""


_EXPIRED = "The bucket keeps what was read of a run for a month. The run's reports stay. Start a new run."


@functools.cache
def _s3() -> Any:
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 4}
    return boto3.client("s3", config=Config(connect_timeout=5, read_timeout=15, retries=retries))


class S3Store:
    """The store of one prefix of a bucket, as the audit wants one.

    A key is the prefix and the name, but for the parts of a run: ``parts/RUN/...``, by which the bucket forgets them earlier.

    :ivar slowest: the longest time in seconds that a write took
    :ivar is_held: whether it was held
    :ivar kept: for so many seconds after :meth:`hold` nobody else gets the store
    """

    def __init__(
        self,
        bucket: str,
        prefix: str,
        worker: str,
        *,
        kms_key: str | None = None,
        lease: float = 900.0,
        client: Callable[[], Any] = _s3,
    ) -> None:
        """
        :param prefix: empty, or ends with a slash
        :param worker: who holds the store, the same in all segments of an execution
        :param kms_key: encrypts what is stored; None for the bucket's own default
        :param lease: seconds after which a worker who has not let go is dead
        """
        self._bucket, self._prefix, self._worker, self._lease, self._client = bucket, prefix, worker, lease, client
        self._encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        self._token = uuid.uuid4().hex
        self.slowest = self.kept = 0.0
        self.is_held = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """As :class:`Store`: until it is let go, or the lease is over."""
        version = self._claim()
        self.is_held = True
        try:
            # A role that may not read shows here at the latest, before anything of a run is stored.
            self._held()
            yield
        finally:
            try:
                self._lock(self.kept, version)
            except StoreError:
                pass  # the lease ends by itself, and what ends this tells more

    def seconds_held(self) -> float:
        """After how many seconds anybody gets the store, unless whoever has it goes on."""
        found = self._held()
        return 0.0 if found is None else max(0.0, float(found[0].get("seconds", 0)) - found[1])

    def lost(self) -> bool:
        """Whether somebody else took the store, which was held, because the lease was over or in the name of the same execution."""
        found = self._held()
        return found is None or found[0].get("token") != self._token

    def read(self, name: str) -> tuple[bytes, str] | None:
        """As :class:`Store`."""
        content = io.BytesIO()
        answer = self._get(name, content)
        return None if answer is None else (content.getvalue(), answer["ETag"])

    def write(self, name: str, content: bytes, version: str | None) -> str:
        """As :class:`Store`."""
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        try:
            return self._put(name, io.BytesIO(content), **condition)
        except TakenError:
            # A retry of ours meets what the first attempt wrote, whose answer was lost.
            found = self.read(name)
            if found is None or found[0] != content:
                raise
            return found[1]

    def put(self, name: str, content: IO[bytes], *, once: bool = False) -> None:
        """As :class:`Store`."""
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        if size > LARGEST_PUT and not once:
            self._put_large(name, content)
            return
        try:
            self._put(name, content, **({"IfNoneMatch": "*"} if once else {}))
        except TakenError:
            content.seek(0)
            with self.open(name) as file:
                if file.read() != content.read():
                    raise

    def open(self, name: str) -> IO[bytes]:
        """As :class:`Store`."""
        with room(), ExitStack() as stack:
            file = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
            if self._get(name, file) is None:
                message = "%s cannot be read: it is missing" % self.place(name)
                if _WORK.fullmatch(name):
                    raise ExpiredError(message, hint=_EXPIRED)
                raise DamagedError(message, hint=DAMAGED)
            stack.pop_all()
        return file

    def fetch(self, name: str, path: str) -> str | None:
        """Store a copy in a local file; returns its version, None where the bucket keeps none.

        :raises DamagedError: there is nothing of this name
        :raises RoomError: there is no room for it
        """
        with room(), open(path, "wb") as file:
            answer = self._get(name, file)
        if answer is None:
            raise DamagedError("%s cannot be read: it is missing" % self.place(name))
        version = answer.get("VersionId")
        return None if version in (None, "null") else str(version)

    def place(self, name: str) -> str:
        """As :class:`Store`: the key."""
        work = _WORK.fullmatch(name)
        return self._prefix + ("%s/%s/%s" % (PARTS, work[1], work[2]) if work else name)

    def names(self, folder: str) -> list[str]:
        """As :class:`Store`."""
        key = self.place(folder + "/")
        with self._telling("list", "s3:ListBucket", key):
            pages = self._client().get_paginator("list_objects_v2")
            found = [
                each
                for page in pages.paginate(Bucket=self._bucket, Prefix=key, Delimiter="/")
                for each in (
                    *(row["Prefix"].removesuffix("/") for row in page.get("CommonPrefixes", ())),
                    *(row["Key"] for row in page.get("Contents", ())),
                )
            ]
        names = {each.removeprefix(key) for each in found}
        return sorted(name for name in names if name and not name.startswith("."))

    # The lock

    def _claim(self) -> str:
        found = self._held()
        if found is not None:
            lock, age, _version = found
            if lock.get("worker") != self._worker and age < float(lock.get("seconds", 0)):
                raise self._taken(LOCK)
        return self._lock(self._lease, found[2] if found else None)

    def _lock(self, seconds: float, version: str | None) -> str:
        lock = {"worker": self._worker, "token": self._token, "seconds": round(seconds, 1)}
        return self.write(LOCK, json.dumps(lock, sort_keys=True).encode() + b"\n", version)

    def _held(self) -> tuple[dict[str, Any], float, str] | None:
        """Who has the store, since how many seconds by the clock of S3, and the version that says so."""
        content = io.BytesIO()
        answer = self._get(LOCK, content)
        if answer is None:
            return None
        try:
            lock = json.loads(content.getvalue())
            float(lock.get("seconds", 0))
        except (ValueError, TypeError, AttributeError):
            lock = {}
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        now = parsedate_to_datetime(date) if date else datetime.now(timezone.utc)
        return lock, (now - answer["LastModified"]).total_seconds(), answer["ETag"]

    # One object

    def _get(self, name: str, file: Any) -> dict[str, Any] | None:
        """The answer, with the content in the file, at its beginning; None where there is nothing."""
        from botocore.exceptions import BotoCoreError

        key, attempt = self.place(name), 0
        while True:
            attempt += 1
            try:
                with self._telling("read", "s3:GetObject", key):
                    answer: dict[str, Any] = self._client().get_object(Bucket=self._bucket, Key=key)
                    try:
                        with closing(answer["Body"]) as body:
                            shutil.copyfileobj(body, file)
                    except BotoCoreError:
                        # The library does not ask again for a content that broke off.
                        if attempt == _ATTEMPTS:
                            raise
                        file.seek(0)
                        file.truncate()
                        continue
            except _Missing:
                return None
            except StoreRefusal as refusal:
                if refusal.code == "AccessDenied" and self._is_missing(key):
                    return None
                raise
            file.seek(0)
            return answer

    def _is_missing(self, key: str) -> bool:
        """Whether a key that cannot be read is not there: S3 may refuse whose right to list is bound to prefixes, in place of saying so."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self._client().list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
        except (BotoCoreError, ClientError):
            return False
        return all(each["Key"] != key for each in found.get("Contents", ()))

    def _put(self, name: str, content: IO[bytes], **condition: str) -> str:
        key = self.place(name)
        with self._telling("write", "s3:PutObject", key):
            answer = self._client().put_object(
                Bucket=self._bucket, Key=key, Body=content, **self._more(key), **condition
            )
        return str(answer["ETag"])

    def _put_large(self, name: str, content: IO[bytes]) -> None:
        from boto3.s3.transfer import TransferConfig

        key = self.place(name)
        config = TransferConfig(multipart_threshold=LARGEST_PUT, multipart_chunksize=LARGEST_PUT, use_threads=False)
        with self._telling("write", "s3:PutObject", key):
            self._client().upload_fileobj(content, self._bucket, key, ExtraArgs=self._more(key), Config=config)

    def _more(self, key: str) -> dict[str, str]:
        kind = _CONTENT_TYPES.get(os.path.splitext(key)[1], "application/octet-stream")
        return {"ContentType": kind, **self._encryption}

    @contextmanager
    def _telling(self, verb: str, action: str, key: str) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

        begun = time.monotonic()
        try:
            yield
        except ClientError as error:
            raise self._error(verb, action, key, error.response) from None
        except (BotoCoreError, Boto3Error) as error:
            message = _text(verb, action, self._bucket, key, "%s: %s" % (type(error).__name__, error))
            if isinstance(error, ParamValidationError):
                raise StoreRefusal(message, hint=_hint(action, "", "")) from None
            raise StoreOutage(message) from None
        finally:
            if verb == "write":
                self.slowest = max(self.slowest, time.monotonic() - begun)

    def _error(self, verb: str, action: str, key: str, answer: dict[str, Any]) -> Exception:
        said = answer.get("Error", {})
        code, status = str(said.get("Code")), answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if verb == "read" and code in _MISSING:
            return _Missing()
        if verb == "write" and (code in _TAKEN or code in _MISSING):
            # Where another version is expected, nothing is another one as well.
            return self._taken(key)
        why = str(said.get("Message"))
        message = _text(verb, action, self._bucket, key, why)
        if code in _LASTING_REFUSALS:
            return StoreRefusal(message, code=code, status=status, hint=_hint(action, code, why))
        return StoreOutage(message, code=code, status=status, hint="What is stored stays.")

    def _taken(self, key: str) -> TakenError:
        return TakenError(
            "Another audit works on %s in the bucket %s" % (key, self._bucket),
            hint="Let it end; this one changed nothing.",
        )


class _Missing(Exception):
    """There is no object of this key."""


def _hint(action: str, code: str, why: str) -> str:
    """What to check. S3 names an action of KMS where it is the key that refuses, and sometimes only says no."""
    key = "that the stack's KmsKey is the key that encrypts the bucket, that it is enabled, and that its policy and the role allow"
    if "kms" in ("%s %s" % (code, why)).lower():
        return "Check %s kms:Decrypt and kms:GenerateDataKey." % key
    if code == "InvalidObjectState":
        return "The object is archived. Restore it, and let no rule of the bucket archive what is below AUDIT_PREFIX."
    hint = "Check AUDIT_BUCKET and AUDIT_PREFIX, and that the function's role may call %s there." % action
    return (
        "%s If a key of your own encrypts the bucket: check %s its use." % (hint, key)
        if code == "AccessDenied"
        else hint
    )


def _text(verb: str, action: str, bucket: str, key: str, why: str) -> str:
    return "Could not %s %s in the bucket %s (%s): %s" % (verb, key, bucket, action, why)
