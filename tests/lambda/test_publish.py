# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs, one after the other, and all that is told of them: SNS, EventBridge and Security Hub are moto's, read back."""

from __future__ import annotations

import gzip
import importlib
import json
import logging
import shutil
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import boto3
import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.ledger import Ledger
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore, StoreError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from botocore.exceptions import ClientError
from moto import mock_aws

import metrics
from publish import publish, tell_failure
from segments import NoProgress

runs = importlib.import_module("tests.lambda.runs")
REGION = "eu-west-1"
TABLES = "tables/%s/tenant=example.eu.auth0.com/date=2026-06-01/run=000001-20260601T120000Z/%s"


@dataclass
class Settings:
    topic: str | None
    event_bus: str | None
    security_hub: bool = True
    digest: str = "changes"
    bucket: str = runs.BUCKET
    prefix: str = "example/"
    tenant: str = "example.eu.auth0.com"


@dataclass
class Aws:
    """A topic, a bus and a Security Hub, and what arrived there.

    :ivar queue: what subscribed to the topic
    :ivar events: what the bus took
    :ivar broken: service -> the error with which every call of it ends
    """

    clients: dict
    settings: Settings
    queue: str
    events: list[dict] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)

    def client(self, service: str):
        if service in self.broken:
            return Broken(self.broken[service])
        return self.clients[service]

    def note(self, params, **_more) -> None:
        """What goes over the wire; moto only checks it."""
        self.events += params["Entries"]

    def mails(self) -> list[dict]:
        """The messages since the last time."""
        sqs = self.clients["sqs"]
        found = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", ())
        for each in found:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in found]

    def hub(self) -> dict[str, dict]:
        """The findings by the rule and the number of the user."""
        found = self.clients["securityhub"].get_findings(MaxResults=100)["Findings"]
        return {"%s %s" % (each["GeneratorId"][13:], each["Resources"][0]["Id"][-5:]): each for each in found}

    def states(self) -> dict[str, str]:
        return {name: each["RecordState"] for name, each in self.hub().items()}


class Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _name):
        def call(**_arguments):
            raise self._error

        return call


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        clients = {name: boto3.client(name, region_name=REGION) for name in ("sqs", "sns", "events", "securityhub")}
        sqs, sns = clients["sqs"], clients["sns"]
        queue = sqs.create_queue(QueueName="mail")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = sns.create_topic(Name="digest")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        clients["events"].create_event_bus(Name="audits")
        clients["securityhub"].enable_security_hub()
        made = Aws(clients, Settings(topic, "audits"), queue)
        clients["events"].meta.events.register("provide-client-params.events.PutEvents", made.note)
        yield made


@pytest.fixture
def tenant(tmp_path):
    return runs.Runs(FolderStore(str(tmp_path)))


def told(aws, tenant, outcome=None, **changes) -> dict[str, str]:
    """Tell of a run, of the next one if none is given."""
    outcome = outcome or tenant.run()
    settings = replace(aws.settings, **changes)
    now = runs.NOW + timedelta(days=tenant.day - 1, hours=1)
    checkpoint = Ledger.load(tenant.store, outcome.run).checkpoint
    return publish(settings, tenant.store, checkpoint, runs.FUNCTION, lambda: 800.0, client=aws.client, now=now)


EVERYTHING = dict.fromkeys(("tables", "security-hub", "digest", "event", "metrics"), "told")
NO_FACTOR: list = []
WEAK = [runs.authenticator("phone", created=300, used=0)]


def test_everything_is_told_once_however_often_the_step_is_repeated(aws, tenant, capsys):
    outcome = tenant.run()
    assert told(aws, tenant, outcome) == EVERYTHING
    assert (len(aws.mails()), len(aws.events)) == (1, 1)
    assert told(aws, tenant, outcome) == dict.fromkeys(EVERYTHING, "told before")
    assert (len(aws.mails()), len(aws.events)) == (0, 1)
    assert capsys.readouterr().out.count('"_aws"') == 1


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("moment", EVERYTHING)
def test_a_process_that_is_killed_before_a_note_tells_that_output_again_and_no_other(aws, tenant, capsys, moment):
    outcome, write = tenant.run(), tenant.store.write

    def killed(name, content, version):
        if name == "published/%s.json" % moment:
            raise Killed
        return write(name, content, version)

    tenant.store.write = killed
    with pytest.raises(Killed):
        told(aws, tenant, outcome)
    tenant.store.write = write
    repeated = told(aws, tenant, outcome)
    before = list(EVERYTHING).index(moment)
    assert list(repeated.values()) == ["told before"] * before + ["told"] * (len(EVERYTHING) - before)
    counts = {"digest": len(aws.mails()), "event": len(aws.events), "metrics": capsys.readouterr().out.count('"_aws"')}
    assert counts == {name: 1 + (name == moment) for name in counts}


