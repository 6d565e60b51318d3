# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a deployment would work. Changes nothing, in AWS and in Auth0.

    python lambda/check.py --tenant example.eu.auth0.com --region eu-central-1 --secret ARN [--bucket NAME] [--policy FILE]

It logs in to the tenant as the function will, with one token, and reads one page of users. Everything that is wrong is told at once. It
needs what the collection needs, and boto3 for what is in AWS.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import types
import zoneinfo
from datetime import date
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, TypeVar

TEMPLATE = Path(__file__).resolve().with_name("template.yaml")
# A checkout need not lie where Python looks for collections.
for _name, _place in (("", []), (".mfaops", []), (".mfaops.auth0", [str(TEMPLATE.parent.parent)])):
    try:
        importlib.import_module("ansible_collections" + _name)
    except ImportError:
        sys.modules["ansible_collections" + _name] = types.ModuleType("ansible_collections" + _name)
        sys.modules["ansible_collections" + _name].__path__ = _place

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.file import load
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.given_token import GivenToken
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error

from credentials import SSM, Credentials, read_credentials

SCOPES = ("read:users", "read:authentication_methods")
# Of the services that the template needs, the one that came to a region last.
_SERVICE = "scheduler"
# What a person who deploys need not be allowed: the function's role is.
_DENIED = {"AccessDenied", "AccessDeniedException"}
# Of a function and of a schedule, which have the stack's name.
_LONGEST_NAME = 64
# An account keeps so many concurrent executions that nobody may reserve; those with a higher limit keep 100.
_LEAST_UNRESERVED = 10
_T = TypeVar("_T")


class Wrong(Exception):
    """Something would not work; says what, and what to do about it."""


