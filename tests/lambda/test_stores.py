# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bucket does what a folder does: the same cases for both."""

from __future__ import annotations

import gzip
import io
import re

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import (
    DamagedError,
    FolderStore,
    RoomError,
    StoreError,
    TakenError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

import stores
from policies import read_policy
from stores import S3Store

PREFIX = "audits/"
RUN = "000001-20261127T120000Z"


@pytest.fixture
def s3(aws):
    return aws.client("s3")


@pytest.fixture
def of_s3(s3, bucket):
    def make(worker: str = "one", **more) -> S3Store:
        return S3Store(more.pop("bucket", bucket), PREFIX, worker, client=lambda: s3, **more)

    return make


@pytest.fixture(params=["folder", "bucket"])
def another(request, tmp_path, of_s3):
    """Makes the store of one more worker."""
    workers = iter("abcdefgh")
    return lambda: FolderStore(str(tmp_path)) if request.param == "folder" else of_s3(next(workers))


@pytest.fixture
def store(another):
    return another()


@pytest.fixture
def in_s3(of_s3):
    """What tests/unit/audit/test_store.py tries with a folder."""
    return of_s3()


def test_what_was_written_is_read(store):
    version = store.write("runs/1/checkpoint.json", b"one", None)
    assert store.read("runs/1/checkpoint.json") == (b"one", version)
    store.put("latest", io.BytesIO(b"two"))
    with store.open("latest") as file:
        assert file.read() == b"two"
        file.seek(0)
        assert file.read() == b"two"


def test_a_stream_can_be_unpacked_and_be_larger_than_memory_holds(store):
    content = gzip.compress(bytes(3_000_000), mtime=0)
    store.put("runs/1/parts/0.jsonl.gz", io.BytesIO(content))
    for _time in range(2):
        with store.open("runs/1/parts/0.jsonl.gz") as file, gzip.GzipFile(fileobj=file, mode="rb") as lines:
            assert len(lines.read()) == 3_000_000
    large = bytes(range(256)) * 8_000
    store.put("runs/1/large", io.BytesIO(large))
    with store.open("runs/1/large") as file:
        assert file.read() == large


def test_nothing_is_not_an_error_to_read_and_is_one_to_open(in_s3):
    assert in_s3.read("runs/1/checkpoint.json") is None
    assert in_s3.names("runs") == []
    with pytest.raises(DamagedError, match="nothing cannot be read: it is missing"):
        in_s3.open("nothing")


def test_names_are_those_directly_below_in_order(store):
    for name in ("b/checkpoint.json", "a/checkpoint.json", "a/report/users.csv"):
        store.put("runs/" + name, io.BytesIO(b"x"))
    store.put("runs/a/parts/000000001.jsonl.gz", io.BytesIO(b"x"))
    store.put("runs/a/parts/000000000.jsonl.gz", io.BytesIO(b"x"))
    store.put("runsome", io.BytesIO(b"x"))
    assert store.names("runs") == ["a", "b"]
    assert store.names("runs/a/parts") == ["000000000.jsonl.gz", "000000001.jsonl.gz"]
    assert store.names("runs/a/report") == ["users.csv"]
    assert store.names("runs/c/parts") == []


def test_only_the_known_version_is_replaced(in_s3):
    first = in_s3.write("a/b", b"one", None)
    for version in (None, '"another"'):
        with pytest.raises(TakenError):
            in_s3.write("a/b", b"two", version)
    second = in_s3.write("a/b", b"two", first)
    with pytest.raises(TakenError):
        in_s3.write("a/b", b"three", first)
    assert in_s3.read("a/b") == (b"two", second)
    with pytest.raises(TakenError):
        in_s3.write("a/new", b"one", first)


def test_what_is_written_once_is_not_replaced(in_s3):
    in_s3.put("a/b", io.BytesIO(b"one"), once=True)
    with pytest.raises(TakenError):
        in_s3.put("a/b", io.BytesIO(b"two"), once=True)
    assert in_s3.read("a/b")[0] == b"one"
    in_s3.put("a/b", io.BytesIO(b"three"))
    assert in_s3.read("a/b")[0] == b"three"


def test_one_worker_at_a_time(another):
    one, other = another(), another()
    with one.hold():
        with pytest.raises(TakenError), other.hold():
            pass
    with other.hold():
        pass


# What only a bucket has


def test_the_lease_of_a_dead_worker_ends_by_the_clock_of_s3(of_s3):
    dead, live = of_s3("dead", lease=60.0), of_s3("live")
    dead._claim()
    with pytest.raises(TakenError), live.hold():
        pass
    dead._lock(0.0, dead.read("lock.json")[1])
    with live.hold():
        assert dead.lost() and not live.lost()


def test_the_same_execution_takes_its_lease_again_and_the_earlier_attempt_learns_it(of_s3):
    earlier, retry = of_s3("execution-1"), of_s3("execution-1")
    earlier._claim()
    with retry.hold():
        assert earlier.lost() and not retry.lost()


def test_between_segments_nobody_else_takes_the_run(of_s3):
    one = of_s3("one")
    with one.hold():
        one.kept = 60.0
    with pytest.raises(TakenError), of_s3("two").hold():
        pass
    with of_s3("one").hold():
        pass
    with of_s3("two").hold():
        pass


def test_parts_have_a_prefix_of_their_own(of_s3):
    store = of_s3()
    places = {
        "runs/%s/checkpoint.json": "audits/runs/%s/checkpoint.json",
        "runs/%s/report/users.csv": "audits/runs/%s/report/users.csv",
        "runs/%s/derived/x/users.csv": "audits/runs/%s/derived/x/users.csv",
        "runs/%s/parts/000000000.jsonl.gz": "audits/parts/%s/parts/000000000.jsonl.gz",
        "runs/%s/again/000000000.jsonl.gz": "audits/parts/%s/again/000000000.jsonl.gz",
        "runs/%s/plan-0123.jsonl.gz": "audits/parts/%s/plan-0123.jsonl.gz",
        "runs/%s/carried-0123.jsonl.gz": "audits/parts/%s/carried-0123.jsonl.gz",
        "runs/%s/out-0123.jsonl.gz": "audits/parts/%s/out-0123.jsonl.gz",
    }
    assert {name: store.place(name % RUN) for name in places} == {name: key % RUN for name, key in places.items()}
    assert store.place("latest.json") == "audits/latest.json"


def test_a_retry_that_meets_its_own_first_attempt_is_no_other_worker(of_s3):
    store = of_s3()
    version = store.write("a/checkpoint.json", b"one", None)
    assert store.write("a/checkpoint.json", b"one", None) == version
    second = store.write("a/checkpoint.json", b"two", version)
    assert store.write("a/checkpoint.json", b"two", version) == second
    for _time in range(2):
        store.put("a/part", io.BytesIO(b"one"), once=True)


def test_a_large_file_goes_in_several_requests(of_s3, s3, bucket, monkeypatch):
    monkeypatch.setattr(stores, "LARGEST_PUT", 5 << 20)
    content = bytes(range(256)) * 24_000
    store = of_s3(kms_key="alias/audit")
    store.put("runs/1/plan.jsonl.gz", io.BytesIO(content))
    head = s3.head_object(Bucket=bucket, Key=PREFIX + "runs/1/plan.jsonl.gz")
    assert head["ETag"].endswith('-2"') and head["ServerSideEncryption"] == "aws:kms"
    with store.open("runs/1/plan.jsonl.gz") as file:
        assert file.read() == content


def test_objects_have_a_type_and_the_encryption_of_the_bucket_or_a_key(of_s3, s3, bucket):
    kinds = {
        "users.jsonl.gz": "application/gzip",
        "summary.json": "application/json",
        "report.html": "text/html; charset=utf-8",
        "findings.csv": "text/csv; charset=utf-8",
    }
    for store in (of_s3(), of_s3(kms_key="alias/audit")):
        for name, kind in kinds.items():
            store.put(name, io.BytesIO(b"x"))
            head = s3.head_object(Bucket=bucket, Key=PREFIX + name)
            assert head["ContentType"] == kind
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/audit")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda store: store.read("a"), r"Could not read audits/a in the bucket {} \(s3:GetObject\)"),
        (lambda store: store.open("a"), r"Could not read audits/a in the bucket {} \(s3:GetObject\)"),
        (lambda store: store.write("a", b"", None), r"Could not write audits/a in the bucket {} \(s3:PutObject\)"),
        (lambda store: store.put("a", io.BytesIO(b"")), r"Could not write audits/a in the bucket {} \(s3:PutObject\)"),
        (lambda store: store.names("a"), r"Could not list audits/a/ in the bucket {} \(s3:ListBucket\)"),
    ],
)
def test_errors_name_action_bucket_key_and_the_code_of_aws(of_s3, s3, bucket, ask, said):
    gone = of_s3(bucket="not-there")
    with pytest.raises(StoreError, match=said.format("not-there") + ".*NoSuchBucket.*Check AUDIT_BUCKET") as failure:
        ask(gone)
    assert isinstance(failure.value, ConfigurationError)
    answers = {"AccessDenied": (403, True), "SlowDown": (503, False), "InternalError": (500, False)}
    for code, (status, lasting) in answers.items():
        store = S3Store(bucket, PREFIX, "one", client=lambda: Refusing(code, status))
        with pytest.raises(StoreError, match=said.format(bucket) + ": no.*%s" % code) as failure:
            ask(store)
        assert isinstance(failure.value, ConfigurationError) is lasting
        assert not isinstance(failure.value, (DamagedError, TakenError))


