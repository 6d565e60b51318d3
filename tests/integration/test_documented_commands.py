# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command that a guide, a README or a playbook's header prints is run as printed: in a folder with only the reader's own
files, or in a fresh checkout where it starts with ``.venv/``. Those that cannot be run here are listed, with the reason.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.playbook import BIN, ROOT, environment

from .conftest import email
from .test_playbooks import audit_of, decide, removable

README = ROOT / "README.md"
READMES = [README, ROOT / "lambda" / "README.md", ROOT / "tests" / "emulator" / "README.md"]
SOURCES = [
    *READMES,
    *sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst")),
    *sorted((ROOT / "playbooks").glob("*.yml")),
]
PROGRAM = r"(?:[\w./]*/)?(?:ansible[\w-]*|python|pip|pytest|make|git|gzip|gunzip|curl|docker|openssl|export|aws) \S"
# Blocks without a language, consoles, and indented lines of a comment hold commands only; a text may also quote one.
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^ +\$ (.*)$", re.MULTILINE)
COMMENT = re.compile(r"^# {2,}(%s.*)$" % PROGRAM, re.MULTILINE)
QUOTED = re.compile(r"(?<!`)(`{1,2})(%s[^`]*)\1(?!`)" % PROGRAM)

IN_MAKE_TEST = "make test runs it, and this test is a part of make test"
IN_TEST_DEPLOY = "it needs AWS; tests/lambda/test_deploy.py runs it against a local one, without the questions"
IN_TEST_TENANTS = "it needs an inventory of tenants; test_tenants.py runs it with one"
IN_TEST_GITOPS = "it starts in an empty folder; test_gitops.py runs it there"
NOT_RUN_HERE = {
    "git clone --depth 1 --branch v0.3.0 https://github.com/mfaops/auth0.git": "it needs the network",
    "ansible-galaxy collection install mfaops.auth0": "it needs Galaxy",
    "ansible-galaxy collection install -r requirements.yml": "it needs Galaxy",
    **dict.fromkeys(
        (
            "cp -r auth0/docs/examples/gitops mfa-policy",
            "cd mfa-policy",
            "./install.sh",
            "export AUTH0_DOMAIN=example.eu.auth0.com AUTH0_CLIENT_ID=... AUTH0_CLIENT_SECRET=...",
            "python3 mfa.py export",
            "python3 mfa.py show",
            "python3 mfa.py drift",
            "python3 mfa.py apply",
        ),
        IN_TEST_GITOPS,
    ),
    **dict.fromkeys(
        (
            "ansible-playbook -i inventory --ask-vault-pass mfaops.auth0.audit -e target=prod",
            "ansible-playbook -i inventory --ask-vault-pass mfaops.auth0.audit -e target=auth0",
            "ansible-playbook -i inventory mfaops.auth0.export_policy -e target=dev",
            "ansible-playbook -i inventory mfaops.auth0.policy --check --diff -e target=stage",
            "ansible-playbook -i inventory mfaops.auth0.policy --diff -e target=stage",
        ),
        IN_TEST_TENANTS,
    ),
    **dict.fromkeys(
        (
            "export AUTH0_APP_CLIENT_ID=... AUTH0_APP_CLIENT_SECRET=...",
            ".venv/bin/python -m tests.fidelity --preset-file my-tenant.yml",
        ),
        "it calls a real tenant; the same page runs it against the embedded one",
    ),
    "make test": "this test is a part of it",
    "make lint": IN_MAKE_TEST,
    "make docs": IN_MAKE_TEST,
    "ansible-test sanity": IN_MAKE_TEST,
    "make setup": "it installs packages from a registry; no test runs before it has worked",
    "make demo": "it begins with make setup; test_playbooks.py and test_what_ships.py run the same playbook and audit",
    "sam build --template build/template.yaml": IN_TEST_DEPLOY,
    "aws secretsmanager create-secret --name mfa-audit-auth0 --secret-string file://secret.json --query ARN --output text": (
        "the stacks of test_deploy.py have secrets that boto3 makes"
    ),
    "sam deploy --guided --stack-name mfa-audit --resolve-s3 --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND": IN_TEST_DEPLOY,
    ".venv/bin/python lambda/check.py --tenant example.eu.auth0.com --region eu-central-1 --secret ARN --bucket NAME --policy FILE": (
        "it calls a real tenant; tests/lambda/test_check.py runs it with another one"
    ),
    "make aws-plan": "it begins with make setup; tests/lambda/test_runbook.py runs it without",
    "ansible-vault create inventory/host_vars/prod/vault.yml": (
        "it asks for a password and opens an editor; test_tenants.py has such a file"
    ),
    "ansible-builder build --tag auth0-mfa": "it needs a container engine; test_controller.py makes what the engine would build",
    "curl --netrc --fail-with-body --json @credential_type.json https://controller.example.com/api/v2/credential_types/": "it needs a controller",
    "curl --netrc --fail-with-body --json @survey_reset_lost_phone.json https://controller.example.com/api/v2/job_templates/ID/survey_spec/": (
        "it needs a controller"
    ),
    "make demo-aws": "it waits for a schedule, and takes two minutes with its zip",
    ".venv/bin/python -m tests.bench.bench_emulator": "it measures for minutes and asserts nothing",
    ".venv/bin/python -m tests.bench.bench_latency": "it measures for minutes and asserts nothing",
    "ansible-playbook -v": "it is said of any playbook",
    "python -m pip install 'auth0-python>=6.8,<7' 'requests>=2.32' 'jinja2>=3.1' tqdm ruamel.yaml jsonschema segno": (
        "it needs a registry"
    ),
    "python -m pip install 'auth0-python>=6.8,<7' 'requests>=2.32' 'jinja2>=3.1' tqdm ruamel.yaml jsonschema": "the same",
    "python -m ansible_collections.mfaops.auth0.audit run --client-secret-file ~/.auth0-secret --folder ~/mfa-audits": (
        "it calls a real tenant; the guide's commands for the embedded tenant are run, and test_audit_command.py runs this one"
    ),
}


