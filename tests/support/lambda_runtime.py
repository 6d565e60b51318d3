# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a function in the real Lambda runtime client, without containers.

The client (awslambdaric) is a child process that asks a small Runtime API for events, as it does in Lambda: time-outs,
crashes and ``get_remaining_time_in_millis`` are real. It runs on the base interpreter without site-packages, so that
nothing is importable but the standard library and the folders given.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Mapping, Sequence

FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"
_PREFIX = "/2018-06-01/runtime/"
_INIT_SECONDS = 30.0


class FunctionError(Exception):
    """The invocation failed.

    :ivar kind: ``errorType``: the name of the exception's class, ``Sandbox.Timedout`` or ``Runtime.ExitError``
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__("%s: %s" % (kind, message))
        self.kind = kind
        self.message = message


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        # A killed process leaves its connection half open; that is no error of ours.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LambdaFunction:
    """One function with at most one warm process. A context manager; no process outlives it."""

    def __init__(
        self,
        code_dirs: Sequence[str | os.PathLike],
        env: Mapping[str, str],
        timeout: float = 900.0,
        handler: str = "handler.handler",
        name: str = "mfa-audit",
    ) -> None:
        """
        :param code_dirs: folders for the import path; awslambdaric and boto3 have to be in one of them
        :param env: the function's environment variables, and all it gets beside Lambda's own
        :param timeout: seconds an invocation may take
        """
        self._code_dirs = [str(Path(folder).resolve()) for folder in code_dirs]
        self._env, self._timeout, self._handler, self._name = dict(env), timeout, handler, name
        self._events: queue.Queue = queue.Queue()
        self._answers: queue.Queue = queue.Queue()
        self._process: subprocess.Popen | None = None
        self._deadline = 0.0
        self._log = tempfile.TemporaryFile()
        self._server = _Server(("127.0.0.1", 0), self._runtime_api())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def __enter__(self) -> LambdaFunction:
        return self

    def __exit__(self, *_exception) -> None:
        self._kill()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._log.close()

    @property
    def output(self) -> str:
        """Everything the function wrote to standard output and error so far: what CloudWatch would have."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    @property
    def pid(self) -> int | None:
        """Of its process; None while there is none."""
        return self._process.pid if self._process is not None else None

    def invoke(self, event: object) -> object:
        """Run the handler once and return its result.

        :raises FunctionError: it raised, ran out of time, or its process ended
        """
        if self._process is None:
            self._start()
        request_id = str(uuid.uuid4())
        # As in Lambda, the time-out begins when the runtime takes the event: imports have a limit of their own.
        self._deadline = time.time() + _INIT_SECONDS
        self._events.put((request_id, json.dumps(event).encode()))
        while True:
            try:
                answered, kind, body = self._answers.get(timeout=0.05)
            except queue.Empty:
                if self._process.poll() is not None and self._answers.empty():
                    code = self._process.returncode
                    self._kill()
                    raise FunctionError("Runtime.ExitError", "the process ended with %s" % code) from None
                if time.time() > self._deadline:
                    self._kill()
                    raise FunctionError(
                        "Sandbox.Timedout", "Task timed out after %.2f seconds" % self._timeout
                    ) from None
                continue
            if kind == "init":
                self._kill()
            elif answered != request_id:
                continue
            if kind == "response":
                return json.loads(body)
            problem = json.loads(body)
            raise FunctionError(problem.get("errorType", "Unknown"), problem.get("errorMessage", ""))

    def _start(self) -> None:
        self._events, self._answers = queue.Queue(), queue.Queue()
        interpreter = Path(sys.base_prefix) / "bin" / ("python%d.%d" % sys.version_info[:2])
        environment = {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(self._code_dirs),
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self._server.server_address[1],
            "LAMBDA_TASK_ROOT": self._code_dirs[0],
            "AWS_LAMBDA_FUNCTION_NAME": self._name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_REGION": "eu-west-1",
            **self._env,
        }
        self._process = subprocess.Popen(
            [str(interpreter), "-S", "-B", "-m", "awslambdaric", self._handler],
            cwd=self._code_dirs[0],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._events.put(None)  # lets the thread go that waits for the next event

    def _runtime_api(self) -> type[BaseHTTPRequestHandler]:
        function = self

        class RuntimeApi(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # unbuffered headers cost 45 ms a call

            def do_GET(self) -> None:
                event = function._events.get()
                if event is None:
                    self.close_connection = True
                    return
                request_id, body = event
                function._deadline = time.time() + function._timeout
                headers = {
                    # The native client crashes without a content type.
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int(function._deadline * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": FUNCTION_ARN + function._name,
                }
                self._send(200, headers, body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path.startswith(_PREFIX + "init/"):
                    function._answers.put((None, "init", body))
                else:
                    _before, _slash, rest = self.path.partition("/invocation/")
                    request_id, _slash, kind = rest.partition("/")
                    function._answers.put((request_id, kind, body))
                self._send(202, {"Content-Type": "application/json"}, b'{"status":"OK"}')

            def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments) -> None:
                pass

        return RuntimeApi
