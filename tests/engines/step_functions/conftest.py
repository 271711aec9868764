"""The interpreters, each once for all tests of a process."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.engines.step_functions.functions import Functions, served
from tests.engines.step_functions.interpreters import Interpreter, absent, moto, node


@pytest.fixture(scope="session")
def functions() -> Iterator[Functions]:
    with served() as server:
        yield server


@pytest.fixture(scope="session", params=["moto", "aws-local-stepfunctions"])
def interpreter(request: pytest.FixtureRequest, functions: Functions) -> Iterator[Interpreter]:
    """One after the other; a test that skips says what is missing."""
    if request.param == "moto":
        pytest.importorskip("antlr4", reason="moto[stepfunctions] is not installed")
        logging.getLogger("moto").setLevel(logging.CRITICAL)
        with moto(functions) as found:
            yield found
        return
    if absent():
        pytest.skip(absent())
    with node(functions) as other:
        yield other
