# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole path in one go: embedded tenant, playbook, audit from the shell and in the Lambda runtime, report.

    make demo

Everything runs on loopback and ends with this process; what it leaves is in build/demo/.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from ..emulator.launch import Running, start
from ..support.function_zip import unpacked_function
from ..support.lambda_runtime import FunctionError, LambdaFunction
from ..support.local_aws import LocalAws

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "demo"
ENVIRONMENT = Path(sys.prefix)
USERS, SEED = 200, 7
AUDIT = "ansible_collections.mfaops.auth0.audit"
SECRET, BUCKET = "mfa-audit/auth0", "mfa-audit-reports"

_started = time.monotonic()


def say(text: str) -> None:
    """One line on what is going on, with the seconds since the start."""
    print("%5.1f s  %s" % (time.monotonic() - _started, text), flush=True)


def play(url: str, log: Path, *options: str) -> None:
    """Run the demo playbook and show one line a task; the whole output goes into the log.

    :raises subprocess.CalledProcessError: the playbook failed
    """
    command = [
        str(ENVIRONMENT / "bin" / "ansible-playbook"),
        "playbooks/demo.yml",
        "--diff",
        "-e",
        "base_url=" + url,
        *options,
    ]
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
    environment.update(ANSIBLE_NOCOLOR="1", ANSIBLE_DEPRECATION_WARNINGS="false", LC_ALL="C.UTF-8")
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / "build" / "collections")
    task = ""
    with (
        log.open("w") as copy,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        for line in process.stdout:
            copy.write(line)
            if line.startswith("TASK ["):
                task = line[len("TASK [") : line.rindex("]")]
            elif line.startswith(("ok: ", "changed: ")):
                say("         %-8s %s" % (line.partition(":")[0], task))
            elif line.startswith('    "msg": '):
                say("                  %s" % json.loads("{%s}" % line.strip().rstrip(","))["msg"])
            elif line.startswith("localhost "):
                say("         " + " ".join(line.partition(":")[2].split()[:4]))
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, log.read_text())


def shell(tenant: Running, command: str, *options: str, ends: tuple[int, ...] = (0,)) -> str:
    """Run the audit's command and show what it tells meanwhile; returns what it prints.

    :raises RuntimeError: it ended with another exit code than one of these
    """
    say("   $ python -m ...audit %s" % " ".join([command, *options]))
    words = [sys.executable, "-m", AUDIT, command, "--base-url", tenant.url, "--folder", str(OUTPUT / "audits")]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "build" / "collections")}
    environment.update(AUTH0_CLIENT_ID="m2m-readonly", AUTH0_CLIENT_SECRET="m2m-readonly-secret")
    with subprocess.Popen(
        [*words, *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr:
            say("         " + line.rstrip())
        printed = process.stdout.read()
    if process.returncode not in ends:
        raise RuntimeError("the audit ended with exit code %d" % process.returncode)
    for line in printed.splitlines():
        if line.startswith(("To ", "Users: ", "Requests: ", "PARTIAL: ")):
            say("         " + line)
    return printed


def audit(tenant: Running, aws: LocalAws) -> dict:
    """Run the audit function over all users and fetch its reports; returns what is in summary.json."""
    aws.create_bucket(BUCKET)
    aws.put_secret(
        SECRET,
        {
            "domain": tenant.domain,
            "base_url": tenant.url,
            "client_id": "m2m-readonly",
            "client_secret": "m2m-readonly-secret",
        },
    )
    function = unpacked_function(OUTPUT / "function")
    settings = {"AUDIT_TENANT": tenant.domain, "AUDIT_SECRET": SECRET, "AUDIT_BUCKET": BUCKET, **aws.environment}
    state = None
    with LambdaFunction([function, ENVIRONMENT / "lambda" / "runtime"], settings) as audit_function:
        try:
            # As the state machine does: one segment after the other.
            while state is None or state["next"] != "end":
                time.sleep(state["wait"] if state else 0)
                state = audit_function.invoke({"execution": "demo", "state": state})
        finally:
            (OUTPUT / "function.log").write_text(audit_function.output)
    for name, key in json.loads(aws.read(BUCKET, tenant.domain + "/latest.json"))["keys"].items():
        (OUTPUT / name).write_bytes(aws.read(BUCKET, key))
    return json.loads((OUTPUT / "summary.json").read_text())


def _interrupt(number: int, _frame) -> None:
    raise KeyboardInterrupt(number)


def main() -> None:
    """Run it all."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # As with ctrl-c, so that no process is left behind.
        signal.signal(number, _interrupt)
    # Everything is on loopback, and boto3 and ansible.builtin.uri would send even that through a proxy.
    os.environ.update(NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    say("1. starting the embedded Auth0 tenant: %d users, seed %d" % (USERS, SEED))
    with start(users=USERS, seed=SEED, plan="enterprise", switches={"export-seconds": 0}) as tenant:
        say("   it answers at %s" % tenant.url)
        say("2. running playbooks/demo.yml")
        play(tenant.url, OUTPUT / "playbook-1.log")
        say("   the same again: nothing should change")
        play(tenant.url, OUTPUT / "playbook-2.log", "--skip-tags", "once")
        say("3. auditing from the shell, paced by the tenant's rate limit")
        shell(tenant, "plan")
        say("   a run that has only 6 seconds: what it reads is kept")
        # A very slow machine does not list the users in that time, which is told with exit code 2.
        shell(tenant, "run", "--deadline", "6s", ends=(3, 2))
        say("   the same again: it goes on where it was")
        printed = shell(tenant, "run")
        say("   once more: only what changed since then is read, and 1/30 of the rest")
        shell(tenant, "run")
        say("4. the same audit in the Lambda runtime, with Secrets Manager and S3 on loopback")
        with LocalAws() as aws:
            summary = audit(tenant, aws)
        say("         %(read)d of %(listed)d users read" % summary["coverage"])
    say("5. the report of the first audit from the shell; the function's is %s" % (OUTPUT / "report.html"))
    print()
    print(printed)


if __name__ == "__main__":
    try:
        main()
    except (FunctionError, RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(
            "The demo stopped: %s\nWhat was said so far is in %s" % (getattr(error, "output", None) or error, OUTPUT)
        )
    except KeyboardInterrupt:
        sys.exit(130)
