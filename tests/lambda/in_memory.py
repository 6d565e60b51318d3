# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The function in the process of the test, with all of AWS in memory: a run takes a fraction of a second, and each of its requests to AWS
can be seen and disturbed on its way.
"""

from __future__ import annotations

import json
import math
import os
import uuid
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, Callable
from unittest import mock

import boto3
import botocore.endpoint
from ansible_collections.mfaops.auth0.plugins.module_utils.audit import scan
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire import budget
from botocore.awsrequest import AWSPreparedRequest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

import credentials
import handler
import publish
import segments
import stores

from .conftest import PREFIX, SECRET, secret_of

REGION = "eu-west-1"
PARAMETER, BUS = "/mfa/tenant", "audits"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:mfa-audit"
# Status, headers and content.
Answer = tuple[int, dict[str, str], Any]
Do = Callable[[], Answer]


class Context:
    """What Lambda gives an invocation, with time enough."""

    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "mfa-audit", 512, FUNCTION, "request"

    def get_remaining_time_in_millis(self) -> int:
        """All of it."""
        return 900_000


class InMemory:
    """A context manager.

    :ivar disturb: gets each request to AWS and what does it; returns the answer, or raises what the connection would
    :ivar bucket: of the runs
    :ivar secret: ARN of the tenant's credentials; they are in the parameter ``PARAMETER``, too
    :ivar topic: ARN of that of the messages
    """

    def __init__(self, tenant) -> None:
        self._tenant, self._undo = tenant, ExitStack()
        self.disturb: Callable[[AWSPreparedRequest, Do], Answer] = lambda _request, do: do()
        self.bucket = ""

    def __enter__(self) -> InMemory:
        patch = self._undo.enter_context
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        patch(mock.patch.dict(os.environ, {**keys, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}))
        patch(mock_aws())
        self.forget()
        self._undo.callback(self.forget)
        process = BotocoreStubber.process_request

        def disturbed(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Answer:
            return self.disturb(request, lambda: process(stubber, request))

        patch(mock.patch.object(BotocoreStubber, "process_request", disturbed))
        # It tries again as often as it does, without the seconds in between.
        patch(mock.patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _seconds: None)))
        # The parts are the same ones each time, however slow the machine is.
        patch(mock.patch.object(scan, "CHUNK", 9))
        patch(mock.patch.object(scan, "LONGEST_PART", math.inf))
        patch(mock.patch.object(budget, "ATTEMPTS", 1))
        patch(mock.patch.object(segments, "PAUSE", 0))
        sns, sqs = boto3.client("sns"), boto3.client("sqs")
        self.topic = sns.create_topic(Name="audit")["TopicArn"]
        self._mail = sqs.create_queue(QueueName="mail")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._mail, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        boto3.client("events").create_event_bus(Name=BUS)
        boto3.client("securityhub").enable_security_hub()
        secret = json.dumps(secret_of(self._tenant))
        self.secret = boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString=secret)["ARN"]
        boto3.client("ssm").put_parameter(Name=PARAMETER, Value=secret, Type="SecureString")
        outputs = {"AUDIT_TOPIC": self.topic, "AUDIT_EVENT_BUS": BUS, "AUDIT_SECURITY_HUB": "true"}
        settings = {"AUDIT_TENANT": self._tenant.domain, "AUDIT_SECRET": SECRET, "AUDIT_PREFIX": PREFIX, **outputs}
        patch(mock.patch.dict(os.environ, {**settings, "AUDIT_DIGEST": "always", "AUDIT_THREADS": "2"}))
        self._s3, self._sqs = boto3.client("s3"), sqs
        self.fill({})
        return self

    def __exit__(self, *_exception) -> None:
        self._undo.close()

    @staticmethod
    def forget() -> None:
        """The next invocation is that of a new process: it keeps neither clients nor credentials."""
        boto3.DEFAULT_SESSION = None
        stores._s3.cache_clear()
        publish.aws.cache_clear()
        credentials._provider.cache_clear()

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        """One invocation of the handler."""
        return handler.handler(event, Context())

    def to_the_end(self, event: dict[str, Any], state: dict[str, Any] | None = None) -> dict[str, Any]:
        """Segment after segment; returns what the last one returned."""
        while state is None or state["next"] != "end":
            state = self.invoke({**event, "state": state})
        return state

    def put_secret(self, value: dict[str, str]) -> None:
        """Replace the tenant's credentials."""
        boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=json.dumps(value))

    def fill(self, objects: dict[str, bytes]) -> None:
        """From now on the runs are in a new bucket, which holds these objects."""
        self.bucket = os.environ["AUDIT_BUCKET"] = "mfa-%s" % uuid.uuid4().hex
        self._s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, content in objects.items():
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def keys(self) -> list[str]:
        """What is in the bucket."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        """What is in an object."""
        return self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def write(self, key: str, content: bytes) -> None:
        """Replace an object."""
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def remove(self, key: str) -> None:
        """Remove an object."""
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def uploads(self) -> list[str]:
        """The keys of files that were begun and neither ended nor given up."""
        return [each["Key"] for each in self._s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ())]

    def mails(self) -> list[str]:
        """The messages since the last time: subject and text."""
        found = []
        while batch := self._sqs.receive_message(QueueUrl=self._mail, MaxNumberOfMessages=10).get("Messages", ()):
            for each in batch:
                self._sqs.delete_message(QueueUrl=self._mail, ReceiptHandle=each["ReceiptHandle"])
                told = json.loads(each["Body"])
                found.append("%s\n%s" % (told["Subject"], told["Message"]))
        return found