def test_an_event_is_known_by_its_source_and_type(aws, tenant):
    outcome = tenant.run()
    told(aws, tenant, outcome)
    (entry,) = aws.events
    assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == (
        "mfaops.auth0",
        "MFA audit finished",
        "audits",
    )
    assert json.loads(entry["Detail"])["run"] == outcome.run


def test_only_what_is_switched_on_is_told(aws, tenant):
    words = told(aws, tenant, topic=None, event_bus="", security_hub=False)
    assert words == {"tables": "told", "metrics": "told"} and aws.hub() == {}


@pytest.mark.parametrize("service, output", [("sns", "digest"), ("events", "event"), ("securityhub", "security-hub")])
def test_an_output_that_fails_loses_no_other_and_is_told_the_next_time(aws, tenant, capsys, caplog, service, output):
    refused = {"Error": {"Code": "AccessDenied", "Message": "not authorized to perform: x:Y for somebody@example.com"}}
    tenant.has = {1: NO_FACTOR}
    aws.broken[service] = ClientError({**refused, "ResponseMetadata": {"HTTPStatusCode": 403}}, "Y")
    outcome = tenant.run()
    with caplog.at_level(logging.ERROR):
        assert told(aws, tenant, outcome) == {**EVERYTHING, output: "failed"}
    (record,) = caplog.records
    assert (record.output, record.run) == (output, outcome.run)
    assert "not authorized to perform: x:Y for (a user)" in record.why
    line = json.loads([each for each in capsys.readouterr().out.splitlines() if "_aws" in each][0])
    assert line["OutputsFailed"] == [1]
    if service == "securityhub":
        assert "Failed: security hub. See the function's log." in aws.mails()[0]["Message"]
    aws.broken.clear()
    assert told(aws, tenant, outcome) == {**dict.fromkeys(EVERYTHING, "told before"), output: "told"}


def test_an_error_that_nobody_expected_is_told_without_its_text(aws, tenant, caplog):
    aws.broken["sns"] = ValueError("the message for user00001@example.com")
    assert told(aws, tenant)["digest"] == "failed"
    assert [record.why for record in caplog.records if hasattr(record, "why")] == ["ValueError"]


def test_an_older_run_is_not_told_after_a_newer_one(aws, tenant):
    first, second = tenant.run(), tenant.run()
    assert told(aws, tenant, second)["event"] == "told"
    assert set(told(aws, tenant, first).values()) == {"told before"}


def test_a_run_is_told_after_one_with_a_higher_number_that_is_no_longer_there(aws, tenant, tmp_path):
    for _run in range(2):
        told(aws, tenant)
    aws.mails()
    # What a bucket forgets, or loses; the notes stay.
    shutil.rmtree(tmp_path / "runs")
    outcome = tenant.run()
    assert outcome.run.startswith("000001-")
    assert told(aws, tenant, outcome) == EVERYTHING and len(aws.mails()) == 1
    assert set(told(aws, tenant, outcome).values()) == {"told before"}


def test_a_run_that_is_gone_on_with_is_told_again_when_it_is_further(aws, tenant):
    tenant.has = {7: runs.unreadable(7)}
    partial = tenant.run()
    assert told(aws, tenant, partial)["event"] == "told"
    key = partial.keys["summary.json"]
    figures = {**partial.summary, "partial": False, "reason": None}
    figures["coverage"] = {**figures["coverage"], "read": 20, "unread": 0}
    content, version = tenant.store.read(key)
    tenant.store.write(key, json.dumps(figures).encode(), version)
    assert told(aws, tenant, partial)["event"] == "told"
    assert [json.loads(each["Detail"])["status"] for each in aws.events] == ["partial", "complete"]


def test_a_run_of_given_users_is_told_to_nobody(aws, tenant):
    outcome = tenant.run(scope=Scope(user_ids=("auth0|00001",)))
    assert told(aws, tenant, outcome) == {} and tenant.store.names("published") == []


def test_a_run_without_reports_is_an_error(aws, tenant):
    outcome = tenant.run()
    key = outcome.keys["summary.json"]
    tenant.store.write(key, b"{}", tenant.store.read(key)[1])
    with pytest.raises(StoreError, match="has no reports"):
        told(aws, tenant, outcome)