@pytest.mark.parametrize(
    ("code", "why", "told"),
    [
        (
            "AccessDenied",
            "Access Denied",
            "^Check AUDIT_BUCKET and .*s3:PutObject there. If a key of your own encrypts",
        ),
        (
            "AccessDenied",
            "User: x is not authorized to perform: kms:GenerateDataKey on r",
            "^Check that the stack's KmsKey",
        ),
        ("KMS.DisabledException", "The key is disabled", "^Check that the stack's KmsKey .* enabled"),
        ("KMS.KMSInvalidStateException", "k is pending deletion.", "^Check that the stack's KmsKey .* enabled"),
        ("InvalidObjectState", "It is not valid for the storage class", "^The object is archived. Restore it, and"),
        ("NoSuchBucket", "The specified bucket does not exist", "^Check AUDIT_BUCKET and [^.]*s3:PutObject there.$"),
    ],
)
def test_a_refusal_says_what_to_check_by_what_s3_says(code, why, told):
    assert re.search(told, stores._hint("s3:PutObject", code, why)) and code in stores._LASTING_REFUSALS


def test_a_name_that_no_bucket_can_have_is_no_outage(of_s3):
    with pytest.raises(stores.StoreRefusal, match="(?s)ParamValidationError: .*Check AUDIT_BUCKET"):
        of_s3(bucket="arn:aws:s3:::mine").read("a")


