# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task costs next to ``ansible.builtin.uri`` doing the same call, and many users in one task next to a loop.

Run as ``python -m tests.bench.bench_tasks``. Prints a table; nothing is asserted. Every figure is measured in this run: a play with
one task is taken off a play with many, so that the start of Ansible is not part of it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import requests
import yaml

from tests.emulator.launch import Running, start
from tests.support.playbook import BIN, environment

INFO = "mfaops.auth0.auth0_mfa_authenticator_info"


class Tenant:
    """A tenant without limits, and tokens for it."""

    def __init__(self, running: Running, folder: Path) -> None:
        self.running, self.folder = running, folder
        audience = "https://%s" % running.domain
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
        self.user_ids = self._user_ids()

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

    def seconds(self, tasks: list[dict]) -> float:
        """How long a play of these tasks takes."""
        playbook = self.folder / "playbook.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        began = time.perf_counter()
        subprocess.run(
            [BIN / "ansible-playbook", playbook],
            env=environment(),
            stdout=subprocess.DEVNULL,
            check=True,
            cwd=self.folder,
        )
        return time.perf_counter() - began


def costs(tenant: Tenant, compared: list[dict], tasks: int, rounds: int) -> list[float]:
    """Milliseconds of one more of each task, the median of the rounds; in turn, so that a busy moment hits all of them."""
    figures: list[list[float]] = [[] for _task in compared]
    for _round in range(rounds):
        for task, own in zip(compared, figures):
            one, many = tenant.seconds([task]), tenant.seconds([task] * tasks)
            own.append((many - one) / (tasks - 1) * 1000)
    return [statistics.median(own) for own in figures]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tasks", type=int, default=20, help="tasks in a play")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--users", type=int, default=1000, help="users read in one task")
    options.add_argument("--loop", type=int, default=100, help="users read in a loop of ansible.builtin.uri")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, start(users=1000) as running:
        tenant = Tenant(running, Path(folder))
        user_id = tenant.user_ids[2]
        methods = "/api/v2/users/%s/authentication-methods" % user_id.replace("|", "%7C")
        app = {"client_id": "app", "client_secret": "app-secret"}
        pairs = {
            "as the user": (
                tenant.uri("/mfa/authenticators", tenant.user_token),
                tenant.info(mfa_token=tenant.user_token, **app),
            ),
            "as operator": (
                tenant.uri(methods, tenant.operator_token),
                tenant.info(api_token=tenant.operator_token, user_id=user_id),
            ),
        }
        print(
            "| One more task | nothing (ping) | ansible.builtin.uri | this collection | ratio to uri |\n|---|---|---|---|---|"
        )
        for side, (peer, ours) in pairs.items():
            compared = [{"ansible.builtin.ping": {}}, peer, ours]
            ping, uri, own = costs(tenant, compared, given.tasks, given.rounds)
            print("| %s | %.0f ms | %.0f ms | %.0f ms | %.2f |" % (side, ping, uri, own, own / uri))
        empty = tenant.seconds([])
        bulk = tenant.seconds([tenant.info(api_token=tenant.operator_token, user_ids=tenant.user_ids[: given.users])])
        path = "/api/v2/users/{{ item | urlencode | replace('/', '%2F') }}/authentication-methods"
        loop = {**tenant.uri(path, tenant.operator_token), "loop": tenant.user_ids[: given.loop]}
        looped = tenant.seconds([loop])
        per_user = (bulk - empty) / given.users, (looped - empty) / given.loop
        print(
            "\n%d users in one task: %.2f s, %.2f ms a user. %d users in a loop of ansible.builtin.uri: %.1f s, %.0f ms a user. "
            "Ratio %.0f."
            % (
                given.users,
                bulk - empty,
                per_user[0] * 1000,
                given.loop,
                looped - empty,
                per_user[1] * 1000,
                per_user[1] / per_user[0],
            )
        )


if __name__ == "__main__":
    main()
