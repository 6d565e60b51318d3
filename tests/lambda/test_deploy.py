# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real template, deployed to a local AWS with its authorization on: by CloudFormation itself, by sam, and by the playbook."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from tests.emulator.launch import start
from tests.support.cloud import ARCHITECTURE, CAPABILITIES, RUNTIME, Cloud, template
from tests.support.cloudformation import TEMPLATE
from tests.support.function_zip import ROOT
from tests.support.ministack import TOOLS, MiniStack

from .conftest import secret_of
from .test_build import build

# Statement -> the action that is missing without it.
NEEDED = {
    "Credentials": "secretsmanager:GetSecretValue",
    "Runs": "s3:GetObject",
    "Names": "s3:ListBucket",
}


@pytest.fixture(scope="module")
def cloud(zipped):
    with MiniStack() as aws, start(users=60, seed=7) as tenant:
        yield Cloud(aws, tenant, zipped)


@pytest.fixture(scope="module")
def deployed(cloud):
    """The name of a stack that CloudFormation made of the template."""
    cloud.put_code()
    cloud.deploy("audit", template("function.zip"), secret_of(cloud.tenant), Runtime=RUNTIME)
    return "audit"


def test_a_run_of_the_real_template_reads_everybody_with_the_roles_that_it_makes(cloud, deployed):
    outputs = cloud.outputs(deployed)
    ended = cloud.run(outputs["MachineArn"], {})
    assert ended["status"] == "SUCCEEDED", ended
    state = json.loads(ended["output"])["event"]["state"]
    assert (state["status"], state["read"]) == ("complete", 60)
    assert cloud.latest(outputs["ReportsBucket"])["run"] == state["run"]


def test_the_schedule_s_delivery_starts_a_run_once(cloud, deployed):
    outputs = cloud.outputs(deployed)
    target = cloud.aws.client("scheduler").get_schedule(Name=deployed)["Target"]
    assert target["Arn"] == outputs["MachineArn"]
    for _time in range(2):
        assert cloud.run(target["Arn"], json.loads(target["Input"]))["status"] == "SUCCEEDED"
    machines = cloud.aws.client("stepfunctions")
    executions = machines.list_executions(stateMachineArn=outputs["MachineArn"])["executions"]
    (run,) = [each["executionArn"] for each in executions if each["name"].startswith("scheduled-")]
    assert cloud.ended(run)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("statement, action", NEEDED.items())
def test_without_a_statement_of_its_role_the_function_fails_and_names_the_action(cloud, deployed, statement, action):
    iam, function = cloud.aws.client("iam"), cloud.aws.client("lambda")
    role = function.get_function_configuration(FunctionName=deployed)["Role"].rpartition("/")[2]
    before = iam.get_role_policy(RoleName=role, PolicyName="audit")["PolicyDocument"]
    less = {**before, "Statement": [each for each in before["Statement"] if each["Sid"] != statement]}
    assert len(less["Statement"]) == len(before["Statement"]) - 1
    iam.put_role_policy(RoleName=role, PolicyName="audit", PolicyDocument=json.dumps(less))
    # A process that is warm has the secret already. With other variables it starts anew.
    variables = function.get_function_configuration(FunctionName=deployed)["Environment"]["Variables"]
    variables["AUDIT_THREADS"] = str(len(statement))
    function.update_function_configuration(FunctionName=deployed, Environment={"Variables": variables})
    try:
        answer = function.invoke(FunctionName=deployed, Payload=b"{}")
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="audit", PolicyDocument=json.dumps(before))
    assert answer.get("FunctionError") and action in answer["Payload"].read().decode()


@pytest.mark.parametrize("given", [[], CAPABILITIES[:1], CAPABILITIES[1:]])
def test_without_a_capability_nothing_is_made(cloud, given):
    cloudformation = cloud.aws.client("cloudformation")
    parameters = [{"ParameterKey": "Tenant", "ParameterValue": cloud.tenant.domain}]
    with pytest.raises(cloudformation.exceptions.InsufficientCapabilitiesException):
        cloudformation.create_stack(
            StackName="lacks", TemplateBody=template("function.zip"), Capabilities=given, Parameters=parameters
        )
    assert cloud.stack("lacks") is None


