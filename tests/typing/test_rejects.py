"""Whether every line of rejects.py is refused by both type checkers, and not by neither."""

import ast
from pathlib import Path

SOURCE = (Path(__file__).parent / "rejects.py").read_text()


def test_every_wrong_line_is_marked_for_both_type_checkers() -> None:
    lines = SOURCE.splitlines()
    wrong = [
        node.lineno
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ]
    assert len(wrong) > 50
    for number in wrong:
        line = lines[number - 1]
        assert "# type: ignore[" in line and "# pyright: ignore[" in line, line
