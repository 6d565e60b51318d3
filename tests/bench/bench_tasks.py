# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task costs next to ``ansible.builtin.uri`` doing the same call, and many users in one task next to a loop.

Run as ``python -m tests.bench.bench_tasks``. Prints a table; nothing is asserted. Every figure is measured in this run: a play with
one task is taken off a play with many, so that the start of Ansible is not part of it. On a busy machine processor time says more
than the clock; both are told.

The plays run in an environment of their own, as users have it: ansible-core, requests and auth0-python and nothing else, outside of
the checkout, with the collection installed from its tarball. The packages of the development environment make every import dearer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import requests
import yaml

from tests.emulator.launch import Running, start
from tests.support.playbook import ROOT

INFO = "mfaops.auth0.auth0_mfa_authenticator_info"
PACKAGES = ("ansible-core", "requests", "auth0-python")


class Cost(NamedTuple):
    """Of a play, or of one more task, in seconds: of all processors together, and by the clock."""

    cpu: float
    clock: float


class Plain:
    """An environment as users have it, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        wanted = ["%s==%s" % (name, version(name)) for name in PACKAGES]
        subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
        self._run(
            folder / "python/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *wanted
        )
        galaxy = folder / "python/bin/ansible-galaxy"
        self._run(galaxy, "collection", "build", ROOT, "--output-path", folder / "built")
        (tarball,) = (folder / "built").iterdir()
        self._run(galaxy, "collection", "install", tarball, "-p", folder / "collections", "--offline")

    @property
    def variables(self) -> dict[str, str]:
        """All of the environment that a play gets."""
        return {
            "PATH": "%s:/usr/bin:/bin" % (self.folder / "python/bin"),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
        }

    def _run(self, *command: object) -> None:
        subprocess.run(
            command, cwd=self.folder, env={**os.environ, **self.variables}, stdout=subprocess.DEVNULL, check=True
        )

    def play(self, playbook: Path) -> Cost:
        """What a playbook costs."""
        began = time.perf_counter()
        command = [self.folder / "python/bin/ansible-playbook", playbook]
        with subprocess.Popen(command, env=self.variables, cwd=self.folder, stdout=subprocess.DEVNULL) as process:
            _pid, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - began)


class Tenant:
    """A tenant without limits, and tokens for it."""

    def __init__(self, running: Running, plain: Plain) -> None:
        self.running, self.plain = running, plain
        self.renew()
        self.user_ids = self._user_ids()

    def renew(self) -> None:
        """Get new tokens: they expire before a long measurement ends."""
        audience = "https://%s" % self.running.domain
        self.operator_token = self._token(
            grant_type="client_credentials",
            client_id="m2m",
            client_secret="m2m-secret",
            audience=audience + "/api/v2/",
        )
        self.user_token = self._token(
            grant_type="http://auth0.com/oauth/grant-type/password-realm",
            realm="Username-Password-Authentication",
            client_id="app",
            client_secret="app-secret",
            username="user00001@example.com",
            password="Correct-Horse-7",
            audience=audience + "/mfa/",
        )

    def _token(self, **body: str) -> str:
        answer = requests.post(self.running.url + "/oauth/token", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def _user_ids(self) -> list[str]:
        headers, found = {"Authorization": "Bearer " + self.operator_token}, []
        for page in range(10):
            query = {"page": page, "per_page": 100, "fields": "user_id"}
            answer = requests.get(self.running.url + "/api/v2/users", params=query, headers=headers, timeout=10)
            found += [user["user_id"] for user in answer.json()]
        return found

    def uri(self, path: str, token: str) -> dict:
        """A task that reads a path with ``ansible.builtin.uri``."""
        headers = {"Authorization": "Bearer " + token}
        return {"ansible.builtin.uri": {"url": self.running.url + path, "headers": headers, "return_content": True}}

    def info(self, **options) -> dict:
        """A task that reads the same with this collection."""
        return {INFO: {"base_url": self.running.url, **options}}

    def pairs(self) -> dict[str, tuple[dict, dict]]:
        """The same call with ``ansible.builtin.uri`` and with this collection, from each side."""
        user_id = self.user_ids[2]
        methods = "/api/v2/users/%s/authentication-methods" % user_id.replace("|", "%7C")
        app = {"client_id": "app", "client_secret": "app-secret"}
        return {
            "as the user": (
                self.uri("/mfa/authenticators", self.user_token),
                self.info(mfa_token=self.user_token, **app),
            ),
            "as the operator": (
                self.uri(methods, self.operator_token),
                self.info(api_token=self.operator_token, user_id=user_id),
            ),
        }

    def cost(self, tasks: list[dict]) -> Cost:
        """What a play of these tasks costs."""
        playbook = self.plain.folder / "playbook.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        return self.plain.play(playbook)

    def cost_of_one_more(self, task: dict, tasks: int) -> Cost:
        """What one more of these tasks costs, in a play with so many."""
        one, many = self.cost([task]), self.cost([task] * tasks)
        return Cost(*((after - before) / (tasks - 1) for before, after in zip(one, many)))


def costs(tenant: Tenant, tasks: int, rounds: int) -> dict[str, tuple[Cost, ...]]:
    """Of each side what one more task costs that does nothing, asks by uri, and asks by this collection; medians of the rounds.

    In turn, so that a busy moment hits all of them.
    """
    figures: dict[str, list[list[Cost]]] = {side: [[], [], []] for side in tenant.pairs()}
    for _round in range(rounds):
        tenant.renew()
        for side, (peer, ours) in tenant.pairs().items():
            for task, own in zip(({"ansible.builtin.ping": {}}, peer, ours), figures[side]):
                own.append(tenant.cost_of_one_more(task, tasks))
    return {
        side: tuple(Cost(*map(statistics.median, zip(*own))) for own in compared) for side, compared in figures.items()
    }


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tasks", type=int, default=20, help="tasks in a play")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--users", type=int, default=1000, help="users read in one task; 0 for none")
    options.add_argument("--loop", type=int, default=100, help="users read in a loop of ansible.builtin.uri")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, start(users=1000) as running:
        tenant = Tenant(running, Plain(Path(folder)))
        print(
            "| One more task | | nothing (ping) | ansible.builtin.uri | this collection | ratio to uri |\n|---|---|---|---|---|---|"
        )
        for side, found in costs(tenant, given.tasks, given.rounds).items():
            for what, figures in zip(("processor", "clock"), zip(*found)):
                shown = " | ".join("%.0f ms" % (figure * 1000) for figure in figures)
                print("| %s | %s | %s | %.2f |" % (side, what, shown, figures[2] / figures[1]), flush=True)
        if given.users:
            _many(tenant, given.users, given.loop)


def _many(tenant: Tenant, users: int, looped: int) -> None:
    tenant.renew()
    empty = tenant.cost([]).clock
    bulk = tenant.cost([tenant.info(api_token=tenant.operator_token, user_ids=tenant.user_ids[:users])]).clock - empty
    path = "/api/v2/users/{{ item | urlencode | replace('/', '%2F') }}/authentication-methods"
    task = {**tenant.uri(path, tenant.operator_token), "loop": tenant.user_ids[:looped]}
    loop = tenant.cost([task]).clock - empty
    ours, theirs = bulk / users * 1000, loop / looped * 1000
    print(
        "\n%d users in one task: %.2f s, %.2f ms a user. %d users in a loop of ansible.builtin.uri: %.1f s, %.0f ms a user. "
        "Ratio %.0f." % (users, bulk, ours, looped, loop, theirs, theirs / ours)
    )


if __name__ == "__main__":
    main()