class Checks:
    """What was found so far.

    :ivar problems: what would not work
    :ivar notes: what could not be found out
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []

    def of(self, check: Callable[..., _T], *given: Any) -> _T | None:
        """What a check returns; None if it found something."""
        try:
            return check(*given)
        except Wrong as wrong:
            self.problems.append(str(wrong))
        except Auth0Error as error:
            self.problems.append(str(error))
        return None


def region_of(arn: str) -> str | None:
    """The region in an ARN; None for a name."""
    parts = arn.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 5 else None


def check_region(region: str | None, known: set[str], arns: dict[str, str]) -> str:
    """The region.

    :param known: regions that AWS has
    :param arns: what it is -> its ARN, or its name
    :raises Wrong: it is none, or what is named lies in another one
    """
    if not region:
        raise Wrong("No region is named. Set AWS_REGION, or give --region.")
    if region not in known:
        raise Wrong("AWS has no region %s, as far as this boto3 knows. Correct it, or install a newer boto3." % region)
    for what, arn in arns.items():
        there = region_of(arn)
        if there not in (None, region):
            raise Wrong("%s lies in %s, but the region is %s. Both have to be the same." % (what, there, region))
    return region


def check_account(session: Any) -> str:
    """Whose account it is.

    :raises Wrong: AWS does not say
    """
    try:
        return str(session.client("sts").get_caller_identity()["Account"])
    except Exception as error:  # botocore has no class for all that can be wrong with credentials and addresses
        raise Wrong("AWS does not know who deploys: %s" % error) from None


def check_bucket(session: Any, name: str, account: str) -> None:
    """
    :raises Wrong: the account has no such bucket in the region
    """
    from botocore.exceptions import ClientError

    try:
        there = session.client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=account).get("BucketRegion")
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        why = {403: "is somebody else's, or you may not use it", 404: "does not exist"}.get(status, "fails: %s" % error)
        raise Wrong(
            "The bucket %s %s. Name one of the account %s, or none: then the stack makes one." % (name, why, account)
        ) from None
    if there not in (None, session.region_name):
        lies = (name, there, session.region_name)
        raise Wrong("The bucket %s lies in %s, but the region is %s. Both have to be the same." % lies)


def check_encryption(session: Any, name: str, kms_key: str | None, account: str, checks: Checks) -> None:
    """Whether the function may use the key that encrypts the bucket: its role names the parameter KmsKey only.

    :raises Wrong: the bucket is encrypted with a key of its owner's, and KmsKey is not set
    """
    from botocore.exceptions import ClientError

    try:
        found = session.client("s3").get_bucket_encryption(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ServerSideEncryptionConfigurationNotFoundError":
            checks.notes.append("How the bucket %s is encrypted was not checked: %s" % (name, error))
        return
    rules = found["ServerSideEncryptionConfiguration"]["Rules"]
    keys = [each.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for each in rules]
    # Whoever may use S3 may use the key that AWS manages for it.
    for key in (each for each in keys if each and not each.endswith("alias/aws/s3")):
        if not kms_key:
            raise Wrong(
                "The bucket %s is encrypted with the key %s. Set the parameter KmsKey to the ARN of this key."
                % (name, key)
            )
        if ":alias/" not in key and key.rpartition("/")[2] != kms_key.rpartition("/")[2]:
            checks.notes.append(
                "The bucket %s is encrypted with the key %s, and KmsKey is %s. The function cannot read what the bucket's own "
                "key encrypted, such as reports of an earlier stack." % (name, key, kms_key)
            )


def check_name(name: str) -> None:
    """
    :raises Wrong: a stack with this name could not be made
    """
    if not re.fullmatch("[A-Za-z][A-Za-z0-9-]*", name) or len(name) > _LONGEST_NAME:
        raise Wrong(
            "The stack's name %s has to be letters, digits and -, at most %d of them. Name it otherwise (stack)."
            % (name, _LONGEST_NAME)
        )


def json_object(text: str) -> dict[str, str]:
    """Parameters of the template. A number and true are text to CloudFormation.

    :raises ValueError: the text is something else
    """
    given = json.loads(text)
    if not isinstance(given, dict):
        raise ValueError
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}


def check_parameters(given: Mapping[str, str], written: Mapping[str, Mapping[str, Any]]) -> None:
    """The template's parameters.

    :param written: those of the template
    :raises Wrong: names everything that CloudFormation would refuse, and a time zone that there is not
    """
    problems = ["%s is no parameter of the template" % name for name in given if name not in written]
    for name, value in given.items():
        rule = written.get(name, {})
        allowed = [str(each) for each in rule.get("AllowedValues", ())]
        if allowed and value not in allowed:
            problems.append("%s is %r, and not one of %s" % (name, value, ", ".join(allowed)))
        if not re.search(rule.get("AllowedPattern", ""), value):
            problems.append(
                "%s is %r, and not %s" % (name, value, rule.get("ConstraintDescription", rule["Description"]))
            )
        if rule.get("Type") == "Number" and not _is_between(value, rule.get("MinValue"), rule.get("MaxValue")):
            problems.append("%s is %r, and not a number that fits" % (name, value))
    zones = zoneinfo.available_timezones()  # none on a machine without tzdata
    if "TimeZone" in given and zones and given["TimeZone"] not in zones:
        problems.append("TimeZone is %r, which is no time zone such as Europe/Berlin" % given["TimeZone"])
    if problems:
        raise Wrong("Parameters: %s." % ". ".join(problems))


def _is_between(value: str, least: float | None, most: float | None) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return (least is None or number >= least) and (most is None or number <= most)


def check_stack(session: Any, name: str, tenant: str, parameters: Mapping[str, str], checks: Checks) -> None:
    """The stack that is there, or the place for a new one. What whoever deploys may not see is not checked.

    :raises Wrong: the stack audits another tenant, or the account refuses to reserve a concurrent execution
    """
    from botocore.exceptions import ClientError

    found = {}
    try:
        stack = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        if stack["StackStatus"] not in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
            found = {each["ParameterKey"]: each.get("ParameterValue") for each in stack.get("Parameters", ())}
            if found.get("Tenant") != tenant:
                raise Wrong(
                    "There is a stack %s already, and it is not of %s. Name it otherwise (stack)." % (name, tenant)
                )
    except ClientError:
        pass  # there is none
    if found:
        # Where nobody says what the parameters will be, they may stay as they are.
        moved = moves(stack, parameters.get("ReportsBucket") or "") if parameters else None
        checks.notes += [moved] if moved else []
        return
    try:
        if parameters.get("ReserveConcurrency") != "false":
            limits = session.client("lambda").get_account_settings()["AccountLimit"]
            if limits["UnreservedConcurrentExecutions"] <= _LEAST_UNRESERVED:
                raise Wrong(
                    "The account has %d concurrent executions of functions and can reserve none of them. Set the parameter "
                    "ReserveConcurrency to false, or have the limit raised." % limits["UnreservedConcurrentExecutions"]
                )
        if not parameters.get("ReportsBucket"):
            names = [each["Name"] for each in session.client("s3").list_buckets()["Buckets"]]
            for bucket in (each for each in names if each.startswith(name.lower() + "-bucket-")):
                checks.notes.append(
                    "The bucket %s was left by an earlier stack %s. To go on with its reports, set the parameter ReportsBucket "
                    "to it; otherwise there is a new one, and everything is new." % (bucket, name)
                )
    except ClientError as error:
        checks.notes.append("What the account allows was not checked: %s" % error)


def moves(stack: Mapping[str, Any], wanted: str) -> str | None:
    """What a deployment does to the place of the reports; None if that stays.

    :param stack: as CloudFormation describes it
    :param wanted: the parameter ReportsBucket; empty for a bucket that the stack makes
    """
    given = {each["ParameterKey"]: each.get("ParameterValue") for each in stack["Parameters"]}.get(
        "ReportsBucket"
    ) or ""
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}
    present = outputs.get("ReportsBucket", given)
    if wanted in (given, present):
        return None
    return (
        "The stack keeps its reports in the bucket %s, and would keep them in %s. What is there stays there, and the next run is the "
        "first of all: everything is new. To go on with these reports, set the parameter ReportsBucket to %s, or copy them before."
        % (present, wanted or "a new one", present)
    )


def secret_in_aws(session: Any, name: str, checks: Checks) -> object | None:
    """The JSON of the secret; None if whoever deploys may not read it, which is no mistake.

    :raises Wrong: there is none, or it is not JSON
    """
    from botocore.exceptions import ClientError

    try:
        if name.startswith(SSM):
            found = session.client("ssm").get_parameter(Name=name.removeprefix(SSM), WithDecryption=True)
            text = found["Parameter"]["Value"]
        else:
            text = session.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _DENIED:
            checks.notes.append("You may not read the secret %s, so the login was not tried." % name)
            return None
        raise Wrong("The secret %s cannot be read: %s" % (name, error)) from None
    return parsed(name, text)


def secret_in_file(name: str, file: str) -> object:
    """The JSON of a secret that is not in AWS.

    :param file: its path, or - for the standard input
    :raises Wrong: it cannot be read, or is not JSON
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise Wrong("The file %s with the secret cannot be read: %s." % (file, why)) from None
    return parsed(name, text)


