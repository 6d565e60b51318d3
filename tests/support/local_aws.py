# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets Manager and S3 on loopback: the moto server in a process of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

REGION = "eu-west-1"
_START_SECONDS = 60.0


class LoopbackAws:
    """How clients reach an AWS on loopback.

    :ivar url: address of all services
    """

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point any AWS client here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str):
        """A boto3 client of this AWS."""
        import boto3

        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )


class LocalAws(LoopbackAws):
    """A context manager; the process ends with it."""

    def __enter__(self) -> LocalAws:
        port = free_port()
        self.url = "http://127.0.0.1:%d" % port
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception) -> None:
        self._process.kill()
        self._process.wait()

    def create_bucket(self, name: str) -> None:
        """A new bucket."""
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    def put_secret(self, name: str, value: object) -> str:
        """Create the secret or give it a new value.

        :param value: text as it is, anything else as JSON
        :returns: its ARN
        """
        secrets = self.client("secretsmanager")
        text = value if isinstance(value, str) else json.dumps(value)
        try:
            return secrets.create_secret(Name=name, SecretString=text)["ARN"]
        except secrets.exceptions.ResourceExistsException:
            return secrets.put_secret_value(SecretId=name, SecretString=text)["ARN"]

    def read(self, bucket: str, key: str) -> bytes:
        """The content of one object."""
        return self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(self.url + "/moto-api/", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                if self._process.poll() is not None:
                    raise RuntimeError("the local AWS ended with %s" % self._process.returncode) from None
                if time.monotonic() > deadline:
                    raise RuntimeError("the local AWS did not answer within %.0f s" % _START_SECONDS) from None
                time.sleep(0.05)


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
