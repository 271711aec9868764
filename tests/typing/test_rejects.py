"""Whether every line of rejects*.py is refused by both type checkers, and not by neither."""

import ast
from pathlib import Path

import pytest

REJECTS = sorted(Path(__file__).parent.glob("rejects*.py"))


@pytest.mark.parametrize("file", REJECTS, ids=lambda file: file.stem)
def test_every_wrong_line_is_marked_for_both_type_checkers(file: Path) -> None:
    source = file.read_text()
    lines = source.splitlines()
    wrong = [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ]
    assert len(wrong) > 50
    for number in wrong:
        line = lines[number - 1]
        assert "# type: ignore[" in line and "# pyright: ignore[" in line, line


def test_a_wrong_edge_between_tasks_is_refused_again_when_the_workflow_is_built() -> None:
    body = ast.parse((Path(__file__).parent / "rejects_tasks.py").read_text()).body
    definitions = [node for node in body if not isinstance(node, ast.Expr)]
    drawn = next(i for i, node in enumerate(definitions) if getattr(node, "name", "") == "drawn")
    names: dict[str, object] = {"__name__": "rejects_tasks"}
    exec(compile(ast.Module(definitions[:drawn], []), "rejects_tasks.py", "exec"), names)
    lines = [ast.unparse(node) for node in body if isinstance(node, ast.Expr)]
    edges = [line for line in lines if " >> " in line]
    assert len(edges) > 25
    for edge in edges:
        with pytest.raises(TypeError, match="takes"):
            print(edge, "is", eval(edge, names))
