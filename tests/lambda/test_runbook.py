# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command of the runbook, as printed and in its order, in one shell against a local AWS. Only the names of what is the reader's own
are others. What cannot be run is listed, with the reason."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.emulator.launch import start
from tests.support.cloud import RUNTIME, Cloud, template
from tests.support.function_zip import ROOT
from tests.support.ministack import TOOLS, MiniStack

from .conftest import secret_of

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_aws_operations.rst"
HEADING = re.compile(r"^(\S.*)\n-+$", re.MULTILINE)
BLOCK = re.compile(r"^( *)\.\. code-block:: shell\n\n((?:\1   .*\n|\n)+)", re.MULTILINE)
STACK, USERS = "mfa-audit", 12
ALARMS = {"FailedAlarm", "StoppedAlarm", "PartialAlarm", "OutputsAlarm", "NoRunAlarm", "DeadLetterAlarm"}
# Another one than that of the package.
NEXT = "version: 1\nweak_factors: [phone, email, otp]\n"
NOT_RUN = {
    "aws stepfunctions redrive-execution --execution-arn ARN": "the local AWS has no redrive; test_custom_runtime.py shows what it does"
}


def sections(text: str) -> dict[str, list[str]]:
    """Heading -> the blocks of commands below it; those before the first one are below the page's own."""
    found: dict[str, list[str]] = {}
    headings = [(each.start(), each[1]) for each in HEADING.finditer(text)]
    for block in BLOCK.finditer(text):
        heading = max(((at, name) for at, name in headings if at < block.start()), default=(0, ""))[1]
        lines = [line.removeprefix(block[1] + "   ") for line in block[2].rstrip("\n").split("\n")]
        found.setdefault(heading, []).append("\n".join(line for line in lines if line not in NOT_RUN))
    return found