def printed(source: Path) -> list[str]:
    """The commands that a text prints, in order."""
    text = source.read_text()
    found = [
        (block.start(), line)
        for block in FENCED.finditer(text)
        if block[1] in ("", "console", "sh", "bash")
        for line in block[2].splitlines()
    ]
    found += [(line.start(), line[1]) for pattern in (CONSOLE, COMMENT) for line in pattern.finditer(text)]
    prose = FENCED.sub(lambda block: " " * len(block[0]), text)
    found += [(quoted.start(), quoted[2]) for quoted in QUOTED.finditer(prose)]
    commands = [re.split(r"\s+#", line)[0].strip() for _place, line in sorted(found, key=lambda each: each[0])]
    return [command for command in commands if command]


PRINTED = {source: printed(source) for source in SOURCES}
OUR_PLAYBOOK = re.compile(r"ansible-playbook mfaops\.auth0\.(\w+)")
COMMANDS = sorted({each for commands in PRINTED.values() for each in commands if OUR_PLAYBOOK.match(each)})
OTHERS = {
    source: [each for each in commands if not OUR_PLAYBOOK.match(each) and each not in NOT_RUN_HERE]
    for source, commands in PRINTED.items()
}


# What somebody new reads, and in which order: test_newcomer.py types all of it in one folder. Commands for several tenants need an
# inventory, and those for the function need AWS.
CHAPTERS = [
    README,
    *(
        ROOT / "docs" / "docsite" / "rst" / f"guide_{name}.rst"
        for name in ("onboard", "recovery_codes", "reset", "audit", "remediate", "gitops")
    ),
]


def needs_aws(command: str) -> bool:
    """Whether it is tests/lambda/test_deploy.py that runs it."""
    return OUR_PLAYBOOK.match(command)[1] == "deploy_audit"


def playbooks_of(page: Path) -> list[str]:
    """The commands of a page that play a shipped playbook against a tenant."""
    return [command for command in PRINTED[page] if OUR_PLAYBOOK.match(command) and not needs_aws(command)]


def test_every_playbook_has_a_command():
    called = {OUR_PLAYBOOK.match(command)[1] for command in COMMANDS}
    assert called == {path.stem for path in (ROOT / "playbooks").glob("*.yml")} - {"demo"}


TYPED = {command for page in CHAPTERS for command in playbooks_of(page)}