def parsed(name: str, text: str) -> object:
    """
    :raises Wrong: the text is not JSON
    """
    try:
        return json.loads(text)
    except ValueError:
        raise Wrong("The secret %s is not JSON" % name) from None


def check_tenant(credentials: Credentials) -> None:
    """One token and one page.

    :raises Wrong: the token lacks a scope
    :raises Auth0Error: the tenant does not let the application in
    """
    budget = Budget(max_wait=30)
    tokens = credentials.authentication(budget).token()
    missing = [scope for scope in SCOPES if scope not in tokens.scope]
    if missing:
        raise Wrong("The application lacks the scope %s. Grant it in Auth0." % " and ".join(missing))
    bearer = Bearer(GivenToken("token", tokens.access_token))
    with ManagementApi(credentials.connection, budget, bearer) as api:
        api.list_users(per_page=1, sort=None, fields=("user_id",))


def check_policy(file: str) -> None:
    """
    :raises FileError: something is wrong with it; says in which line and column
    :raises Wrong: it names a list that the function could not find
    """
    load(file, RULES, date.today())
    for name in lists_of(_yaml(Path(file))):
        if Path(name).name != name or name.endswith((".yml", ".yaml")):
            raise Wrong(
                "The policy %s names the list %s. The function finds a list only in the policy's own folder, and not if it ends "
                "with .yml. Put it beside the policy." % (file, name)
            )