@pytest.mark.parametrize(
    "content",
    [b"[]", b"\xff", b"", b'{"run": 5, "stage": [], "sent": 3, "told": {}}', b'{"sent": "x", "run": "y"}'],
)
def test_a_note_that_nobody_can_read_is_none(aws, tenant, content):
    for name in EVERYTHING:
        tenant.store.write("published/%s.json" % name, content, None)
    assert told(aws, tenant) == EVERYTHING


def test_tables_have_the_rows_of_the_reports_and_one_line_for_the_run(aws, tenant):
    tenant.has = {1: NO_FACTOR}
    outcome = tenant.run()
    told(aws, tenant, outcome)
    for table in ("users", "findings"):
        name = table + ".jsonl.gz"
        copied = tenant.store.read(TABLES % (table, name))[0]
        assert copied == tenant.store.read(outcome.keys[name])[0] and gzip.decompress(copied)
    (line,) = tenant.store.read(TABLES % ("runs", "summary.json"))[0].splitlines()
    assert json.loads(line) == outcome.summary


def test_the_message_is_sent_when_something_changed_and_weekly(aws, tenant):
    tenant.has = {1: NO_FACTOR}
    words = [told(aws, tenant)["digest"] for _day in range(9)]
    assert words == ["told", *["nothing to tell"] * 6, "told", "nothing to tell"]
    tenant.has = {}
    assert told(aws, tenant)["digest"] == "told"
    assert told(aws, tenant, digest="always")["digest"] == "told"


def test_after_a_message_that_failed_the_next_run_has_one(aws, tenant):
    assert told(aws, tenant)["digest"] == "told"
    tenant.has = {1: NO_FACTOR}
    aws.broken["sns"] = ValueError()
    assert told(aws, tenant)["digest"] == "failed"
    aws.broken.clear()
    assert [told(aws, tenant)["digest"] for _day in range(2)] == ["told", "nothing to tell"]


def test_metrics_are_those_of_the_run(aws, tenant, capsys):
    tenant.has = {1: NO_FACTOR, 4: WEAK}
    outcome = tenant.run()
    told(aws, tenant, outcome)
    line = json.loads([each for each in capsys.readouterr().out.splitlines() if "_aws" in each][0])
    expected = {"Complete": 1, "Partial": 0, "UsersStrong": 18, "UsersNone": 1, "UsersWeak": 1, "UsersUnknown": 0}
    expected |= {"UsersUnread": 0, "UsersNotReached": 0, "PrivilegedNotStrong": 1, "OutputsFailed": 0}
    expected |= {
        "FindingsNoMfa": 1,
        "FindingsUnread": 0,
        "FindingsWeakOnly": 1,
        "FindingsStale": 0,
        "NewHighFindings": 1,
    }
    expected |= {"Requests": outcome.costs["requests"], "RateLimited": 0, "AgeOfOldestReadingHours": 0}
    assert {name: line[name] for name in expected} == {name: [value] for name, value in expected.items()}
    assert set(line) == {"_aws", "tenant", *metrics.UNITS}


def test_over_runs_security_hub_has_what_is_new_resolved_reopened_and_exempted(aws, tenant):
    tenant.has = {1: NO_FACTOR, 3: NO_FACTOR, 4: NO_FACTOR, 5: WEAK}
    tenant.policy = replace(tenant.policy, exemptions=(runs.exemption(date(2026, 12, 31)),))
    told(aws, tenant)
    first = aws.hub()
    # The medium one of user 5 and the exempted one are not sent.
    assert aws.states() == dict.fromkeys(("no-mfa 00001", "no-mfa 00004"), "ACTIVE")
    assert first["no-mfa 00001"]["Severity"]["Label"] == "CRITICAL"
    # User 4 enrolls, and user 2 loses everything.
    tenant.has = {1: NO_FACTOR, 2: NO_FACTOR, 3: NO_FACTOR, 5: WEAK}
    told(aws, tenant)
    second = aws.hub()
    assert (second["no-mfa 00004"]["RecordState"], second["no-mfa 00004"]["Compliance"]["Status"]) == (
        "ARCHIVED",
        "PASSED",
    )
    assert second["no-mfa 00002"]["RecordState"] == "ACTIVE"
    assert second["no-mfa 00001"]["FirstObservedAt"] == first["no-mfa 00001"]["FirstObservedAt"]
    assert second["no-mfa 00001"]["UpdatedAt"] > first["no-mfa 00001"]["UpdatedAt"]
    # User 4 removes it again, and user 1 enrolls.
    tenant.has = {2: NO_FACTOR, 3: NO_FACTOR, 4: NO_FACTOR, 5: WEAK}
    told(aws, tenant)
    third = aws.hub()
    assert aws.states() == {name: "ARCHIVED" if name.endswith("1") else "ACTIVE" for name in third}
    assert len(third) == 3 and third["no-mfa 00004"]["Compliance"]["Status"] == "FAILED"
    assert third["no-mfa 00004"]["FirstObservedAt"] == first["no-mfa 00004"]["FirstObservedAt"]


