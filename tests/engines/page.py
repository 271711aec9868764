"""The table in `examples/engines.md`: `python -m tests.engines.page` writes it anew."""

from pathlib import Path
from typing import Final

from fwf.interpreters.engines import table_text

PAGE: Final = Path(__file__).parents[2] / "examples" / "engines.md"
LEGEND: Final = "**native**: "
"""What the table begins with; nothing comes behind it."""


def text() -> str:
    """The page as it should be."""
    head, _, _ = PAGE.read_text("utf-8").partition(LEGEND)
    return head + table_text()


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
