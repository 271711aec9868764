"""What do the proofs by crashes come to? How much is tried, what was counted, and their table.

A test calls `add` once, with what it has counted; `make crash` prints all of it in a table, and
fails where a figure isn't zero that must be. Without FWF_FIGURES, `add` writes nothing.

    add("kill -9 of real runs", runs=1000, kills=912, zero={"lost": 0, "run again": 0, "wrong": 0})
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

FILE: Final = "FWF_FIGURES"
"""The variable that names the file of the figures."""
PROFILE: Final = "FWF_CRASH"
"""The variable that is "full" where all is tried that the proof asks for."""

Figures = dict[str, dict[str, dict[str, int]]]
"""Of each proof `counts`, and what must be `zero`."""


def full() -> bool:
    """Whether all is tried, which takes long."""
    return os.environ.get(PROFILE) == "full"


def amount(*, quick: int, full: int) -> int:
    """How many to try: some in `make test`, all of them in `make crash`."""
    return full if os.environ.get(PROFILE) == "full" else quick


def only_full() -> pytest.MarkDecorator:
    """Leave a test to `make crash`."""
    return pytest.mark.skipif(not full(), reason="`make crash` does it")


def add(proof: str, /, *, zero: Mapping[str, int] | None = None, **counts: int) -> None:
    """Write down what one test has counted; of what bears one name the sums are shown.

    zero: what must be none, such as lost steps.
    """
    path = os.environ.get(FILE)
    if path:
        line = json.dumps({"proof": proof, "counts": counts, "zero": dict(zero or {})}) + "\n"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


def summed(lines: Iterable[str]) -> Figures:
    """The lines that `add` wrote ⟶ for each proof the sums, in the order of their names."""
    found: Figures = {}
    for line in lines:
        each: dict[str, Any] = json.loads(line)
        sums = found.setdefault(each["proof"], {"counts": {}, "zero": {}})
        for kind in ("counts", "zero"):
            for name, figure in each[kind].items():
                sums[kind][name] = sums[kind].get(name, 0) + figure
    return dict(sorted(found.items()))


def table(figures: Figures) -> str:
    """One line for each proof: what was tried, and what must be zero."""
    rows = [("proof", "tried", "must be zero")]
    for proof, sums in figures.items():
        told = ["  ".join(f"{n:,} {what}" for what, n in sums[kind].items()) for kind in sums]
        rows.append((proof, told[0].replace("_", " "), told[1]))
    wide = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{a:<{wide[0]}}  {b:<{wide[1]}}  {c}".rstrip() for a, b, c in rows]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def main() -> int:
    """Print the table of a file's figures; the status is 1 if what must be zero isn't."""
    figures = summed(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())
    print(table(figures))
    return int(any(any(sums["zero"].values()) for sums in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