# sam


def test_sam_builds_and_deploys_it_and_an_unchanged_deployment_changes_nothing(cloud, tmp_path):
    for name in ("lambda", "build"):
        (tmp_path / name).mkdir()
    (tmp_path / "lambda" / "machine.asl.json").write_text((ROOT / "lambda" / "machine.asl.json").read_text())
    target = build.Target(RUNTIME, ARCHITECTURE)
    fits = build.fitting(TEMPLATE.read_text(), target, "function.zip")
    (tmp_path / "build" / "template.yaml").write_text(fits)
    (tmp_path / "build" / "function.zip").write_bytes(cloud.zip.read_bytes())
    environment = {**cloud.aws.environment, "SAM_CLI_TELEMETRY": "0", "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    parameters = ["Tenant=example.eu.auth0.com", "SecretParameter=/mfa/tenant"]

    def sam(*words: str) -> str:
        ended = subprocess.run(
            [TOOLS / "sam" / "bin" / "sam", *words],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    sam("build", "--template", "build/template.yaml")
    deploy = ["deploy", "--stack-name", "by-sam", "--resolve-s3", "--capabilities", *CAPABILITIES]
    deploy += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides", *parameters]
    assert "start-execution" in sam(*deploy)
    assert cloud.stack("by-sam")["StackStatus"] == "CREATE_COMPLETE"
    assert "No changes to deploy" in sam(*deploy)


# The playbook


class Playbook:
    """Runs playbooks/deploy_audit.yml in an environment that has the collections for AWS."""

    def __init__(self, cloud: Cloud, folder) -> None:
        self._cloud, self._folder = cloud, folder
        (folder / "strict.yaml").write_text("version: 1\nprivileged: {user_ids_file: staff.txt}\n")
        (folder / "staff.txt").write_text("auth0|1\n")

    def __call__(self, *words: str, fails: bool = False, **tenant: object) -> str:
        """What it printed."""
        secret = {key: value for key, value in secret_of(self._cloud.tenant).items() if key != "domain"}
        known = {
            "domain": self._cloud.tenant.domain,
            "stack": "by-playbook",
            "policy": "strict.yaml",
            **secret,
            **tenant,
        }
        known = {key: value for key, value in known.items() if value is not None}
        variables = {"tenants": [known], "region": "eu-west-1", "zip": str(self._folder / "function.zip")}
        variables.update(runtime=RUNTIME, architecture=ARCHITECTURE)
        environment = {
            **self._cloud.aws.environment,
            "HOME": str(self._folder),
            "PATH": "%s:%s" % (TOOLS / "ansible" / "bin", os.environ["PATH"]),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "NO_PROXY": "127.0.0.1",
        }
        ended = subprocess.run(
            [
                TOOLS / "ansible" / "bin" / "ansible-playbook",
                "mfaops.auth0.deploy_audit",
                "-e",
                json.dumps(variables),
                *words,
            ],
            cwd=self._folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (ended.returncode != 0) is fails, ended.stdout
        return ended.stdout


@pytest.fixture
def playbook(cloud, tmp_path):
    return Playbook(cloud, tmp_path)


def changed(output: str) -> int:
    return int(re.search(r"changed=(\d+)", output)[1])


def test_the_playbook_tells_deploys_updates_and_removes(cloud, playbook):
    # The secrets are in no output, however much is asked for.
    told = playbook("--check", "-vvv")
    assert secret_of(cloud.tenant)["client_secret"] not in told
    assert "AWS::Scheduler::Schedule" in told and "A run that reads all of 100000 users" in told
    assert "The stack by-playbook would be made" in told and cloud.stack("by-playbook") is None
    told = playbook()
    assert "start-execution" in told and "console.aws.amazon.com/states" in told
    outputs = cloud.outputs("by-playbook")
    assert "Nobody gets alarms" in told
    assert cloud.aws.client("scheduler").get_schedule(Name="by-playbook")["State"] == "ENABLED"
    again = playbook()
    assert changed(again) == 0, again
    cloud.let_http_in(outputs["ReportsBucket"])
    assert cloud.run(outputs["MachineArn"], {})["status"] == "SUCCEEDED"
    run = cloud.latest(outputs["ReportsBucket"])["run"]
    before = cloud.stack("by-playbook")
    more = {"Digest": "always", "Threads": 1, "SecurityHub": False}
    told = playbook("--check", parameters=more)
    assert "AWS::Lambda::Function" in told.partition("These would change in the stack by-playbook")[2]
    assert changed(told) == 1 and cloud.stack("by-playbook") == before
    assert not cloud.aws.client("cloudformation").list_change_sets(StackName="by-playbook")["Summaries"]
    assert changed(playbook(parameters=more)) == 1
    told = playbook("-e", "state=absent")
    assert outputs["ReportsBucket"] in told and cloud.stack("by-playbook") is None
    assert cloud.latest(outputs["ReportsBucket"])["run"] == run
    assert changed(playbook("-e", "state=absent")) == 0
    playbook(parameters={"ReportsBucket": outputs["ReportsBucket"]})
    assert cloud.outputs("by-playbook")["ReportsBucket"] == outputs["ReportsBucket"]
    playbook("-e", "state=absent")


def test_a_removal_stops_the_schedule_and_waits_for_the_run_that_is_going_on(cloud, playbook, deployed):
    slow = {"kind": "slow", "path": "/api/v2/users/*/authentication-methods", "seconds": 5, "count": 9999}
    cloud.deploy("going-on", template("function.zip"), secret_of(cloud.tenant), Runtime=RUNTIME, Threads="1")
    outputs = cloud.outputs("going-on")
    cloud.tenant.control("POST", "faults", slow)
    machines = cloud.aws.client("stepfunctions")
    machines.start_execution(stateMachineArn=outputs["MachineArn"], name="by-hand", input="{}")
    told = playbook("-e", "state=absent", "-e", "wait=0", fails=True, stack="going-on")
    assert "going-on was not removed, because of what runs in it: by-hand" in told
    assert cloud.aws.client("scheduler").get_schedule(Name="going-on")["State"] == "DISABLED"
    cloud.tenant.control("DELETE", "faults")
    playbook("-e", "state=absent", stack="going-on")
    assert cloud.stack("going-on") is None
    assert cloud.latest(outputs["ReportsBucket"])["complete"]


@pytest.mark.parametrize(
    "tenant, words",
    [
        (
            {"client_secret": "not-the-secret", "parameters": {"ReportsBucket": "somebody-elses"}},
            "somebody-elses does not",
        ),
        ({"client_id": None}, "either client_id with client_secret"),
        ({"client_secret": None, "client_secrt": "not-the-secret"}, "Did you mean client_secret?"),
        ({"parameters": {"Threads": 100}}, "Threads is '100', and not a whole number from 1 to 64"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_made(cloud, playbook, tenant, words):
    """The rest of what can be wrong is in test_check.py."""
    told = playbook("-vvv", fails=True, **tenant)
    assert re.search("Nothing was (made|done)", told) and words in told, told
    assert "not-the-secret" not in told and cloud.stack("by-playbook") is None


def test_two_tenants_with_the_name_of_one_stack_are_refused(cloud, playbook):
    tenants = [{"domain": each, "secret_parameter": "/mfa/a"} for each in ("acme.eu.auth0.com", "acme-eu.auth0.com")]
    told = playbook("-e", json.dumps({"tenants": tenants}), fails=True)
    assert "Nothing was made. Each tenant needs a stack of its own" in told
    assert cloud.stack("mfa-audit-acme-eu-auth0-com") is None