class Operator:
    """Somebody at a shell."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.says("set -E -o pipefail; trap 'failed=$BASH_COMMAND' ERR")

    def says(self, commands: str) -> str:
        """What the commands print; each of them ends well."""
        self._shell.stdin.write("failed=\n%s\nprintf '\\nthe end %%s\\n' \"$failed\"\n" % commands)
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line.startswith("the end "):
                said = "".join(lines)[:-1]
                assert line == "the end \n", (commands, line, said)
                return said
            lines.append(line)
        raise AssertionError((commands, "the shell ended", "".join(lines)))

    def leaves(self) -> None:
        """The shell ends."""
        self._shell.stdin.close()
        self._shell.wait(10)
        self._shell.stdout.close()


@pytest.fixture(scope="module")
def cloud(zipped):
    with MiniStack() as aws, start(users=USERS, seed=7, switches={"export-seconds": 0}) as tenant:
        cloud = Cloud(aws, tenant, zipped)
        cloud.put_code()
        cloud.deploy(STACK, template("function.zip"), secret_of(tenant), Runtime=RUNTIME)
        yield cloud


@pytest.fixture
def operator(cloud, tmp_path):
    assert shutil.which("jq"), "The runbook needs jq: apt install jq"
    # Version 1 of AWS CLI has an address of its own for SQS, whatever AWS_ENDPOINT_URL says.
    (tmp_path / "bin").mkdir()
    aws = tmp_path / "bin" / "aws"
    aws.write_text('#!/bin/sh\nexec %s --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n' % (TOOLS / "awscli" / "bin" / "aws"))
    aws.chmod(0o755)
    environment = {
        **cloud.aws.environment,
        "PATH": "%s:%s" % (tmp_path / "bin", os.environ["PATH"]),
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1",
    }
    operator = Operator(environment, tmp_path)
    yield operator
    operator.leaves()


def test_every_command_of_the_runbook_runs_as_printed(cloud, operator, tmp_path):
    blocks = sections(GUIDE.read_text().replace("TENANT=example.eu.auth0.com", "TENANT=" + cloud.tenant.domain))
    s3, outputs = cloud.aws.client("s3"), cloud.outputs(STACK)
    bucket, prefix = outputs["ReportsBucket"], cloud.tenant.domain + "/"

    def run(block: str) -> str:
        """What a block prints; the executions that it starts have ended."""
        said = operator.says(block)
        for execution in re.findall(r"^arn:\S+:execution:\S+$", said, re.MULTILINE):
            cloud.ended(execution)
        return said

    def keys() -> list[str]:
        return [each["Key"].removeprefix(prefix) for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]

    (preamble,) = blocks.pop("")
    operator.says(preamble)
    assert operator.says("echo $MACHINE $BUCKET").split() == [outputs["MachineArn"], bucket]
    first = operator.says("start '{}'").strip()
    cloud.ended(first)
    assert operator.says("ended " + first).startswith("SUCCEEDED")

    alarms, newest, executions, schedule, log = map(run, blocks.pop("Is it healthy?"))
    assert {re.sub(".*-(\\w+Alarm).*", r"\1", each) for each in alarms.splitlines()} == ALARMS
    assert re.fullmatch(r"newest (\S+), complete, %d of %d read\nlast complete \1\n" % (USERS, USERS), newest)
    assert "SUCCEEDED" in executions and schedule.startswith("ENABLED") and '"0"' in schedule and not log.strip()

    (now,) = map(run, blocks.pop("Run it now"))
    assert len(now.split()) == 4

    (tmp_path / "secret.json").write_text(json.dumps({**secret_of(cloud.tenant), "client_secret": "a-newer-one"}))
    store, back = blocks.pop("Rotate the secret")
    run(store)
    assert "a-newer-one" in secret(cloud)
    run(back)
    assert "a-newer-one" not in secret(cloud)

    (tmp_path / "next.yml").write_text(NEXT)
    try_it, use_it = blocks.pop("Change the policy")
    # Its last line needs what the second one made.
    *begin, look = try_it.split("\n")
    run("\n".join(begin))
    assert "/derived/" in run(look)
    run(use_it)
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in cloud.stack(STACK)["Parameters"]}
    assert (parameters["Policy"], parameters["Runtime"]) == ("next", RUNTIME)

    go_on, give_up = blocks.pop("Resume and redrive")
    assert len(run(go_on).split()) == 1
    damaged = prefix + "runs/000000-20261127T020000Z/checkpoint.json"
    s3.put_object(Bucket=bucket, Key=damaged, Body=b"{")
    assert "delete: s3://" in run(give_up.replace("000012", "000000")) and damaged.removeprefix(prefix) not in keys()

    (partial,) = map(run, blocks.pop("Read a partial run"))
    assert json.loads(partial)["partial"] is False

    (plan,) = blocks.pop("Estimate")
    # The environment is there, and must not be made anew under this test.
    plan = plan.replace("make ", "make --assume-old=setup ")
    assert "AWS::Scheduler::Schedule" in run("(cd %s && %s)" % (ROOT, plan))

    s3.create_bucket(Bucket="older", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="older", Key=prefix + "runs/000000/report/summary.json", Body=b"{}")
    s3.put_object(Bucket="older", Key=prefix + "lock.json", Body=b"{}")
    (move,) = blocks.pop("Move to another account")
    run("OLD_BUCKET=older\n" + move)
    assert "runs/000000/report/summary.json" in keys()

    remove, look = blocks.pop("Remove a person's data")
    run(remove)
    kept = cloud.latest(bucket)["run"]
    assert {each.split("/")[1] for each in keys() if each.startswith("runs/")} == {kept}
    somebody = json.loads(
        operator.says("aws s3 cp s3://$BUCKET/$TENANT/runs/%s/report/users.jsonl.gz - | gunzip | sed -n 1p" % kept)
    )
    # A search that ends with the first hit stops what it reads from, and the loop ends as the search in its last file did.
    look = "set +o pipefail\n%s\nset -o pipefail" % look.replace("; done", "; done || true")
    found = run(look.replace("auth0|65f0c1", somebody["user_id"]))
    assert "check/runs/%s/report/users.jsonl.gz" % kept in found and not (tmp_path / "check").exists()

    report, lost = "runs/%s/report/report.html" % kept, "runs/%s/report/users.csv" % kept
    for each in (report, lost):
        s3.delete_object(Bucket=bucket, Key=prefix + each)
    undelete, older = blocks.pop("Restore")
    assert {prefix + report, prefix + lost} <= set(run(undelete).split())
    assert {report, lost} <= set(keys())
    s3.put_object(Bucket=bucket, Key=prefix + "policies/next.yml", Body=b"a mistake")
    *begin, put_back = older.split("\n")
    version = next(line.split()[1] for line in run("\n".join(begin)).splitlines() if "False" in line)
    run(put_back.replace("VERSION", version))
    assert s3.get_object(Bucket=bucket, Key=prefix + "policies/next.yml")["Body"].read() == NEXT.encode()
    (gone,) = map(run, blocks.pop("Remove the audit"))
    assert not gone.strip() and cloud.stack(STACK) is None and report in keys()
    assert not blocks


def secret(cloud) -> str:
    """What the secret holds now."""
    return cloud.aws.client("secretsmanager").get_secret_value(SecretId=STACK + "/auth0")["SecretString"]


def test_what_is_not_run_is_printed():
    assert all(each in GUIDE.read_text() for each in NOT_RUN)
