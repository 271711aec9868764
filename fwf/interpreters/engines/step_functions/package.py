"""What does an export for Step Functions write, and what is one to do with it?

The definition knows neither an account nor a region: the function's name is put in by whoever
deploys it. No text of somebody's meets a template: Terraform reads the definition as a file.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any, Final

from fwf.analysis.requirements import requirements
from fwf.interpreters.engines.cut import Cut
from fwf.interpreters.engines.engine_names import Alphabet
from fwf.interpreters.engines.exports import ExportFiles, ExportRequest, check_importable
from fwf.interpreters.engines.step_functions.definition import definition
from fwf.interpreters.engines.step_functions.limits import beyond
from fwf.interpreters.engines.step_functions.ropes import FUNCTION
from fwf.interpreters.engines.step_functions.shares import limits_of

MACHINES: Final = Alphabet(60, "-_")
"""The names of state machines, of functions too with a few letters before."""
DEFINITION: Final = "definition.asl.json"


def export_files(cut: Cut, request: ExportRequest) -> ExportFiles:
    """A cut, what is asked for ⟶ the definition, what deploys it, and the commands.

    Raises `ValueError` for what AWS would refuse.
    """
    check_importable(request.target, "a function")
    text = definition(cut, request.target, request.name, limits_of(cut), request.pools)
    for problem in beyond(text):
        raise ValueError(problem)
    name = MACHINES.name(request.name)
    commands = _commands(name, _start(cut.workflow))
    files = {
        DEFINITION: text,
        "machine.tf": _file("machine.tf").replace("MACHINE_NAME", name),
        "function.tf": _file("function.tf"),
        "requirements.txt": f"./fwf-{_version()}-py3-none-any.whl[engines]\n",
        "README.md": _readme(name, commands),
    }
    return ExportFiles(files, (*commands, "README.md says it with Terraform, and more"))


def _version() -> str:
    try:
        return version("fwf")
    except PackageNotFoundError:
        return "VERSION"


def _file(name: str) -> str:
    """A file that is the same for all workflows, but for a machine's name and how it is started."""
    return files(__package__ or "").joinpath("files", name).read_text(encoding="utf-8")


def _start(w: Any) -> str:
    """What a run is started with, as a shell's word, where `$KEY` and `$GENERATION` are set."""
    names = {each.name: "…" for each in requirements(w).parameters if each.name.isascii()}
    params = json.dumps(names, ensure_ascii=False)
    start = f'{{"params": {params}, "key": "$KEY", "generation": $GENERATION}}'
    quoted = start.replace("'", "'\\''")
    for variable in ("$KEY", "$GENERATION"):
        quoted = quoted.replace(variable, f"'\"{variable}\"'")
    return f"'{quoted}'"


def _commands(name: str, start: str) -> tuple[str, ...]:
    machine = f"{name}.asl.json"
    execution = '$(printf \'%s %s\' "$KEY" "$GENERATION" | sha256sum | cut -c1-40)'
    return (
        f'sed "s|{FUNCTION}|$FUNCTION_ARN|" {DEFINITION} > {machine} && '
        f'aws stepfunctions create-state-machine --name {name} --role-arn "$ROLE_ARN" '
        f"--definition file://{machine}",
        "KEY=2026-06-01 GENERATION=1; aws stepfunctions start-execution "
        f'--state-machine-arn "$MACHINE_ARN" --name "{execution}" --input {start}',
    )


def _readme(name: str, commands: tuple[str, ...]) -> str:
    create, start = commands
    return _file("about.md").format(
        name=name,
        create=create,
        update=f'aws stepfunctions update-state-machine --state-machine-arn "$MACHINE_ARN" '
        f"--definition file://{name}.asl.json",
        start=start,
    )
