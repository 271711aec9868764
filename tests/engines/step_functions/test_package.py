"""What `fwf export --to step-functions` writes, and whether its commands do what they say."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fwf import branch, it, named, seq, task
from fwf.cli.exported_files import MANIFEST
from fwf.interpreters.engines import ENGINES, ExportFiles, ExportRequest
from fwf.interpreters.engines.step_functions.package import DEFINITION
from fwf.interpreters.engines.worker.verbs import answer_call
from tests.cli_support import ROOT, fwf
from tests.engines.kit import cases, how_many, options
from tests.engines.kit.texts import Hostile
from tests.engines.step_functions.test_definitions import MARK

TARGET = "tests.engines.step_functions.test_package:daily"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:fwf-daily:7"
FILES = {DEFINITION, "machine.tf", "function.tf", "requirements.txt", "README.md"}
FAKE = """#!/bin/sh
for word in "$@"; do printf '%s\\0' "$word" >> "$AWS_LOG"; done
"""


@task(effect="read")
def read(*, day: str) -> int:
    return len(day)


@task(effect="idempotent")
def load(n: int) -> int:
    return n + 1


daily = named("daily", read >> branch(it > 3, then=load, otherwise=load))


def export(w: Any, target: str = TARGET, name: str = "daily", pools: Any = None) -> ExportFiles:
    engine = ENGINES["step-functions"]
    return engine.load_printer()(engine.cut(w), ExportRequest(target, name, pools or {}))


def shell(line: str, folder: Path, **env: str) -> list[str]:
    """A command in a shell, in which `aws` does nothing ⟶ what that was called with."""
    program, log = folder / "bin" / "aws", folder / "aws.log"
    program.parent.mkdir(exist_ok=True)
    program.write_text(FAKE)
    program.chmod(0o755)
    log.unlink(missing_ok=True)
    path = f"{program.parent}:{os.environ['PATH']}"
    subprocess.run(
        ["sh", "-euc", line], cwd=folder, env={"PATH": path, "AWS_LOG": str(log), **env}, check=True
    )
    return log.read_text().split("\0")[:-1]


def test_the_commands_deploy_and_start_it(tmp_path: Path) -> None:
    done = fwf("export", TARGET, "--to", "step-functions", "-o", str(tmp_path), cwd=ROOT)
    assert done.status == 0, done.err
    assert {file.name for file in tmp_path.iterdir()} == {*FILES, MANIFEST}
    create, start = [line for line in done.err.splitlines() if "aws stepfunctions" in line]
    words = shell(create, tmp_path, FUNCTION_ARN=ARN, ROLE_ARN="arn:role")
    assert words[:4] == ["stepfunctions", "create-state-machine", "--name", "daily"]
    assert words[-1] == "file://daily.asl.json" and "arn:role" in words
    machine = json.loads((tmp_path / "daily.asl.json").read_text())
    tasks = [each for each in machine["States"].values() if each["Type"] == "Task"]
    assert {each["Resource"] for each in tasks} == {ARN}
    words = shell(start, tmp_path, MACHINE_ARN="arn:machine")
    given = dict(zip(words[2::2], words[3::2], strict=True))
    name = hashlib.sha256(b"2026-06-01 1").hexdigest()[:40]
    assert (given["--name"], given["--state-machine-arn"]) == (name, "arn:machine")
    begin = {**tasks[0]["Parameters"], "in": json.loads(given["--input"])}
    assert answer_call({k: v for k, v in begin.items() if k != "in.$"})["out"]["word"] == "ok"


def test_what_the_page_says_is_what_is_told() -> None:
    found = export(daily)
    for line in found.commands[:2]:
        assert f"\n{line}\n" in found.files["README.md"]
    assert {*found.files} == FILES
    (line,) = found.files["requirements.txt"].splitlines()
    assert re.fullmatch(r"\./fwf-[0-9.]+-py3-none-any\.whl\[engines\]", line), "not from an index"


def test_no_text_of_somebodys_meets_a_template_or_a_shell() -> None:
    for case in cases(how_many(60, 1_000), options(hostile=True)):
        assert isinstance(case.texts, Hostile)
        for name in [*case.texts.said.values()][:3]:
            found = export(case.workflow, name=name, pools=case.pools)
            others = [text for file, text in found.files.items() if file != DEFINITION]
            for text in (*others, *found.commands):
                plain = re.sub(r"[A-Za-z0-9_-]+-[0-9a-f]{12}|[A-Za-z0-9_-]{1,60}", "", text)
                assert not MARK.search(plain), case
                assert "%{ if" not in text and "${code}" not in text


def test_terraform_reads_the_definition_as_a_file() -> None:
    text = export(daily, name="a ${code} %{ if true }").files["machine.tf"]
    assert '"a-code-if-true-' in text
    assert 'replace(file("${path.module}/definition.asl.json"), "<function-arn>"' in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("target", ["my-flow:w", "no module", "a.b", "a:b.c"])
def test_what_a_function_cant_import_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="nothing that a function can import"):
        export(daily, target)


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    long = seq(*[named(f"{at} " + "é" * 2_000, load) for at in range(120)])
    with pytest.raises(ValueError, match=r"takes [\d,]+ bytes, of at most 1,000,000"):
        export(long)
