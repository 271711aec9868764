"""Two interpreters of Amazon's States Language, which know nothing of one another.

moto runs in this process, aws-local-stepfunctions in one of node's; both call functions over HTTP.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from unittest.mock import patch

from tests.engines.step_functions.functions import Function, Functions

HERE = Path(__file__).parent
NODE = Path(os.environ.get("FWF_STEP_FUNCTIONS", HERE.parents[2] / ".venvs/step-functions"))
"""Where `make engines` puts the packages of node."""
ROLE = "arn:aws:iam::123456789012:role/fwf"
REGION = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


_machines = count(1)
"""Of this process: moto keeps what it has from one that is there to the next."""


class Ran(NamedTuple):
    """How an execution ended: its output, or an error and what that says."""

    output: Any
    error: str | None = None
    cause: str = ""


class Interpreter(Protocol):
    """What runs a definition."""

    name: str

    def run(self, definition: str, given: Any, function: Function, *, waits: bool = False) -> Ran:
        """Run it; unless it `waits`, a Wait takes no time."""
        ...


class Moto:
    """That of moto, which is that of LocalStack."""

    name = "moto"

    def __init__(self, functions: Functions) -> None:
        boto3: Any = importlib.import_module("boto3")
        self._functions = functions
        self._client = boto3.client("stepfunctions", **REGION)
        self._machine = self._execution = ""

    def run(self, definition: str, given: Any, function: Function, *, waits: bool = False) -> Ran:
        self._functions.answer = function
        client, name = self._client, f"m{os.getpid()}-{next(_machines)}"
        if self._machine:
            client.delete_state_machine(stateMachineArn=self._machine)
        made = client.create_state_machine(name=name, definition=definition, roleArn=ROLE)
        with patched(waits):
            begun = client.start_execution(
                stateMachineArn=made["stateMachineArn"], name="run", input=json.dumps(given)
            )
            arn, pause = begun["executionArn"], 0.001
            while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
                time.sleep(pause)
                pause = min(pause * 1.5, 0.05)
        self._execution = arn
        self._machine = made["stateMachineArn"]
        if found["status"] == "SUCCEEDED":
            return Ran(json.loads(found["output"]))
        return Ran(None, found.get("error", found["status"]), found.get("cause", ""))

    def events(self) -> int:
        """Of the last execution."""
        history = self._client.get_paginator("get_execution_history")
        pages = history.paginate(executionArn=self._execution)
        return sum(len(page["events"]) for page in pages)


@contextmanager
def patched(waits: bool) -> Iterator[None]:
    """While nothing of moto waits in real time, unless it should."""
    if waits:
        yield
        return
    retry: Any = importlib.import_module(
        "moto.stepfunctions.parser.asl.component.common.retry.retrier_decl"
    )
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
        WaitFunction,
    )

    with (
        patch.object(WaitFunction, "_wait_interval", lambda *given, **named: None),
        patch.object(retry.time, "sleep", lambda seconds: None),
    ):
        yield


@contextmanager
def moto(functions: Functions) -> Iterator[Moto]:
    """moto, while it is there."""
    from moto import mock_aws
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
    from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

    config: Any = {
        "stepfunctions": {"execute_state_machine": True},
        "core": {"passthrough": {"services": ["lambda"]}, "mock_credentials": False},
    }
    names = {"AWS_ENDPOINT_URL_LAMBDA": functions.url, "AWS_DEFAULT_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    one = cache(partial(boto_client_for, "us-east-1", "lambda"))  # a client takes long to make
    one_client = patch.object(lambda_eval_utils, "boto_client_for", lambda **asked: one())
    mock = mock_aws(config=config)
    with patch.dict(os.environ, {**names, **keys}), one_client:
        mock.start(reset=False)  # what a server in this process has, it keeps
        try:
            yield Moto(functions)
        finally:
            mock.stop(remove_data=False)


class Node:
    """aws-local-stepfunctions."""

    name = "aws-local-stepfunctions"

    def __init__(self, functions: Functions, process: subprocess.Popen[str]) -> None:
        self._functions = functions
        self._process = process
        self.checked = True
        self._n = 0

    def run(self, definition: str, given: Any, function: Function, *, waits: bool = False) -> Ran:
        self._functions.answer = function
        asked = {
            "definition": definition,
            "input": given,
            "functions": self._functions.url,
            "waits": None if waits else 0,
            "checked": self.checked,
        }
        end = self._asked(asked)
        return Ran(end.get("output"), end.get("error"), end.get("cause", ""))

    def lint(self, definition: str) -> list[str]:
        """What asl-validator finds wrong with a definition."""
        found: list[str] = self._asked({"lint": definition})["output"]
        return found

    def _asked(self, asked: dict[str, Any]) -> Any:
        self._n += 1
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps({"id": self._n, **asked}) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, "node has ended"
        end = json.loads(line)
        assert end["id"] == self._n
        return end


@contextmanager
def node(functions: Functions) -> Iterator[Node]:
    """A process of node with aws-local-stepfunctions, while it is there."""
    program = ["node", str(HERE / "machine.mjs"), str(NODE)]
    with subprocess.Popen(program, stdin=-1, stdout=-1, text=True, encoding="utf-8") as process:
        yield Node(functions, process)
        assert process.stdin is not None
        process.stdin.close()


def absent() -> str:
    """Why aws-local-stepfunctions can't be run here, or nothing."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (NODE / "node_modules/aws-local-stepfunctions").exists():
        return f"{NODE} has no aws-local-stepfunctions: make engines"
    return ""
