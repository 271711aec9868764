"""The table of what engines do for every node, property and word, as Markdown."""

from collections.abc import Iterator

from fwf.interpreters.engines.compositions import WORDS, row_of
from fwf.interpreters.engines.engines import ENGINES
from fwf.interpreters.engines.support import FEATURES, SUPPORT, Row


def table_text() -> str:
    """All engines side by side: a line for each feature, then for each word; and what words mean.

    >>> table_text().splitlines()[2].startswith("| | Step Functions | Dask |")
    True
    """
    titles = [each.title for each in ENGINES.values()]
    legend = "; ".join(f"**{support}**: {meaning}" for support, meaning in SUPPORT.items())
    head = [f"{legend}.", "", f"| | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    return "\n".join([*head, *_features(), *_words()]) + "\n"


def _features() -> Iterator[str]:
    for feature, meaning in FEATURES.items():
        rows = [each.table[feature] for each in ENGINES.values()]
        yield _line(f"**{_safe(feature)}**: {meaning}", rows)


def _words() -> Iterator[str]:
    for word in WORDS:
        rows = [row_of(word, each.table) for each in ENGINES.values()]
        yield _line(f"`{word}`", rows)


def _line(title: str, rows: list[Row]) -> str:
    return f"| {' | '.join([title, *map(_cell, rows)])} |"


def _cell(row: Row) -> str:
    """What isn't the engine's own is told with how it is done, or differs."""
    return row.support if row.support == "native" else f"{row.support}: {_safe(row.hint)}"


def _safe(text: str) -> str:
    """A text in which no character ends a cell, or is more than itself."""
    return text.replace("|", "\\|").replace("_", "\\_").replace("*", "\\*")