@pytest.mark.parametrize("gap", ["failed", "switched off"])
def test_what_was_resolved_while_security_hub_was_not_told_is_archived_later(aws, tenant, gap):
    tenant.has = {1: NO_FACTOR, 3: NO_FACTOR}
    told(aws, tenant)
    tenant.has = {3: NO_FACTOR}
    if gap == "failed":
        aws.broken["securityhub"] = ValueError()
        assert told(aws, tenant)["security-hub"] == "failed"
    else:
        assert "security-hub" not in told(aws, tenant, security_hub=False)
    assert aws.states() == {"no-mfa 00001": "ACTIVE", "no-mfa 00003": "ACTIVE"}
    aws.broken.clear()
    assert told(aws, tenant)["security-hub"] == "told"
    assert aws.states() == {"no-mfa 00001": "ARCHIVED", "no-mfa 00003": "ACTIVE"}


def test_security_hub_does_not_keep_what_is_no_longer_severe(aws, tenant):
    tenant.has = {1: WEAK}
    told(aws, tenant)
    assert aws.states() == {"weak-only 00001": "ACTIVE"}
    privileged, tenant.policy = tenant.policy, replace(tenant.policy, privileged=runs.People())
    told(aws, tenant)
    archived = aws.hub()["weak-only 00001"]
    assert archived["RecordState"] == "ARCHIVED" and archived["Severity"]["Label"] == "MEDIUM"
    tenant.policy = privileged
    told(aws, tenant)
    assert aws.states() == {"weak-only 00001": "ACTIVE"}


def test_security_hub_follows_an_exemption_both_ways(aws, tenant):
    tenant.has = {3: NO_FACTOR}
    plain, tenant.policy = tenant.policy, replace(tenant.policy, exemptions=(runs.exemption(date(2026, 6, 2)),))
    told(aws, tenant)
    assert aws.states() == {}
    told(aws, tenant)
    told(aws, tenant)
    assert aws.states() == {"no-mfa 00003": "ACTIVE"}
    tenant.policy = replace(plain, exemptions=(runs.exemption(date(2026, 12, 31)),))
    told(aws, tenant)
    exempted = aws.hub()["no-mfa 00003"]
    assert exempted["RecordState"] == "ARCHIVED" and exempted["Compliance"]["Status"] == "FAILED"
    assert "a reason of hers" in exempted["Resources"][0]["Details"]["Other"]["exempted"]
    tenant.policy = plain
    told(aws, tenant)
    assert aws.states() == {"no-mfa 00003": "ACTIVE"}
    assert "exempted" not in aws.hub()["no-mfa 00003"]["Resources"][0]["Details"]["Other"]


@pytest.mark.parametrize("partial", [False, True])
def test_what_an_earlier_stage_of_the_run_told_and_the_run_does_not_know_any_more_is_archived(aws, tenant, partial):
    tenant.has = {1: NO_FACTOR, 4: NO_FACTOR, 7: runs.unreadable(7)}
    outcome = tenant.run()
    told(aws, tenant, outcome)
    assert aws.states() == {"no-mfa 00001": "ACTIVE", "no-mfa 00004": "ACTIVE", "unread 00007": "ACTIVE"}
    # As if it had been gone on with: everybody is read, and what the first stage said of user 7 is nowhere.
    key = outcome.keys["findings.jsonl.gz"]
    lines = gzip.decompress(tenant.store.read(key)[0]).splitlines(keepends=True)
    rest = [line for line in lines if json.loads(line)["rule"] != "unread"]
    tenant.store.write(key, gzip.compress(b"".join(rest)), tenant.store.read(key)[1])
    key = outcome.keys["summary.json"]
    figures = {**outcome.summary, "partial": partial, "reason": None}
    figures["coverage"] = {**figures["coverage"], "read": 20, "unread": 0}
    tenant.store.write(key, json.dumps(figures).encode(), tenant.store.read(key)[1])
    before = aws.clients["securityhub"].get_findings()["Findings"]
    assert told(aws, tenant, outcome)["security-hub"] == "told"
    after = {each["Id"]: each for each in aws.clients["securityhub"].get_findings()["Findings"]}
    (unread,) = [each["Id"] for each in before if each["GeneratorId"].endswith("/unread")]
    assert after[unread]["RecordState"] == ("ACTIVE" if partial else "ARCHIVED")
    sent = [each for each in before if each["Id"] != unread or not partial]
    # The clock has not moved, and Security Hub takes only what is newer.
    assert len(sent) >= 2 and all(after[each["Id"]]["UpdatedAt"] > each["UpdatedAt"] for each in sent)


