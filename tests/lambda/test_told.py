# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What arrives when the real function runs: the zip in the runtime client, the embedded tenant, a local AWS with real addresses."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.support.lambda_runtime import FunctionError

from .conftest import PREFIX, to_the_end


@pytest.fixture
def mails(aws, bucket):
    """The topic's ARN, and what gives the messages that arrived since it was called last."""
    sqs, sns = aws.client("sqs"), aws.client("sns")
    queue = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name=bucket)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def arrived() -> list[dict]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", ())
        for each in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in found]

    return topic, arrived


def test_a_run_is_told_everywhere_once_and_its_report_can_be_repeated(function, aws, runs, tenant, mails, bucket):
    topic, arrived = mails
    hub = aws.client("securityhub")
    hub.enable_security_hub()
    audit = function(tenant, AUDIT_TOPIC=topic, AUDIT_EVENT_BUS="default", AUDIT_SECURITY_HUB="true")
    states = to_the_end(audit)
    (mail,) = arrived()
    assert mail["Subject"].startswith("MFA audit: first run, ") and tenant.domain in mail["Subject"]
    assert mail["Message"].startswith("Complete. 500 users were read.")
    report = runs.latest()["keys"]["report.html"]
    assert "s3/object/%s?region=eu-west-1&prefix=%s" % (bucket, report) in mail["Message"]
    lines = [json.loads(line) for line in audit.output.splitlines()]
    (told,) = [line["outputs"] for line in lines if line.get("message") == "run told"]
    assert told == dict.fromkeys(("tables", "security-hub", "digest", "event", "metrics"), "told")
    (emitted,) = [line for line in lines if "_aws" in line]
    assert (emitted["tenant"], emitted["Complete"]) == (tenant.domain, [1.0])
    assert emitted["UsersNone"] == [runs.summary()["users"]["none"]]
    # What the audit found that is critical or high, and nothing else.
    pages = hub.get_paginator("get_findings").paginate()
    sent = {each["Id"] for page in pages for each in page["Findings"]}
    found = [json.loads(line) for line in gzip.decompress(runs.report("findings.jsonl.gz")).splitlines()]
    assert sent == {each["id"] for each in found if each["severity"] in ("critical", "high")} and sent
    notes = [key for key in runs.keys() if key.startswith(PREFIX + "published/")]
    tables = [key for key in runs.keys() if key.startswith(PREFIX + "tables/")]
    # One for each output, and what Security Hub shows.
    assert len(notes) == 6 and len(tables) == 3
    assert to_the_end(audit, state=states[-2]) == states[-1:]
    assert arrived() == [] and audit.output.count('"_aws"') == 1


def test_a_topic_that_is_gone_fails_alone(function, tenant, mails):
    topic, _arrived = mails
    audit = function(tenant, AUDIT_TOPIC=topic + "-gone")
    assert to_the_end(audit)[-1]["status"] == "complete"
    (failed,) = [json.loads(line) for line in audit.output.splitlines() if '"output failed"' in line]
    assert (failed["output"], failed["level"]) == ("digest", "ERROR") and "NotFound" in failed["why"]
    (emitted,) = [json.loads(line) for line in audit.output.splitlines() if '"_aws"' in line]
    assert emitted["OutputsFailed"] == [1.0]


def test_what_nobody_retries_is_told_with_its_reason(function, tenant, mails, secret_for):
    topic, arrived = mails
    audit = function(secret=secret_for(tenant, "not-the-secret"), AUDIT_TOPIC=topic)
    with pytest.raises(FunctionError, match="ConfigurationError"):
        audit.invoke({})
    (mail,) = arrived()
    assert mail["Subject"] == "MFA audit: FAILED, %s" % tenant.domain
    assert mail["Message"].startswith("FAILED. ") and "not-the-secret" not in mail["Message"]
    # Whoever asks for something else than the audit learns it alone.
    for question in ({"dry_run": True}, {"report_only": True}, {"users": ["auth0|1"]}, {"unknown": 1}):
        with pytest.raises(FunctionError, match="QuestionError"):
            audit.invoke(question)
    assert arrived() == []
