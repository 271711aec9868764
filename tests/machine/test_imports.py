"""The machine's modules build on one another in one direction; types alone may point back."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import fwf.machine

HOME = Path(fwf.machine.__path__[0])


def imports(module: Path) -> set[str]:
    """The machine's modules that a module imports when it runs, by their names."""
    tree = ast.parse(module.read_text())
    found = {each.module or "" for each in tree.body if isinstance(each, ast.ImportFrom)}
    return {name.removeprefix("fwf.machine.") for name in found if name.startswith("fwf.machine.")}


def test_there_is_no_circle_of_imports() -> None:
    modules = {each.stem: imports(each) for each in HOME.glob("*.py")}
    assert "machine" in modules and "fibers" in modules["machine"]
    order = [*TopologicalSorter(modules).static_order()]  # raises CycleError
    assert order[-1] in ("__init__", "machine")