class Refusing:
    """A client that is refused everything."""

    def __init__(self, code: str, status: int) -> None:
        self._code, self._status = code, status

    def get_paginator(self, _operation):
        return self

    def __getattr__(self, _operation):
        from botocore.exceptions import ClientError

        answer = {
            "Error": {"Code": self._code, "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": self._status},
        }

        def refuse(**_arguments):
            raise ClientError(answer, "Operation")

        return refuse


class BreakingOff(io.BytesIO):
    """A content whose connection is lost in the middle."""

    def read(self, *_arguments):
        from botocore.exceptions import ResponseStreamingError

        if self.tell():
            raise ResponseStreamingError(error="lost")
        return super().read(3)


def test_a_content_that_breaks_off_is_asked_for_again(of_s3, s3):
    store = of_s3()
    store.put("a", io.BytesIO(b"content"))
    breaks = [2]

    class Client:
        def get_object(self, **arguments):
            answer = s3.get_object(**arguments)
            if breaks[0]:
                breaks[0] -= 1
                answer["Body"] = BreakingOff(b"content")
            return answer

    breaking = of_s3()
    breaking._client = Client
    assert breaking.read("a")[0] == b"content"
    breaks[0] = 3
    with pytest.raises(StoreError, match="Could not read audits/a .*ResponseStreamingError"):
        breaking.read("a")


def test_a_full_disk_is_no_outage_of_s3(of_s3, monkeypatch, tmp_path):
    store = of_s3()
    store.put("policies/large.yml", io.BytesIO(bytes(2_000_000)))
    monkeypatch.setattr(stores.tempfile, "SpooledTemporaryFile", lambda _size: open("/dev/full", "w+b"))
    for ask in (
        lambda: store.open("policies/large.yml"),
        lambda: store.fetch("policies/large.yml", "/dev/full"),
        lambda: store.fetch("policies/large.yml", str(tmp_path / "no-such-directory" / "large.yml")),
    ):
        with pytest.raises(RoomError, match="^Could not write temporary files: No s") as failure:
            ask()
        assert not isinstance(failure.value, stores.StoreOutage)


def refused(missing: bool):
    """S3 as it answers a reader without the right to list: it refuses what is missing as well."""

    from botocore.exceptions import ClientError

    class Refusing:
        def get_object(self, **_what):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

        def list_objects_v2(self, Prefix, **_more):
            keys = [Prefix + "-longer"] if missing else [Prefix]
            return {"Contents": [{"Key": key} for key in keys]}

    return Refusing()


def test_a_refusal_of_what_is_not_listed_is_nothing_and_of_what_is_listed_a_refusal(bucket):
    def store(missing: bool) -> S3Store:
        return S3Store(bucket, PREFIX, "one", client=lambda: refused(missing))

    assert store(missing=True).read("lock.json") is None
    with pytest.raises(stores.StoreRefusal, match=r"s3:GetObject"):
        store(missing=False).read("lock.json")


def test_what_was_read_of_a_run_and_expired_is_told_and_not_retried(of_s3):
    with pytest.raises(ConfigurationError, match="for a month. The run's reports stay. Start a new run"):
        of_s3().open("runs/%s/parts/000000000.jsonl.gz" % RUN)


def test_a_folder_beside_the_policies_is_in_nobodys_way(of_s3):
    store = of_s3()
    store.put("policies/one.yml", io.BytesIO(b"version: 1\n"))
    store.put("policies/old/two.yml", io.BytesIO(b"version: 1\n"))
    assert read_policy(store, "one")[0] == Policy()