@pytest.mark.parametrize("command", [each for each in COMMANDS if each not in TYPED and not needs_aws(each)])
def test_a_documented_command_runs_as_printed(tenant, command):
    _row, finding = removable(audit_of(tenant))
    decide(tenant.folder / "findings.csv", {finding["id"]: "remove"})
    (tenant.folder / "mfa-audits").mkdir(0o700)
    (tenant.folder / "reviewed.yml").write_text(json.dumps({"reviewed": [finding["id"]]}))
    (tenant.folder / "users.csv").write_text("email,phone_number,name\n%s,+442071838750,work phone\n" % email(1))
    (tenant.folder / "policy.yml").write_text("version: 1\nfactors: {duo: true}\n")
    (tenant.folder / "users.txt").write_text("%s\n%s\n" % (email(2), email(3)))
    words = shlex.split(command.replace("/secure/", str(tenant.folder) + "/"))
    # A domain is called by HTTPS; the embedded tenant of the tests speaks HTTP.
    words += ["-e", json.dumps({"tenant": {"base_url": tenant.running.url}})]
    run = subprocess.run(
        [BIN / words[0], *words[1:]],
        cwd=tenant.folder,
        env={**environment(), "AUTH0_CLIENT_ID": "m2m", "AUTH0_CLIENT_SECRET": "m2m-secret"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    drift = "fail_on_drift=true" in command
    assert (run.returncode == 0) is not drift, run.stdout
    assert not drift or "The tenant differs from the policy" in run.stdout


def test_what_is_not_run_is_printed_somewhere():
    assert set(NOT_RUN_HERE) <= {command for commands in PRINTED.values() for command in commands}


@pytest.mark.parametrize(
    "name, text, commands",
    [
        (
            "a.md",
            "```\nmake x    # why\n\ncurl y\n```\nthen `git z` and `git`, ``pip q``",
            ["make x", "curl y", "git z", "pip q"],
        ),
        ("a.md", "```yaml\n- make: 1\n```\n", []),
        ("a.rst", ".. code-block:: console\n\n   $ anything here\n   its output\n", ["anything here"]),
        ("a.yml", "# Some python code.\n#\n#   python -m it --all\n#   a,b\n", ["python -m it --all"]),
    ],
)
def test_a_printed_command_is_found(tmp_path, name, text, commands):
    (tmp_path / name).write_text(text)
    assert printed(tmp_path / name) == commands


def copied(folder: Path) -> Path:
    """The folder, with what git has."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return folder


@pytest.fixture
def checkout(tmp_path):
    """What git has, with the environment that ``make setup`` makes."""
    folder = copied(tmp_path / "checkout")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    link = folder / "build" / "collections" / "ansible_collections" / "mfaops" / "auth0"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../../..")
    # What make setup fetches.
    (folder / "build" / "packages").symlink_to(ROOT / "build" / "packages")
    return folder


@contextmanager
def emulator(shell: str, **where):
    """An embedded tenant, started as printed; it ends with Ctrl-C."""
    with subprocess.Popen(["sh", "-c", "exec " + shell], stdout=subprocess.PIPE, text=True, **where) as process:
        try:
            assert "ready at" in process.stdout.readline()
            yield
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    "source", [source for source in SOURCES if OTHERS[source]], ids=lambda source: str(source.relative_to(ROOT))
)
def test_every_other_command_runs_as_printed_or_is_listed(source, checkout, tmp_path):
    empty, home = tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    for name, text in re.findall(r"```yaml\n# (\w+\.yml)\n(.*?)```", source.read_text(), re.DOTALL):
        (checkout / name).write_text(text.replace("8090", port))
    plain = {"HOME": str(home), "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    exports = ""
    with ExitStack() as stack:
        for command in OTHERS[source]:
            if command.startswith("export "):
                exports += command.replace("8090", port) + "; "
                continue
            here = command.startswith(".venv/")
            where = (
                {"cwd": checkout, "env": plain}
                if here
                else {"cwd": empty, "env": {**plain, "PATH": "%s:%s" % (BIN, plain["PATH"])}}
            )
            shell = command.replace("8090", port)
            if "-m tests.emulator --port" in command or "-m tests.emulator --host" in command:
                stack.enter_context(emulator(shell, **where))
                continue
            run = subprocess.run(
                ["sh", "-c", (exports if here else "") + shell],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
                check=False,
                **where,
            )
            assert run.returncode == 0, "%s\n%s" % (command, run.stdout)
            for made in checkout.glob("*.tar.gz"):
                # The one file that the text says to carry to the other machine.
                shutil.copy2(made, empty)
