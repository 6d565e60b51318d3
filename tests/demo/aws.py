# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scheduled audit in a whole AWS on loopback: the real template and zip, a run that the schedule starts, and one after changes.

    make demo-aws

Nothing leaves this machine and no account is needed. Everything ends with this process; what it leaves is in build/demo-aws/.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, TypeVar
from urllib.parse import quote

from ..emulator.launch import Running, start
from ..support.function_zip import function_zip
from ..support.local_aws import REGION
from ..support.ministack import ACCOUNT, MiniStack

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "demo-aws"
USERS, SEED = 300, 7
STACK, SECRET, CODE = "mfa-audit", "mfa-audit/auth0", "mfa-audit-code"
# So many users lose what they have between the runs.
LOSERS = 3
# Executions that read users: those that the schedule had started, and ours.
NAMES = ("scheduled-", "by-hand")
_LONGEST_SECONDS = 300.0
_Found = TypeVar("_Found")

_started = time.monotonic()


def say(text: str) -> None:
    """One line on what is going on, with the seconds since the start."""
    print("%5.1f s  %s" % (time.monotonic() - _started, text), flush=True)


def waited(what: str, look: Callable[[], _Found | None]) -> _Found:
    """What a look finds at last.

    :param what: is waited for, for the error
    :raises RuntimeError: it took too long
    """
    deadline = time.monotonic() + _LONGEST_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise RuntimeError("%s did not come within %d s" % (what, _LONGEST_SECONDS))
        time.sleep(0.5)
    return found


def deploy(aws: MiniStack, tenant: Running) -> dict[str, str]:
    """Deploy the template for the tenant; returns the stack's outputs."""
    secret = {
        "domain": tenant.domain,
        "base_url": tenant.url,
        "client_id": "m2m-readonly",
        "client_secret": "m2m-readonly-secret",
    }
    arn = aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps(secret))["ARN"]
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=CODE, CreateBucketConfiguration={"LocationConstraint": REGION})
    say("   building the function's zip, which takes a minute unless it is there from before")
    s3.upload_file(str(function_zip(OUTPUT / "function.zip")), CODE, "function.zip")
    s3.upload_file(str(ROOT / "lambda" / "machine.asl.json"), CODE, "machine.asl.json")
    # As the deployment does: the two local files become places in S3.
    template = (ROOT / "lambda" / "template.yaml").read_text()
    for key, file in (("CodeUri", "../build/function.zip"), ("DefinitionUri", "machine.asl.json")):
        place = "%s: {Bucket: %s, Key: %s}" % (key, CODE, Path(file).name)
        if template.count("%s: %s" % (key, file)) != 1:
            raise RuntimeError("the template does not have the line %s: %s" % (key, file))
        template = template.replace("%s: %s" % (key, file), place)
    parameters = {
        "Tenant": tenant.domain,
        "Secret": arn,
        "Schedule": "cron(* * * * ? *)",
        "Runtime": "python%d.%d" % sys.version_info[:2],
        "Architecture": "x86_64" if os.uname().machine == "x86_64" else "arm64",
        "Digest": "always",
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )

    def made() -> dict[str, Any] | None:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        return None if found["StackStatus"].endswith("_IN_PROGRESS") else found

    stack = waited("the stack", made)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise RuntimeError("the stack is %s: %s" % (stack["StackStatus"], stack.get("StackStatusReason")))
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    # It refuses whoever comes without TLS, and on loopback there is none.
    s3.delete_bucket_policy(Bucket=outputs["ReportsBucket"])
    return outputs


def inbox(aws: MiniStack, topic: str) -> Callable[[], str | None]:
    """Subscribe a queue to the topic; returns a look for the next message in it."""
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = "arn:aws:sqs:%s:%s:inbox" % (REGION, ACCOUNT)
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    sqs.set_queue_attributes(
        QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allowed]})}
    )
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def look() -> str | None:
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", ()):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            told = json.loads(message["Body"])
            return "Subject: %s\n\n%s" % (told["Subject"], told["Message"])
        return None

    return look


