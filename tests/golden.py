"""What do interpreters say of each example? `make golden` writes it anew for review.

An example is a module of `examples`, or the `workflow` module of a folder there, that has a
`workflow`. A new kind of file is a line in `FILES`; a new example needs nothing.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from typing import Any

from fwf import Workflow, dry_run
from fwf.interpreters.check import check
from fwf.interpreters.diagram import mermaid, svg
from fwf.interpreters.lineage import lineage
from fwf.interpreters.needs import needs
from fwf.interpreters.plan import plan
from fwf.interpreters.pretty import pretty

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"
COMMAND = "make golden"
WIDTH = 100
SAMPLES: dict[Any, object] = {
    bool: True,
    int: 1,
    float: 1.0,
    str: "x",
    Decimal: Decimal(1),
    date: date(2026, 7, 15),
    datetime: datetime(2026, 7, 15),
}
"""A value for each type of parameter that an example leaves open."""


def issues(w: Workflow[Any, Any]) -> str:
    """All issues, in a form that does not move with the lines of the source."""
    said = [f"{issue.severity}: {issue}" for issue in check(w)]
    return re.sub(r"\.py:\d+", ".py:N", "\n".join(said)) or "no issues"


def timeline(w: Workflow[Any, Any]) -> str:
    """The dry run in which every task succeeds at once, with one value for each parameter."""
    open_ = [each for each in needs(w).parameters if not each.optional]
    return str(dry_run(w, params={each.name: SAMPLES[each.types[0]] for each in open_}))


def lineage_json(w: Workflow[Any, Any]) -> str:
    """Datasets in and out, down to the columns."""
    return json.dumps(lineage(w, columns=True).to_json(), indent=2, ensure_ascii=False)


FILES: dict[str, Callable[[Workflow[Any, Any]], str]] = {
    "pretty.txt": lambda w: pretty(w, width=WIDTH),
    "needs.txt": lambda w: str(needs(w)),
    "check.txt": issues,
    "trace.txt": timeline,
    "lineage.json": lineage_json,
    "plan.json": plan,
    "diagram.mmd": mermaid,
    "diagram.svg": svg,
}


def examples() -> dict[str, str]:
    """The name of each example's folder, and the module that has its workflow."""
    found: dict[str, str] = {}
    for path in [*(ROOT / "examples").glob("*.py"), *(ROOT / "examples").glob("*/workflow.py")]:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if hasattr(import_module(module), "workflow"):
            found[path.parent.name if path.stem == "workflow" else path.stem] = module
    return dict(sorted(found.items()))


def contents(module: str) -> Iterator[tuple[str, str]]:
    """An example's module ⟶ its files: name and text."""
    w = import_module(module).workflow
    for name, said in FILES.items():
        yield name, said(w).rstrip("\n") + "\n"


def drift() -> list[str]:
    """What is not as it was reviewed: files that differ, are missing, or belong to nothing."""
    wanted = {
        f"{example}/{name}": text
        for example, module in examples().items()
        for name, text in contents(module)
    }
    there = {
        path.relative_to(GOLDEN).as_posix(): path.read_bytes().decode()
        for path in GOLDEN.glob("*/*")
    }
    return sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))


def write() -> None:
    """Write all files anew, and remove what belongs to no example."""
    for folder in GOLDEN.iterdir():
        if folder.is_dir():
            rmtree(folder)
    for example, module in examples().items():
        (GOLDEN / example).mkdir()
        for name, text in contents(module):
            (GOLDEN / example / name).write_bytes(text.encode())


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    changed = drift()
    write()
    print("\n".join(changed) or "nothing changed")
