# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The function with the role that the template makes, and with each of its actions missing once. Which actions there are is read from the
template, so a new one is tried as well.

AWS is in memory, and refuses as AWS does. ``test_deploy.py`` removes what a local AWS with its authorization on enforces by itself: the
credentials and the bucket.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

import stores
from tests.emulator.launch import start
from tests.support.cloudformation import TEMPLATE, Stack, load

from .in_memory import BUS, PARAMETER, Answer, Do, InMemory

WRITTEN = load(TEMPLATE.read_text())
KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-1111-2222-3333-444444444444"
ROLE = "arn:aws:sts::123456789012:assumed-role/audit/mfa-audit"
# Lambda writes the log in the name of the role. The function asks for nothing of it, so nothing of it can fail.
OF_LAMBDA = {"logs:CreateLogStream", "logs:PutLogEvents"}
# Asked for only when an upload has failed.
AFTER_A_FAILURE = "s3:AbortMultipartUpload"
# What these are for fails, and the run does not.
OUTPUTS = {"sns:Publish": "digest", "events:PutEvents": "event", "securityhub:BatchImportFindings": "security-hub"}


def resources(bucket: str = "b", secret: str = "arn:s", topic: str = "arn:t", tenant: str = "t.example", **more: str):
    """What the template makes with everything switched on."""
    given = {"ReportsBucket": bucket, "Secret": secret, "Tenant": tenant, "EventBus": BUS, "SecurityHub": "true"}
    given.update(KmsKey=KEY, Digest="always", Threads="2", **more)
    return Stack(WRITTEN, given, {"Topic": topic}).resources


