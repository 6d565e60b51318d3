# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stacks of the real template in a local AWS, with a tenant beside it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from ..emulator.launch import Running
from .cloudformation import TEMPLATE
from .local_aws import REGION
from .ministack import MiniStack
from .state_machines import DEFINITION

RUNTIME = "python%d.%d" % sys.version_info[:2]
ARCHITECTURE = "arm64" if os.uname().machine == "aarch64" else "x86_64"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
CODE = "code"
_LONGEST_SECONDS = 120.0


def template(code: str, changes: dict[str, str] | None = None) -> str:
    """The template with its two files in S3, as a deployment writes it.

    :param code: key of the function's zip in the bucket ``code``
    :param changes: what is there once -> what stands in its place
    """
    body = TEMPLATE.read_text()
    places = {
        "CodeUri: ../build/function.zip": "CodeUri: s3://%s/%s" % (CODE, code),
        "DefinitionUri: machine.asl.json": "DefinitionUri: s3://%s/machine.json" % CODE,
    }
    for old, new in {**places, **(changes or {})}.items():
        if body.count(old) != 1:
            raise RuntimeError("the template does not have %s once" % old)
        body = body.replace(old, new)
    return body


class Cloud:
    """A local AWS with a tenant beside it, and the function's zip."""

    def __init__(self, aws: MiniStack, tenant: Running, zip_file: Path) -> None:
        self.aws, self.tenant, self.zip = aws, tenant, zip_file

    def put_code(self, machine: str | None = None) -> None:
        """Store the function's zip and the state machine where :func:`template` looks for them."""
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket=CODE, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.upload_file(str(self.zip), CODE, "function.zip")
        s3.put_object(Bucket=CODE, Key="machine.json", Body=machine or DEFINITION.read_text())

    def deploy(self, name: str, body: str, secret: object, **parameters: str) -> dict[str, str]:
        """Make a stack whose bucket lets HTTP in, which is all that this AWS speaks; returns its outputs.

        :param secret: the JSON of the secret ``NAME/auth0``
        """
        value = json.dumps(secret)
        arn = self.aws.client("secretsmanager").create_secret(Name=name + "/auth0", SecretString=value)["ARN"]
        given = {"Tenant": self.tenant.domain, "Secret": arn, "Architecture": ARCHITECTURE, **parameters}
        self.aws.client("cloudformation").create_stack(
            StackName=name,
            TemplateBody=body,
            Capabilities=CAPABILITIES,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        )
        status = (self.stack(name) or {}).get("StackStatus")
        if status != "CREATE_COMPLETE":
            raise RuntimeError("the stack %s is %s" % (name, status))
        outputs = self.outputs(name)
        self.let_http_in(outputs["ReportsBucket"])
        return outputs

    def stack(self, name: str) -> dict | None:
        """The stack, when nothing is done to it any more; None if there is none."""
        cloudformation = self.aws.client("cloudformation")
        deadline = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < deadline:
            found = [each for each in cloudformation.describe_stacks()["Stacks"] if each["StackName"] == name]
            if not found or found[0]["StackStatus"] == "DELETE_COMPLETE":
                return None
            if not found[0]["StackStatus"].endswith("_IN_PROGRESS"):
                return found[0]
            time.sleep(0.1)
        raise RuntimeError("%s is not done" % name)

    def outputs(self, name: str) -> dict[str, str]:
        """What the stack tells."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack(name)["Outputs"]}

    def let_http_in(self, bucket: str) -> None:
        """Remove the bucket's policy, which forbids that."""
        self.aws.client("s3").delete_bucket_policy(Bucket=bucket)

    def run(self, machine: str, event: object) -> dict:
        """How an execution ended."""
        machines = self.aws.client("stepfunctions")
        return self.ended(machines.start_execution(stateMachineArn=machine, input=json.dumps(event))["executionArn"])

    def ended(self, execution: str) -> dict:
        """How it ended, when it did."""
        machines = self.aws.client("stepfunctions")
        deadline = time.monotonic() + _LONGEST_SECONDS
        while (now := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
            if time.monotonic() > deadline:
                raise RuntimeError("%s did not end" % execution)
            time.sleep(0.1)
        return now

    def latest(self, bucket: str) -> dict:
        """The pointer to the last run."""
        key = "%s/latest.json" % self.tenant.domain
        return json.loads(self.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
