"""The rooms of the house: data opens no files, and imports of modules go in no circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import fwf

HOME = Path(fwf.__file__).parent
DATA = ("algebra", "analysis", "display", "types", "worlds")
OPENS = {"open", "read_bytes", "read_text", "write_bytes", "write_text"}
MODULES = {
    ".".join(("fwf", *each.relative_to(HOME).with_suffix("").parts)).removesuffix(".__init__"): each
    for each in HOME.rglob("*.py")
}


def imports(module: Path) -> set[str]:
    """The modules of fwf that one imports as soon as it is imported itself."""
    found: set[str] = set()
    for each in ast.parse(module.read_text()).body:
        if isinstance(each, ast.ImportFrom) and each.module in MODULES:
            inside = {f"{each.module}.{name.name}" for name in each.names}
            found |= inside & MODULES.keys() or {each.module}
    return found


def test_there_is_no_circle_of_imports() -> None:
    graph = {name: imports(module) - {name} for name, module in MODULES.items()}
    assert "fwf.algebra.workflow" in graph["fwf.algebra.nodes"]
    assert [*TopologicalSorter(graph).static_order()]  # raises CycleError


@pytest.mark.parametrize("room", DATA)
def test_what_is_data_opens_no_file(room: str) -> None:
    for module in (HOME / room).rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", None)
            assert name not in OPENS, f"{module.name}:{getattr(node, 'lineno', 0)}"