def lose(tenant: Running) -> int:
    """Take all that protects some users away from them, as somebody with too many rights would; returns how many."""

    def ask(method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            tenant.url + path, data, {**headers, "Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    headers: dict[str, str] = {}
    login = {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret"}
    login["audience"] = "https://%s/api/v2/" % tenant.domain
    headers["Authorization"] = "Bearer " + ask("POST", "/oauth/token", login)["access_token"]
    lost = 0
    for user in ask("GET", "/api/v2/users?per_page=100"):
        methods = "/api/v2/users/%s/authentication-methods" % quote(user["user_id"], safe="")
        if lost < LOSERS and len(ask("GET", methods)) > 1:
            ask("DELETE", methods)
            lost += 1
    return lost


def ended(aws: MiniStack, machine: str, before: frozenset[str]) -> str:
    """Wait for the end of an execution that was not there before and has read users; returns its name.

    :raises RuntimeError: it failed
    """
    client = aws.client("stepfunctions")

    def look() -> dict[str, Any] | None:
        # The one that the schedule starts only starts the real one, whose name says so.
        for each in client.list_executions(stateMachineArn=machine)["executions"]:
            if each["name"] not in before and each["name"].startswith(NAMES) and each["status"] != "RUNNING":
                return client.describe_execution(executionArn=each["executionArn"])
        return None

    found = waited("the end of the run", look)
    if found["status"] != "SUCCEEDED":
        raise RuntimeError("the run is %(status)s" % found + ": %s %s" % (found.get("error"), found.get("cause")))
    state = json.loads(found["output"])["event"]["state"]
    say("   %s: %s, run %s, %d segments" % (found["name"], state["status"], state["run"], state["segment"]))
    return str(found["name"])


def fetch(aws: MiniStack, bucket: str, prefix: str, folder: Path) -> dict[str, Any]:
    """Copy the newest reports to a folder; returns their summary."""
    s3 = aws.client("s3")
    folder.mkdir(parents=True)
    for name, key in json.loads(s3.get_object(Bucket=bucket, Key=prefix + "latest.json")["Body"].read())[
        "keys"
    ].items():
        s3.download_file(bucket, key, str(folder / name))
    return json.loads((folder / "summary.json").read_text())


def show(told: str) -> None:
    """The message as its reader has it."""
    for line in told.splitlines():
        print("         | " + line, flush=True)


def run(aws: MiniStack, tenant: Running) -> Path:
    """The demo; returns where the last report is."""
    say("2. deploying lambda/template.yaml, a schedule that fires each minute included")
    outputs = deploy(aws, tenant)
    machine, bucket, prefix = outputs["MachineArn"], outputs["ReportsBucket"], tenant.domain + "/"
    look = inbox(aws, outputs["TopicArn"])
    say("   the stack is there; reports go to the bucket %s" % bucket)
    say("3. waiting for the schedule, at most a minute")
    first = ended(aws, machine, frozenset())
    show(waited("the message", look))
    before = fetch(aws, bucket, prefix, OUTPUT / "first")
    say("4. %d users lose all they have; the next run is started by hand, and reads everybody" % lose(tenant))
    say(
        "   $ aws stepfunctions start-execution --state-machine-arn %s --name by-hand --input '{\"full\": true}'"
        % machine
    )
    aws.client("stepfunctions").start_execution(stateMachineArn=machine, name="by-hand", input='{"full": true}')
    ended(aws, machine, frozenset({first}))
    show(waited("the message", look))
    after = fetch(aws, bucket, prefix, OUTPUT / "second")
    say("5. the difference")
    for word in ("strong", "weak", "none"):
        say("   users %-6s %4d -> %4d" % (word, before["users"][word], after["users"][word]))
    return OUTPUT / "second" / "report.html"


def _interrupt(number: int, _frame) -> None:
    raise KeyboardInterrupt(number)


def main() -> None:
    """Run it all."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # As with ctrl-c, so that no process is left behind.
        signal.signal(number, _interrupt)
    # Everything is on loopback, and boto3 would send even that through a proxy.
    os.environ.update(NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    for left in ("first", "second"):
        shutil.rmtree(OUTPUT / left, ignore_errors=True)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    say("1. starting the embedded Auth0 tenant, %d users, and an AWS that checks permissions" % USERS)
    with start(users=USERS, seed=SEED, plan="enterprise", switches={"export-seconds": 0}) as tenant, MiniStack() as aws:
        say("   they answer at %s and %s" % (tenant.url, aws.url))
        try:
            report = run(aws, tenant)
        finally:
            shutil.copy(aws.log, OUTPUT / "aws.log")
    say("6. everything has ended; what is left: the report %s" % report)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit("The demo stopped: %s\nWhat was said so far is in %s" % (error, OUTPUT))
    except KeyboardInterrupt:
        sys.exit(130)
