"""Why something failed, in a line: of faults as they are written in a journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fwf.faults import shown_path
from fwf.journal.story import Form, leaves
from fwf.printing import one_line, printable
from fwf.secrets import masked

MOST: Final = 300
"""The characters of a reason, at most."""


def reason(fault: Form | None, most: int = MOST) -> str:
    """Written fault ⟶ why, without the place: `ConnectionError: no route`, and how many more."""
    singles = list(leaves(fault))
    if not singles:
        return ""
    more = f" (and {len(singles) - 1:,} more)" if len(singles) > 1 else ""
    return on_one_line(fault_text(singles[0]), most) + more


def fault_text(leaf: Form) -> str:
    """A single fault ⟶ what it says: of a run in a run, what the inner one does."""
    inner = list(leaves(leaf.get("cause")))
    if len(inner) == 1:
        return fault_text(inner[0])
    tags: list[str] = leaf.get("tags") or [leaf.get("kind", "")]
    tag, message = tags[0].rpartition(".")[2], leaf.get("message", "")
    return f"{tag}: {message}" if message else tag


def place(leaf: Form) -> str:
    """Where in the user's code a single fault was raised: `load.py:12 in fetch`."""
    inner = list(leaves(leaf.get("cause")))
    if len(inner) == 1 and (deeper := place(inner[0])):
        return deeper
    at: dict[str, Any] | None = leaf.get("at")
    if not at:
        return ""
    return on_one_line(f"{at.get('file')}:{at.get('line')} in {at.get('function')}")


def tracebacks(fault: Form | None, within: str = "") -> Iterator[tuple[str, str]]:
    """Written fault ⟶ the paths of its single ones, and their tracebacks, inner ones too."""
    for leaf in leaves(fault):
        where = f"{within}{leaf.get('path', '')}"
        if leaf.get("traceback"):
            yield where, masked(leaf["traceback"])
        if leaf.get("cause"):
            yield from tracebacks(leaf["cause"], f"{where}, in it ")


def on_one_line(text: str, most: int = MOST) -> str:
    """Text ⟶ it on one line, cut at `most` characters; what doesn't show as escapes."""
    return one_line(text, most)


def places(paths: Sequence[str], most: int = 3) -> str:
    """Paths ⟶ the first few and how many more: `load[7], load[9] and 3 more`."""
    more = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    return ", ".join(on_one_line(path_text(path)) for path in paths[:most]) + more


def path_text(path: str) -> str:
    """A path as it is told on a line."""
    return printable(shown_path(path))
