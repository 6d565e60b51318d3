# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a deployment is told before it begins, all at once, and costs one token and one page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import check
from tests.support.cloudformation import TEMPLATE, load
from tests.emulator.oauth import client_assertion

from .conftest import CLIENT_SECRET, secret_of

REGION = "eu-west-1"
KEY = (client_assertion._KEYS / "m2m-jwt.pem").read_text()
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mfa-AbCdEf"


@pytest.fixture
def checked(aws, monkeypatch, capsys):
    """Run the command; returns its exit code, what it printed, and what it said is wrong."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)

    def run(tenant, *words: str) -> tuple[int, str, str]:
        code = check.main(["--tenant", tenant.domain, *words])
        out, wrong = capsys.readouterr()
        assert not [each for each in (CLIENT_SECRET, KEY.splitlines()[1]) if each in out + wrong]
        return code, out, wrong

    return run


@pytest.fixture
def secret_file(tmp_path):
    def of(tenant, **changes) -> str:
        value = {**secret_of(tenant), **changes}
        (tmp_path / "secret.json").write_text(
            json.dumps({key: each for key, each in value.items() if each is not None})
        )
        return str(tmp_path / "secret.json")

    return of


def test_what_is_right_is_silent_and_costs_one_token_and_one_page(checked, aws, tenant, bucket, secret_file, tmp_path):
    (tmp_path / "policy.yml").write_text("version: 1\n")
    words = ["--secret-file", secret_file(tenant), "--policy", str(tmp_path / "policy.yml")]
    assert checked(tenant, *words, "--bucket", bucket, "--region", REGION) == (0, "", "")
    sent = [each["path"].partition("?")[0] for each in tenant.control("GET", "requests")]
    assert sent == ["/oauth/token", "/api/v2/users"]
    arn = aws.put_secret("mfa/check", secret_of(tenant))
    assert checked(tenant, "--secret", arn) == (0, "", "")
    aws.client("ssm").put_parameter(Name="/mfa/check", Value=json.dumps(secret_of(tenant)), Type="SecureString")
    assert checked(tenant, "--secret", "ssm:/mfa/check") == (0, "", "")


def test_an_application_that_signs_is_checked_with_its_key(checked, tenant, secret_file):
    signs = {"client_id": "m2m-jwt", "client_secret": None}
    assert checked(tenant, "--secret-file", secret_file(tenant, private_key=KEY, **signs)) == (0, "", "")
    code, _out, wrong = checked(tenant, "--secret-file", secret_file(tenant, private_key=KEY, client_secret=None))
    assert code == 1 and "private_key" in wrong
    _code, _out, wrong = checked(tenant, "--secret-file", secret_file(tenant, private_key="no key", **signs))
    assert "private_key is not an unencrypted RSA key" in wrong


def test_all_that_is_wrong_is_told_at_once(checked, tenant, secret_file, tmp_path):
    (tmp_path / "policy.yml").write_text("version: 1\nrulez: {}\n")
    words = ["--policy", str(tmp_path / "policy.yml"), "--bucket", "somebody-elses"]
    code, out, wrong = checked(tenant, "--secret-file", secret_file(tenant, client_secret="not-the-secret"), *words)
    assert (code, out) == (1, "") and "not-the-secret" not in wrong
    assert all(
        each in wrong for each in ("policy.yml:2:1", "The bucket somebody-elses", "Check client_id and client_secret")
    )


@pytest.mark.parametrize(
    "words, told",
    [
        (["--region", "eu-west-9"], "no region eu-west-9"),
        (["--region", REGION, "--secret", ARN], "The secret lies in eu-central-1, but the region is eu-west-1"),
        (
            ["--region", REGION, "--kms-key", "arn:aws:kms:us-east-1:123456789012:key/1"],
            "The KMS key lies in us-east-1",
        ),
        (["--secret", "nothing-there"], "The secret nothing-there cannot be read"),
        (["--secret", "ssm:/nothing/there"], "The secret ssm:/nothing/there cannot be read"),
        (
            ["--bucket", "arn:aws:s3:::mine"],
            'AWS cannot be asked: Parameter validation failed:\nInvalid bucket name "arn',
        ),
        (["--secret-file", "no.json"], "The file no.json with the secret cannot be read: No such file or directory."),
        (["--secret-file", "/dev"], "The file /dev with the secret cannot be read: Is a directory."),
        (["--parameters", '{"Threads": 100}'], "Threads is '100', and not a whole number from 1 to 64"),
    ],
)
def test_what_is_wrong_in_aws_is_told(checked, tenant, words, told):
    code, out, wrong = checked(tenant, *words)
    assert (code, out) == (1, "") and told in wrong
    assert not tenant.control("GET", "requests")


@pytest.mark.parametrize(
    "secret, told",
    [
        ({"domain": "other.example.com"}, "domain is not the tenant"),
        ({"client_id": None}, "client_id is missing"),
        ({"client_secret": None}, "client_secret is missing"),
    ],
)
def test_a_secret_that_the_function_could_not_use_is_told_without_a_request(checked, tenant, secret_file, secret, told):
    code, _out, wrong = checked(tenant, "--secret-file", secret_file(tenant, **secret))
    assert code == 1 and told in wrong and not tenant.control("GET", "requests")


def test_a_scope_that_is_missing_is_told(checked, tenant, secret_file):
    body = {"access_token": "a.b.c", "expires_in": 86400, "token_type": "Bearer", "scope": "read:users"}
    tenant.control("POST", "faults", {"kind": "status", "path": "/oauth/token", "status": 200, "body": body})
    _code, _out, wrong = checked(tenant, "--secret-file", secret_file(tenant))
    assert "lacks the scope read:authentication_methods" in wrong


def test_without_the_login_nothing_is_sent(checked, tenant, secret_file):
    words = ["--secret-file", secret_file(tenant, client_secret="not-the-secret"), "--no-login"]
    assert checked(tenant, *words) == (0, "", "") and not tenant.control("GET", "requests")


class Refuses:
    """A session whose every call is refused."""

    def __init__(self, code: str, status: int) -> None:
        self._error = ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "call")

    def client(self, _service: str) -> Refuses:
        return self

    def head_bucket(self, **_options):
        raise self._error

    get_secret_value = get_caller_identity = get_bucket_encryption = head_bucket


def test_a_secret_that_whoever_deploys_may_not_read_is_no_mistake():
    checks = check.Checks()
    assert check.secret_in_aws(Refuses("AccessDeniedException", 400), "mfa/tenant", checks) is None
    assert (
        checks.notes == ["You may not read the secret mfa/tenant, so the login was not tried."] and not checks.problems
    )


def test_a_bucket_of_somebody_else_is_told():
    with pytest.raises(check.Wrong, match="The bucket theirs is somebody else's.*Name one of the account 1, or none"):
        check.check_bucket(Refuses("403", 403), "theirs", "1")


def test_a_bucket_in_another_region_is_told():
    class There:
        region_name = REGION

        def client(self, _service: str) -> object:
            return self

        def head_bucket(self, **_options):
            return {"BucketRegion": "us-east-1"}

    with pytest.raises(check.Wrong, match="The bucket mine lies in us-east-1, but the region is eu-west-1. Both have"):
        check.check_bucket(There(), "mine", "1")


def test_without_boto3_it_says_so(checked, tenant, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    code, _out, wrong = checked(tenant, "--region", REGION)
    assert code == 1 and wrong.startswith("What is in AWS cannot be checked without boto3.")


@pytest.mark.parametrize("text", ["[]", "x", "1"])
def test_parameters_that_are_no_object_are_told(checked, tenant, text):
    with pytest.raises(SystemExit):
        checked(tenant, "--parameters", text)


def test_an_account_that_is_not_known_is_told():
    with pytest.raises(check.Wrong, match="AWS does not know who deploys: .*InvalidClientTokenId"):
        check.check_account(Refuses("InvalidClientTokenId", 403))


WRITTEN = load(TEMPLATE.read_text())["Parameters"]


@pytest.mark.parametrize(
    "name, value",
    [
        ("Threads", "100"),
        ("MaxRate", "0"),
        ("Policy", "policy.v2"),
        ("SecurityHub", "True"),
        ("AlarmAfterDays", "8"),
        ("PartsDays", "many"),
        ("TimeZone", "Europe/Berlinn"),
        ("KmsKey", "arn:aws:kms:eu-west-1:123456789012:alias/a"),
        ("Mail", "a@example.com"),
    ],
)
def test_a_parameter_that_the_template_refuses_is_told(name, value):
    with pytest.raises(check.Wrong, match="Parameters: %s is " % name):
        check.check_parameters({name: value}, WRITTEN)


def test_parameters_that_fit_are_silent():
    fits = {"TimeZone": "Europe/Berlin", "Threads": "64", "SecurityHub": "true", "PartsDays": "7", "Policy": "strict"}
    check.check_parameters(fits, WRITTEN)


@pytest.mark.parametrize("name", ["mfa_audit", "1mfa", "mfa-audit-" + "a" * 55, ""])
def test_a_name_that_a_function_or_a_schedule_cannot_have_is_told(name):
    with pytest.raises(check.Wrong, match="The stack's name"):
        check.check_name(name)
    check.check_name("mfa-audit-" + "a" * 54)


class Account:
    """An account with or without a stack."""

    def __init__(self, stacks=(), unreserved: int = 1000, buckets=()) -> None:
        self._stacks, self._unreserved, self._buckets = stacks, unreserved, buckets

    def client(self, _service: str) -> Account:
        return self

    def describe_stacks(self, StackName: str):
        if not self._stacks:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        return {"Stacks": self._stacks}

    def get_account_settings(self):
        return {"AccountLimit": {"UnreservedConcurrentExecutions": self._unreserved}}

    def list_buckets(self):
        return {"Buckets": [{"Name": each} for each in self._buckets]}


def of(tenant: str, status: str = "CREATE_COMPLETE", given: str = "", bucket: str = "mfa-bucket-1a2b") -> list[dict]:
    parameters = {"Tenant": tenant, "ReportsBucket": given}
    return [
        {
            "StackStatus": status,
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            "Outputs": [{"OutputKey": "ReportsBucket", "OutputValue": given or bucket}],
        }
    ]


@pytest.mark.parametrize(
    "given, wanted, moved",
    [
        ("", {"Threads": "8"}, None),
        ("", {"ReportsBucket": "mfa-bucket-1a2b"}, None),
        ("mine", {"ReportsBucket": "mine"}, None),
        ("mine", {}, None),
        ("", {"ReportsBucket": "mine"}, "in the bucket mfa-bucket-1a2b, and would keep them in mine."),
        ("mine", {"ReportsBucket": "other"}, "in the bucket mine, and would keep them in other."),
        ("mine", {"Threads": "8"}, "in the bucket mine, and would keep them in a new one."),
    ],
)
def test_a_stack_that_would_move_to_another_bucket_is_told(given, wanted, moved):
    checks = check.Checks()
    check.check_stack(Account(of("a.example.com", given=given)), "mfa", "a.example.com", wanted, checks)
    assert [bool(moved) and moved in note for note in checks.notes] == ([True] if moved else [])


BUCKET_KEY = "arn:aws:kms:eu-west-1:1:key/aaaa"


class Encrypted:
    """A session whose bucket is encrypted with a key."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def client(self, _service: str) -> Encrypted:
        return self

    def get_bucket_encryption(self, **_options):
        named = {"KMSMasterKeyID": self._key} if self._key else {}
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms" if named else "AES256", **named}}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