def test_what_is_sent_is_newer_than_before_even_if_the_clock_went_back(aws, tenant):
    tenant.has = {1: NO_FACTOR}
    tenant.day = 30
    told(aws, tenant)
    first = aws.hub()["no-mfa 00001"]
    tenant.day = 2
    told(aws, tenant)
    assert aws.hub()["no-mfa 00001"]["UpdatedAt"] > first["UpdatedAt"]


def test_what_was_sent_by_a_process_that_was_killed_is_archived_later(aws, tenant):
    tenant.has = {1: NO_FACTOR}
    outcome, write = tenant.run(), tenant.store.write

    def killed(name, content, version):
        if aws.hub():
            raise Killed
        return write(name, content, version)

    tenant.store.write = killed
    with pytest.raises(Killed):
        told(aws, tenant, outcome)
    tenant.store.write = write
    assert aws.states() == {"no-mfa 00001": "ACTIVE"}
    tenant.has = {}
    told(aws, tenant)
    assert aws.states() == {"no-mfa 00001": "ARCHIVED"}


def test_a_message_says_how_many_findings_security_hub_took(aws, tenant):
    tenant.has = {1: NO_FACTOR, 3: NO_FACTOR}
    told(aws, tenant)
    assert "Security Hub: 2 sent.\n" in aws.mails()[0]["Message"]


def test_nothing_that_is_told_names_anybody(aws, tenant, capsys, caplog):
    caplog.set_level(logging.INFO)
    tenant.policy = replace(
        tenant.policy, exemptions=(runs.exemption(date(2026, 6, 2)), runs.exemption(date(2026, 6, 9), 4))
    )
    texts = []
    for has in ({1: NO_FACTOR, 3: NO_FACTOR, 4: NO_FACTOR}, {1: WEAK, 2: NO_FACTOR}, {7: runs.unreadable(7)}):
        tenant.has = has
        assert told(aws, tenant) == EVERYTHING
        texts += [json.dumps(aws.mails()), json.dumps(aws.events)]
    texts += [capsys.readouterr().out, "".join(str(vars(record)) for record in caplog.records)]
    texts += [str(tenant.store.read("published/" + name)[0]) for name in tenant.store.names("published")]
    assert not [canary for canary in runs.CANARIES for text in texts if canary in text]


def environment(aws) -> dict[str, str]:
    return {"AUDIT_TOPIC": aws.settings.topic, "AUDIT_TENANT": aws.settings.tenant}


def test_a_failure_is_told_with_its_reason_in_the_first_line(aws):
    error = ConfigurationError(
        "The secret cannot log in to the tenant for auth0|00001", status=401, hint="Check client_secret in the secret."
    )
    tell_failure(environment(aws), error, client=aws.client)
    (mail,) = aws.mails()
    assert mail["Subject"] == "MFA audit: FAILED, example.eu.auth0.com"
    first, *rest = mail["Message"].splitlines()
    assert first == (
        "FAILED. The secret cannot log in to the tenant for (a user) (status 401). Check client_secret in the secret."
    )
    assert rest[0] == "Tenant: example.eu.auth0.com" and rest[-1] == "Earlier reports stay where they are."


def test_an_outage_asks_for_no_correction(aws):
    tell_failure(environment(aws), NoProgress("Nobody could be read for 3690 s: no answer"), client=aws.client)
    (mail,) = aws.mails()
    assert "Check the status of what is named above" in mail["Message"] and "Correct this" not in mail["Message"]


def test_a_failure_that_cannot_be_told_hides_no_error(aws, caplog):
    aws.broken["sns"] = ValueError()
    tell_failure(environment(aws), ConfigurationError("x"), client=aws.client)
    assert [record.why for record in caplog.records] == ["ValueError"]
    tell_failure({"AUDIT_TENANT": aws.settings.tenant}, ConfigurationError("x"), client=aws.client)
    assert len(caplog.records) == 1
