# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The template: each role may do what its part needs and nothing else, and names are those of the function. tools/lint_aws.sh checks
that AWS would take it."""

from __future__ import annotations

import itertools
import json
import re
import subprocess

import pytest

import metrics
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from settings import Settings, read_settings
from tests.support.cloudformation import TEMPLATE, Stack, load
from tests.support.function_zip import ROOT
from tests.support.state_machines import DEFINITION

WRITTEN = load(TEMPLATE.read_text())
REQUIRED = {
    "Tenant": "example.eu.auth0.com",
    "Secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mfa-AbCdEf",
}
KNOWN = {
    "Machine": "arn:aws:states:eu-west-1:123456789012:stateMachine:audit",
    "Function.Arn": "arn:aws:lambda:eu-west-1:123456789012:function:audit",
    "Bucket": "made-bucket",
    "LogGroup": "/aws/lambda/audit",
}
# The settings that change what a role needs: the variable, and what it stands for.
SWITCHES = {
    "SecretParameter": "/mfa/tenant",
    "ReportsBucket": "kept-bucket",
    "EventBus": "default",
    "SecurityHub": "true",
    "KmsKey": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "SecretKmsKey": "arn:aws:kms:eu-west-1:123456789012:key/2",
}

# Calls of the function's code -> actions that AWS asks of its role for them.
CALLS = {
    "get_object": {"s3:GetObject"},
    "put_object": {"s3:PutObject"},
    "upload_fileobj": {"s3:PutObject", "s3:AbortMultipartUpload"},
    "list_objects_v2": {"s3:ListBucket"},
    "SecretsProvider": {"secretsmanager:GetSecretValue"},
    "SSMProvider": {"ssm:GetParameter"},
    "publish": {"sns:Publish"},
    "put_events": {"events:PutEvents"},
    "batch_import_findings": {"securityhub:BatchImportFindings"},
}


def stack(**parameters: str) -> Stack:
    return Stack(WRITTEN, {**REQUIRED, **parameters}, KNOWN)


def allowed(resources, role: str) -> set[tuple[str, str]]:
    """Pairs of an action and a resource; every statement allows."""
    (policy,) = resources[role]["Properties"]["Policies"]
    found = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow" and set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        found |= {(action, statement["Resource"]) for action in actions}
    return found


def test_the_state_machine_may_do_what_its_tasks_do_and_nothing_else():
    resources = stack().resources
    substituted = resources["Machine"]["Properties"]["DefinitionSubstitutions"]
    assert resources["Machine"]["Properties"]["Role"] == "<MachineRole.Arn>"
    needed = set()
    for each in json.loads(DEFINITION.read_text())["States"].values():
        if each["Type"] != "Task":
            continue
        resource = substituted[each["Resource"].strip("${}")]
        if resource == "arn:aws:states:::states:startExecution":
            assert each["Parameters"]["StateMachineArn.$"] == "$$.StateMachine.Id"
            needed.add(("states:StartExecution", KNOWN["Machine"]))
        else:
            assert resource == KNOWN["Function.Arn"]
            needed.add(("lambda:InvokeFunction", resource))
    assert allowed(resources, "MachineRole") == needed
    # What is said of the machine's ARN above.
    assert resources["Machine"]["Properties"]["Name"] == KNOWN["Machine"].rpartition(":")[2]


def test_the_schedule_may_start_the_machine_and_keep_what_it_could_not_deliver_and_nothing_else():
    resources = stack().resources
    target = resources["Timetable"]["Properties"]["Target"]
    assert (target["Arn"], target["RoleArn"]) == (KNOWN["Machine"], "<ScheduleRole.Arn>")
    assert allowed(resources, "ScheduleRole") == {
        ("states:StartExecution", target["Arn"]),
        ("sqs:SendMessage", target["DeadLetterConfig"]["Arn"]),
    }


@pytest.mark.parametrize("switched", [each for n in range(7) for each in itertools.combinations(SWITCHES, n)])
def test_the_function_may_reach_what_its_settings_name_and_nothing_else(switched):
    resources = stack(**{name: SWITCHES[name] for name in switched}).resources
    function = resources["Function"]["Properties"]
    variables = function["Environment"]["Variables"]
    bucket = "kept-bucket" if "ReportsBucket" in switched else "made-bucket"
    assert (variables["AUDIT_BUCKET"], variables["AUDIT_PREFIX"]) == (bucket, "example.eu.auth0.com/")
    objects = "arn:aws:s3:::%s/%s*" % (bucket, variables["AUDIT_PREFIX"])
    account = "eu-west-1:123456789012"
    logs = "arn:aws:logs:%s:log-group:%s:*" % (account, function["LoggingConfig"]["LogGroup"])
    needed = {("s3:GetObject", objects)}
    # Neither the policies nor the lists that they name.
    for written in ("runs/*", "parts/*", "tables/*", "published/*", "latest.json", "lock.json"):
        needed.add(("s3:PutObject", objects.removesuffix("*") + written))
        if written.endswith("*"):
            needed.add(("s3:AbortMultipartUpload", objects.removesuffix("*") + written))
    needed |= {("s3:ListBucket", "arn:aws:s3:::" + bucket), ("sns:Publish", variables["AUDIT_TOPIC"])}
    needed |= {("logs:CreateLogStream", logs), ("logs:PutLogEvents", logs)}
    if variables["AUDIT_SECRET"].startswith("ssm:"):
        needed.add(("ssm:GetParameter", "arn:aws:ssm:%s:parameter/mfa/tenant" % account))
    else:
        needed.add(("secretsmanager:GetSecretValue", variables["AUDIT_SECRET"]))
    if variables["AUDIT_EVENT_BUS"]:
        needed.add(("events:PutEvents", "arn:aws:events:%s:event-bus/default" % account))
    if variables["AUDIT_SECURITY_HUB"] == "true":
        needed.add(("securityhub:BatchImportFindings", "arn:aws:securityhub:%s:product/123456789012/default" % account))
    if variables["AUDIT_KMS_KEY"]:
        needed |= {(action, variables["AUDIT_KMS_KEY"]) for action in ("kms:Decrypt", "kms:GenerateDataKey")}
    if "SecretKmsKey" in switched:
        needed.add(("kms:Decrypt", SWITCHES["SecretKmsKey"]))
    assert allowed(resources, "FunctionRole") == needed
    assert [name for name in resources if name.startswith("Bucket")] == ["Bucket", "BucketPolicy"] * (
        "ReportsBucket" not in switched
    )
    names = next(
        statement
        for statement in resources["FunctionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        if statement["Action"] == "s3:ListBucket"
    )
    assert names["Condition"] == {"StringLike": {"s3:prefix": variables["AUDIT_PREFIX"] + "*"}}


def test_the_actions_of_the_function_are_those_that_its_code_calls():
    code = "\n".join(path.read_text() for path in (ROOT / "lambda").rglob("*.py"))
    called = {name for name in CALLS if re.search(r"""[.(]["']?%s\b["']?[(,)]""" % name, code)}
    actions = {
        action
        for parameters in ({}, SWITCHES)
        for action, _resource in allowed(stack(**parameters).resources, "FunctionRole")
        if not action.startswith(("logs:", "kms:"))
    }
    assert set().union(*(CALLS[name] for name in called)) == actions


def test_the_variables_are_the_settings_of_the_function():
    variables = stack().resources["Function"]["Properties"]["Environment"]["Variables"]
    assert set(variables) == {"AUDIT_" + name.upper() for name in Settings.model_fields}


def test_each_role_serves_one_resource_of_this_account():
    services = {"FunctionRole": "lambda", "MachineRole": "states", "ScheduleRole": "scheduler"}
    resources = stack().resources
    assert {name for name, each in resources.items() if each["Type"] == "AWS::IAM::Role"} == set(services)
    for name, service in services.items():
        (statement,) = resources[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": service + ".amazonaws.com"}


def test_every_metric_that_is_watched_or_shown_is_one_that_a_run_has():
    resources = stack().resources
    alarms = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    ours = [each for each in alarms if each["Namespace"] == metrics.NAMESPACE]
    assert {each["MetricName"] for each in ours} == {"Complete", "Partial", "OutputsFailed"} <= set(metrics.UNITS)
    assert all(each["Dimensions"] == [{"Name": metrics.DIMENSION, "Value": REQUIRED["Tenant"]}] for each in ours)
    assert all(each["AlarmActions"] == ["<Topic>"] for each in alarms)
    body = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"])
    shown = set()
    for widget in body["widgets"]:
        for number, row in enumerate(widget["properties"].get("metrics", [])):
            namespace, name, dimension, value = row[:4]
            first = (metrics.NAMESPACE, metrics.DIMENSION, REQUIRED["Tenant"])
            assert (namespace, dimension, value) == (first if number == 0 else (".", ".", "."))
            shown.add(name)
    assert shown == set(metrics.UNITS) - {"RunDurationSeconds"}
    arns = {"<%s.Arn>" % name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    assert set(body["widgets"][0]["properties"]["alarms"]) == arns and len(alarms) == 6


def test_too_long_without_a_complete_run_is_an_alarm_also_when_nothing_runs():
    alarm = stack(AlarmAfterDays="3").resources["NoRunAlarm"]["Properties"]
    assert (alarm["TreatMissingData"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "breaching",
        "LessThanThreshold",
        1,
    )
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (86400, "3")
    # CloudWatch looks back for a week at most.
    assert WRITTEN["Parameters"]["AlarmAfterDays"]["MaxValue"] * alarm["Period"] <= 7 * 86400


@pytest.mark.parametrize(
    "key, days",
    [
        ("parts/000001-20261127T020000Z/0.jsonl.gz", 30),
        ("runs/000001-20261127T020000Z/report/summary.json", 400),
        ("tables/users/tenant=t/date=2026-11-27/run=1/users.jsonl.gz", 400),
        ("latest.json", None),
        ("published/digest.json", None),
        ("policies/strict.yml", None),
    ],
)
def test_a_run_s_own_data_is_kept_for_a_month_reports_for_longer_and_the_rest_for_good(key, days):
    rules = stack().resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    key = REQUIRED["Tenant"] + "/" + key
    expire = [rule["ExpirationInDays"] for rule in rules if "Prefix" in rule and key.startswith(rule["Prefix"])]
    assert expire == ([] if days is None else [days])


def test_what_is_left_of_deleted_objects_goes_too():
    rules = stack().resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (rule,) = [rule for rule in rules if "Prefix" not in rule]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30} and rule["ExpiredObjectDeleteMarker"] is True


def test_the_bucket_is_private_versioned_encrypted_and_stays_unless_its_stack_could_not_be_made():
    resources = stack().resources
    bucket, policy = resources["Bucket"], resources["BucketPolicy"]
    for each in (bucket, policy):
        assert (each["DeletionPolicy"], each["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = bucket["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    ((rule,),) = properties["BucketEncryption"].values()
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    key = SWITCHES["KmsKey"]
    ((rule,),) = stack(KmsKey=key).resources["Bucket"]["Properties"]["BucketEncryption"].values()
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_why_an_execution_failed_is_told_with_the_words_of_the_function():
    rule = stack().resources["WhyItFailed"]["Properties"]
    detail = rule["EventPattern"]["detail"]
    assert (detail["stateMachineArn"], detail["status"]) == ([KNOWN["Machine"]], ["FAILED"])
    # Of these the function sends a message itself.
    machine = json.loads(DEFINITION.read_text())["States"]["Segment"]
    assert detail["error"] == [{"anything-but": machine["Retry"][0]["ErrorEquals"]}]
    transformer = rule["Targets"][0]["InputTransformer"]
    text = transformer["InputTemplate"]
    for name in transformer["InputPathsMap"]:
        assert "<%s>" % name in text
        text = text.replace("<%s>" % name, json.dumps('policies/strict.yml:3:7: "dayz" is not a setting'))
    assert REQUIRED["Tenant"] in json.loads(text)["what"]


def test_what_was_stopped_is_told_without_an_error_and_a_cause_which_it_has_not():
    resources = stack().resources
    rule = resources["ThatItWasStopped"]["Properties"]
    assert rule["EventPattern"]["detail"] == {"stateMachineArn": [KNOWN["Machine"]], "status": ["TIMED_OUT", "ABORTED"]}
    transformer = rule["Targets"][0]["InputTransformer"]
    assert transformer["InputPathsMap"] == {"status": "$.detail.status", "execution": "$.detail.executionArn"}
    text = transformer["InputTemplate"].replace("<status>", '"ABORTED"').replace("<execution>", '"arn"')
    assert json.loads(text)["status"] == "ABORTED"
    allowed = resources["TopicPolicy"]["Properties"]["PolicyDocument"]["Statement"][1]["Condition"]["ArnEquals"]
    assert set(allowed["aws:SourceArn"]) == {"<WhyItFailed.Arn>", "<ThatItWasStopped.Arn>"}


@pytest.mark.parametrize("name", ["PartialAlarm", "OutputsAlarm"])
def test_what_a_run_tells_of_itself_is_an_alarm_until_a_run_tells_otherwise(name):
    alarm = stack().resources[name]["Properties"]
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "ignore")
    assert alarm["MetricName"] in {"Partial", "OutputsFailed"}  # each run has them, also with the value 0


def test_every_way_in_which_an_execution_does_not_succeed_raises_an_alarm():
    alarms = [each["Properties"] for each in stack().resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    watched = [each for each in alarms if each["Namespace"] == "AWS/States"]
    assert {each["MetricName"] for each in watched} == {"ExecutionsFailed", "ExecutionsAborted"}
    assert all(each["Dimensions"] == [{"Name": "StateMachineArn", "Value": KNOWN["Machine"]}] for each in watched)
    # An execution times out only where its machine has a limit. A segment that does is a failure.
    assert "TimeoutSeconds" not in json.loads(DEFINITION.read_text())


@pytest.mark.parametrize("name", ["FailedAlarm", "StoppedAlarm"])
def test_what_the_night_did_not_end_is_still_an_alarm_in_the_evening_and_the_next_night_s_is_another_one(name):
    alarm = stack().resources[name]["Properties"]
    hours = alarm["Period"] * alarm["EvaluationPeriods"] / 3600
    assert 18 <= hours < 24 and (alarm["DatapointsToAlarm"], alarm["TreatMissingData"]) == (1, "notBreaching")


def test_the_schedule_tells_the_machine_its_time_and_has_a_time_zone():
    timetable = stack(TimeZone="Europe/Berlin", ScheduleState="DISABLED").resources["Timetable"]["Properties"]
    assert json.loads(timetable["Target"]["Input"]) == {"scheduled": "<aws.scheduler.scheduled-time>", "event": {}}
    assert (timetable["ScheduleExpressionTimezone"], timetable["State"]) == ("Europe/Berlin", "DISABLED")


@pytest.mark.parametrize(
    "name, good, bad",
    [
        ("Tenant", ["example.eu.auth0.com", "login.example.com", "127.0.0.1:8080"], ["https://example.com", "a b", ""]),
        ("Secret", ["", "arn:aws-cn:secretsmanager:a:1:secret:x"], ["mfa/tenant", "ssm:/mfa"]),
        ("SecretParameter", ["", "/mfa/a"], ["mfa/tenant", "ssm:/mfa"]),
        ("RateLimitShare", ["1", "0.5", "1.0", ".25"], ["0", "0.0", "1.5", "2", "", "half"]),
        ("MaxRate", ["", "3", "0.5", ".5", "10", "1.50", "100.05"], ["-1", "many", "0", "0.0", "00"]),
        ("Threads", ["", "1", "10", "59", "64"], ["0", "65", "100", "-1", "many"]),
        ("Policy", ["", "strict", "strict.yml", "a_b-1.yaml"], ["policy.v2.yml", "a/b", "strict.json", "-a", "a b"]),
        ("TimeZone", ["UTC", "Europe/Berlin", "America/Port-au-Prince", "Etc/GMT+3"], ["", "+02:00", "Central Europe"]),
        ("Email", ["", "security@example.com"], ["security", "a b@example.com"]),
        ("KmsKey", ["", SWITCHES["KmsKey"]], ["alias/a", "arn:aws:kms:eu-west-1:123456789012:alias/a", "1234"]),
        ("SecretKmsKey", ["", SWITCHES["KmsKey"]], ["alias/a", "arn:aws:kms:eu-west-1:123456789012:alias/a"]),
        ("ReportsBucket", ["", "my-bucket"], ["My_Bucket", "s3://a"]),
        ("Schedule", ["cron(0 2 * * ? *)", "rate(1 day)"], ["0 2 * * *", "daily"]),
    ],
)
def test_a_parameter_that_cannot_be_right_is_refused(name, good, bad):
    pattern = WRITTEN["Parameters"][name]["AllowedPattern"]
    assert all(re.search(pattern, each) for each in good) and not [each for each in bad if re.search(pattern, each)]


@pytest.mark.parametrize("value", ["", "0", "0.0", "3", ".5", "1.5", "65", "64", "1", "a.b.yml", "a.yml", "-"])
@pytest.mark.parametrize("parameter", ["MaxRate", "Threads", "Policy", "RateLimitShare"])
def test_the_template_takes_what_the_function_takes(parameter, value):
    setting = re.sub("(?<=[a-z])(?=[A-Z])", "_", parameter).upper()
    environment = {"AUDIT_TENANT": "example.eu.auth0.com", "AUDIT_SECRET": "s", "AUDIT_BUCKET": "bucket"}
    try:
        read_settings({**environment, "AUDIT_" + setting: value})
        takes = True
    except ConfigurationError:
        takes = False
    taken = re.search(WRITTEN["Parameters"][parameter]["AllowedPattern"], value) is not None
    assert takes or not taken
    # An empty share would be the default, and so need not be written.
    assert taken or not takes or (parameter, value) == ("RateLimitShare", "")


@pytest.mark.parametrize(
    "file, old, new",
    [
        ("template.yaml", "Type: AWS::SQS::Queue", "Type: AWS::SQS::Cue"),
        ("template.yaml", "RetentionInDays: {Ref: LogDays}", "RetentionDays: {Ref: LogDays}"),
        ("template.yaml", "BlockPublicAcls: true", "BlockPublicAcls: false"),
        ("machine.asl.json", '"Next": "More"', '"Next": "Nowhere"'),
    ],
)
def test_what_aws_would_refuse_or_a_policy_forbids_fails_the_lint(tmp_path, file, old, new):
    for folder in ("lambda", "tools"):
        (tmp_path / folder).mkdir()
    for name in ("lambda/template.yaml", "lambda/machine.asl.json", "tools/lint_aws.sh"):
        (tmp_path / name).write_text((ROOT / name).read_text())
        (tmp_path / name).chmod(0o755)
    for name in (".venv", "build"):
        (tmp_path / name).symlink_to(ROOT / name)
    changed = tmp_path / "lambda" / file
    assert changed.read_text().count(old) == 1
    changed.write_text(changed.read_text().replace(old, new))
    ended = subprocess.run([tmp_path / "tools" / "lint_aws.sh"], capture_output=True, text=True, check=False)
    assert ended.returncode != 0 and ended.stderr
