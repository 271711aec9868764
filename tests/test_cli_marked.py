"""A message that shows a place in a text: its line and the mark below stay lines of their own."""

import pytest

from fwf.cli.refused_commands import Misuse, behind
from fwf.secrets import remember

SHOWN = "\n    12 │ SELECT idd\n       │        ^^^"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (f"no column{SHOWN}", f"no column{SHOWN}"),
        (f"no\n  column{SHOWN}", f"no column{SHOWN}"),
        ("no\n    column", "no column"),
        (f"no column{SHOWN}\nbehind it", "no column 12 │ SELECT idd │        ^^^ behind it"),
        ("no\n    12 │ a\tb\x1b[2J", "no\n    12 │ a\\tb\\x1b[2J"),
        ("", ""),
        (f"{'x' * 700}{SHOWN}", f"{'x' * 599}…{SHOWN}"),
    ],
)
def test_only_such_lines_stay(message: str, line: str) -> None:
    assert Misuse(message).lines == (line,)
    assert Misuse(*Misuse(message).lines).lines == (line,)


def test_what_is_added_comes_before_the_place() -> None:
    assert behind(f"no column{SHOWN}", "; look") == f"no column; look{SHOWN}"
    assert behind("no column", "; look") == "no column; look"


def test_a_secret_in_the_shown_line_is_masked() -> None:
    remember([("hunter2hunter2", "<password>")])
    (line,) = Misuse("no column\n    1 │ SELECT 'hunter2hunter2'").lines
    assert line == "no column\n    1 │ SELECT '<password>'"