def lists_of(policy: object) -> Iterator[str]:
    """The files with users that a policy names."""
    if isinstance(policy, Mapping):
        for name, value in policy.items():
            if name == "user_ids_file":
                yield str(value)
            yield from lists_of(value)
    elif isinstance(policy, list):
        for value in policy:
            yield from lists_of(value)


def _yaml(file: Path) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Whether a deployment of the audit would work. Changes nothing.")
    parser.add_argument("--tenant", required=True, help="the tenant's domain")
    parser.add_argument("--region", help="of the stack; by default the one of the environment")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--secret", help="name or ARN in Secrets Manager, or ssm: and the name of a SecureString")
    secret.add_argument("--secret-file", help="a file with what the secret will hold, - for the standard input")
    parser.add_argument("--bucket", help="the parameter ReportsBucket")
    parser.add_argument("--kms-key", help="the parameter KmsKey")
    parser.add_argument("--policy", help="the policy file")
    parser.add_argument("--stack", help="the stack's name")
    parser.add_argument(
        "--parameters", type=json_object, default={}, help="the template's parameters, as a JSON object"
    )
    parser.add_argument("--no-login", action="store_true", help="do not log in to the tenant")
    options = parser.parse_args(arguments)
    checks = Checks()
    if options.policy:
        checks.of(check_policy, options.policy)
    if options.stack:
        checks.of(check_name, options.stack)
    if options.parameters:
        checks.of(check_parameters, options.parameters, _yaml(TEMPLATE)["Parameters"])
    name, value = options.secret or "that was given", None
    if options.secret_file:
        value = checks.of(secret_in_file, name, options.secret_file)
    if options.region or options.secret or options.bucket or options.kms_key or options.stack:
        value = _in_aws(options, checks) or value
    if value is not None:
        credentials = checks.of(read_credentials, name, options.tenant.lower(), value)
        if credentials is not None and not options.no_login:
            checks.of(check_tenant, credentials)
    for note in checks.notes:
        print(note)
    for problem in checks.problems:
        print(problem, file=sys.stderr)
    return 1 if checks.problems else 0


def _in_aws(options: argparse.Namespace, checks: Checks) -> object | None:
    """Check what is in AWS; returns the secret, if it is there and may be read."""
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
    except ImportError:
        checks.problems.append("What is in AWS cannot be checked without boto3. Install it for %s." % sys.executable)
        return None
    try:
        return _asked(boto3, options, checks)
    except BotoCoreError as error:
        checks.problems.append("AWS cannot be asked: %s" % error)
        return None


def _asked(boto3: Any, options: argparse.Namespace, checks: Checks) -> object | None:
    """The same, where it can be asked.

    :raises BotoCoreError: it cannot
    """
    session = boto3.Session(region_name=options.region)
    known = {
        region
        for each in session.get_available_partitions()
        for region in session.get_available_regions(_SERVICE, each)
    }
    arns = {"The secret": options.secret or "", "The KMS key": options.kms_key or ""}
    if checks.of(check_region, session.region_name, known, arns) is None:
        return None
    account = checks.of(check_account, session)
    if account is None:
        return None
    if options.bucket:
        before = len(checks.problems)
        checks.of(check_bucket, session, options.bucket, account)
        if len(checks.problems) == before:
            checks.of(check_encryption, session, options.bucket, options.kms_key, account, checks)
    if options.stack:
        checks.of(check_stack, session, options.stack, options.tenant, options.parameters, checks)
    return checks.of(secret_in_aws, session, options.secret, checks) if options.secret else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