def test_a_bucket_whose_key_the_function_may_not_use_is_told():
    checks = check.Checks()
    with pytest.raises(
        check.Wrong, match="The bucket mine is encrypted with the key %s. Set the parameter KmsKey" % BUCKET_KEY
    ):
        check.check_encryption(Encrypted(BUCKET_KEY), "mine", None, "1", checks)
    for key, given in [
        (None, None),
        (BUCKET_KEY, BUCKET_KEY),
        ("aaaa", BUCKET_KEY),
        ("arn:aws:kms:eu-west-1:1:alias/aws/s3", None),
    ]:
        check.check_encryption(Encrypted(key), "mine", given, "1", checks)
    assert not checks.notes
    check.check_encryption(Encrypted(BUCKET_KEY), "mine", BUCKET_KEY.replace("aaaa", "bbbb"), "1", checks)
    refused = Refuses("AccessDenied", 403)
    check.check_encryption(refused, "mine", None, "1", checks)
    check.check_encryption(Refuses("ServerSideEncryptionConfigurationNotFoundError", 404), "mine", None, "1", checks)
    assert ["cannot read" in checks.notes[0], "was not checked" in checks.notes[1]] == [True, True]


def test_a_stack_of_another_tenant_is_not_replaced():
    with pytest.raises(check.Wrong, match="There is a stack mfa already, and it is not of b.example.com"):
        check.check_stack(Account(of("a.example.com")), "mfa", "b.example.com", {}, check.Checks())
    check.check_stack(Account(of("b.example.com"), unreserved=9), "mfa", "b.example.com", {}, check.Checks())
    rolled_back = Account(of("a.example.com", "ROLLBACK_COMPLETE"))
    check.check_stack(rolled_back, "mfa", "b.example.com", {}, check.Checks())