def statements(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the function's role, each with one action."""
    (policy,) = made["FunctionRole"]["Properties"]["Policies"]
    found = []
    for each in policy["PolicyDocument"]["Statement"]:
        actions = [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        found += [{**each, "Action": action} for action in actions]
    return found


def actions(**more: str) -> list[str]:
    """What the role may do."""
    return list(dict.fromkeys(each["Action"] for each in statements(resources(**more))))


class Role:
    """AWS as this role sees it.

    :ivar asked: the actions that were needed
    """

    def __init__(self, statements: list[dict[str, Any]], refused_part: bool = False) -> None:
        """
        :param refused_part: whether S3 takes no part of an upload
        """
        self._statements, self._refused_part = statements, refused_part
        self.asked: set[str] = set()

    def __call__(self, request, do: Do) -> Answer:
        """Do it, or refuse it."""
        url = urlsplit(request.url)
        query = parse_qs(url.query, keep_blank_values=True)
        service = next(
            each for each in ("s3", "secretsmanager", "ssm", "sns", "events", "securityhub") if each in _words(url)
        )
        for action, resource, condition in needed(service, request, url, query):
            self.asked.add(action)
            if not any(allows(each, action, resource, condition) for each in self._statements):
                return refusal(service, action, resource)
        if self._refused_part and "partNumber" in query:
            return 400, {}, "<Error><Code>InvalidRequest</Code><Message>said by S3</Message></Error>"
        return do()


def _words(url) -> list[str]:
    return (url.hostname or "").split(".")


def needed(service: str, request, url, query) -> list[tuple[str, str | None, str | None]]:
    """The actions that AWS asks for, each with the resource, and what the condition is about; None where nobody looks at it here."""
    if service == "s3":
        bucket, key = "arn:aws:s3:::" + _words(url)[0], unquote(url.path)
        if "list-type" in query:
            return [("s3:ListBucket", bucket, query["prefix"][0])]
        if request.method == "DELETE":
            return [("s3:AbortMultipartUpload", bucket + key, None)]
        # In a bucket that is encrypted with a key, S3 uses the key in the name of whoever asks.
        if request.method == "GET":
            return [("s3:GetObject", bucket + key, None), ("kms:Decrypt", KEY, None)]
        return [("s3:PutObject", bucket + key, None), ("kms:GenerateDataKey", KEY, None)]
    if service == "sns":
        return [("sns:" + re.search("Action=([A-Za-z]+)", str(request.body))[1], None, None)]
    if service == "securityhub":
        assert url.path == "/findings/import"
        return [("securityhub:BatchImportFindings", None, None)]
    target = request.headers["X-Amz-Target"]
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    return [("%s:%s" % (service, operation), None, None)]


def allows(statement: dict[str, Any], action: str, resource: str | None, condition: str | None) -> bool:
    """Whether a statement allows it."""
    known = set(statement) - {"Sid", "Action", "Resource"}
    assert known <= {"Effect", "Condition"} and statement["Effect"] == "Allow"
    if statement["Action"] != action or not (resource is None or fnmatchcase(resource, statement["Resource"])):
        return False
    return "Condition" not in statement or (
        condition is not None and fnmatchcase(condition, statement["Condition"]["StringLike"]["s3:prefix"])
    )


def refusal(service: str, action: str, resource: str | None) -> Answer:
    """In the words of AWS, in the form of the service."""
    # SNS writes its own name in capitals.
    shown = action.replace("sns:", "SNS:")
    why = "User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action"
    text = why % (ROLE, shown, resource or "arn:aws:%s:eu-west-1:123456789012:x" % service, shown)
    if service == "s3":
        return 403, {}, "<Error><Code>AccessDenied</Code><Message>%s</Message></Error>" % text
    if service == "sns":
        content = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>%s</Message></Error></ErrorResponse>"
        return 403, {}, content % text
    kind = "AccessDeniedException"
    return 400, {"x-amzn-ErrorType": kind}, json.dumps({"__type": kind, "Message": text, "message": text})


@pytest.fixture(scope="module")
def in_memory():
    with start(users=12, seed=7, switches={"export-seconds": 0}) as tenant, InMemory(tenant) as running:
        yield running, tenant


@pytest.fixture
def audit(in_memory, monkeypatch):
    """Makes the function as the template does; returns a run of it with its role, without one action of that."""
    running, tenant = in_memory

    def run(without: str | None = None, refused_part: bool = False, **more: str) -> tuple[dict[str, Any], Role]:
        running.fill({})
        running.forget()
        made = resources(running.bucket, running.secret, running.topic, tenant.domain, **more)
        for name, value in made["Function"]["Properties"]["Environment"]["Variables"].items():
            monkeypatch.setenv(name, value)
        role = Role([each for each in statements(made) if each["Action"] != without], refused_part)
        running.mails()
        running.disturb = role
        try:
            return running.to_the_end({"execution": "e-1"}), role
        finally:
            running.disturb = lambda _request, do: do()

    run.running = running
    return run


@pytest.mark.parametrize("more", [{}, {"SecretParameter": PARAMETER}], ids=["secret", "parameter"])
def test_with_its_role_a_run_is_complete_and_asks_for_all_that_the_role_may(audit, caplog, more):
    state, role = audit(**more)
    assert state["status"] == "complete" and not [record for record in caplog.records if hasattr(record, "why")]
    assert role.asked == set(actions(**more)) - OF_LAMBDA - {AFTER_A_FAILURE}


WITH_ITS_END = [each for each in actions() if each not in {*OF_LAMBDA, *OUTPUTS, AFTER_A_FAILURE}]
WITH_PARAMETER = [each for each in actions(SecretParameter=PARAMETER) if each not in actions()]


@pytest.mark.parametrize("action", [*WITH_ITS_END, *WITH_PARAMETER])
def test_without_an_action_the_run_fails_for_good_and_what_is_told_names_it(audit, action):
    more = {"SecretParameter": PARAMETER} if action in WITH_PARAMETER else {}
    with pytest.raises(ConfigurationError) as failure:
        audit(without=action, **more)
    assert action in failure.value.message
    (mail,) = audit.running.mails()
    assert mail.startswith("MFA audit: FAILED") and action in mail
    # Nobody was audited, and nothing says so.
    assert not [key for key in audit.running.keys() if not key.endswith("lock.json")]


@pytest.mark.parametrize("action", [each for each in actions() if each in OUTPUTS])
def test_without_the_action_of_an_output_that_output_is_told_as_failed_and_the_run_is_complete(
    audit, caplog, capsys, action
):
    state, _role = audit(without=action)
    assert state["status"] == "complete"
    (why,) = [(record.output, record.why) for record in caplog.records if hasattr(record, "why")]
    assert why[0] == OUTPUTS[action] and action.lower() in why[1].lower()
    assert '"OutputsFailed":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize("without", [None, AFTER_A_FAILURE])
def test_an_upload_that_failed_is_given_up_if_the_role_may_and_the_failure_itself_is_told(audit, monkeypatch, without):
    monkeypatch.setattr(stores, "LARGEST_PUT", 20_000)
    with pytest.raises(Exception, match=r"\(s3:PutObject\): said by S3"):
        audit(without=without, refused_part=True)
    assert bool(audit.running.uploads()) is (without is not None)