def test_an_account_that_can_reserve_nothing_is_told_before():
    with pytest.raises(check.Wrong, match="Set the parameter ReserveConcurrency to false"):
        check.check_stack(Account(unreserved=10), "mfa", "a.example.com", {}, check.Checks())
    check.check_stack(Account(unreserved=10), "mfa", "a.example.com", {"ReserveConcurrency": "false"}, check.Checks())


def test_a_bucket_that_an_earlier_stack_left_is_told():
    checks, account = check.Checks(), Account(buckets=["mfa-bucket-1a2b", "mfa-other-bucket-1"])
    check.check_stack(account, "MFA", "a.example.com", {}, checks)
    assert len(checks.notes) == 1 and "The bucket mfa-bucket-1a2b was left" in checks.notes[0]
    check.check_stack(account, "MFA", "a.example.com", {"ReportsBucket": "mfa-bucket-1a2b"}, checks)
    assert len(checks.notes) == 1


@pytest.mark.parametrize("name, fits", [("staff.txt", True), ("lists/staff.txt", False), ("staff.yml", False)])
def test_a_list_that_the_function_would_not_find_is_told(tmp_path, name, fits):
    (tmp_path / "lists").mkdir()
    (tmp_path / name).write_text("auth0|1\n")
    policy = tmp_path / "policy.yml"
    policy.write_text("version: 1\nprivileged: {user_ids_file: %s}\n" % name)
    if fits:
        check.check_policy(str(policy))
    else:
        with pytest.raises(check.Wrong, match="names the list %s" % name):
            check.check_policy(str(policy))


def test_it_works_from_a_plain_clone_in_another_folder(tmp_path):
    root = Path(check.__file__).resolve().parents[1]
    for name in ("lambda", "plugins/module_utils"):
        shutil.copytree(root / name, tmp_path / "clone" / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "policy.yml").write_text("version: 1\nrulez: {}\n")
    ended = subprocess.run(
        [sys.executable, "clone/lambda/check.py", "--tenant", "example.eu.auth0.com", "--policy", "policy.yml"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1 and "policy.yml:2:1" in ended.stderr and "Traceback" not in ended.stderr
