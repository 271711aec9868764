"""What the parts of the page are written with: text that can't break out, tables, what folds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from fwf.display.ink import safe
from fwf.durations import SECOND, measured_in_words
from fwf.interpreters.diagram import SIGNS, Mark
from fwf.printing import elided
from fwf.secrets import masked

EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
DAY: Final = 86_400 * SECOND
MOST: Final = 600
"""The characters of a text in a cell, at most."""


def text(content: str, most: int = MOST) -> str:
    """Text ⟶ HTML on one line, cut; its direction is its own."""
    plain = safe(elided(masked(content), most)).replace('"', "&quot;").replace("'", "&#39;")
    return plain if plain.isascii() else f'<bdi dir="auto">{plain}</bdi>'


def block(content: str, most: int = 40_000) -> str:
    """A text of many lines, as a traceback is ⟶ HTML; of one too long the end, which says most."""
    whole = masked(content)
    cut = whole if len(whole) <= most else f"…\n{whole[-most:]}"
    return f"<pre>{chr(10).join(map(safe, cut.expandtabs().splitlines()))}</pre>"


def sign(mark: Mark) -> str:
    """How something went: a sign, and a colour that goes with it."""
    return f'<span class="sign {mark}" aria-hidden="true">{SIGNS[mark] or "–"}</span>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Head of texts, rows of HTML ⟶ a table without its empty columns.

    Each cell says its column where there is no room for columns.
    """
    cells = list(rows)
    columns_used = [at for at in range(len(head)) if any(row[at] for row in cells)]
    titles = [safe(head[at]) for at in columns_used]
    top = "".join(f'<th scope="col">{each}</th>' for each in titles)
    body = "\n".join(
        f"<tr>{_cells(titles, [row[at] for at in columns_used])}</tr>" for row in cells
    )
    return f'<table class="{kind}"><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table>'


def _cells(titles: Sequence[str], cells: Sequence[str]) -> str:
    pairs = zip(titles, cells, strict=True)
    return "".join(f'<td data-head="{title}">{cell}</td>' for title, cell in pairs)


def folded(head: str, body: str, *, is_open: bool = False) -> str:
    """HTML that is shown when its head, HTML too, is clicked."""
    return f"<details{' open' if is_open else ''}><summary>{head}</summary>\n{body}</details>"


def section(title: str, body: str, name: str) -> str:
    """A part of the page under a title; nothing if there is nothing in it."""
    if not body:
        return ""
    return f'<section id="{name}"><h2>{safe(title)}</h2>\n{body}\n</section>\n'


def when(at: int) -> datetime:
    """µs since 1970, UTC ⟶ when that is here, with the zone."""
    return (EPOCH + timedelta(microseconds=at)).astimezone()


def moment(at: int | None) -> str:
    """A time ⟶ HTML: date, time and zone."""
    if at is None:
        return ""
    time = when(at)
    return f'<time datetime="{time.isoformat()}">{time:%Y-%m-%d %H:%M:%S %Z}</time>'


def time_of_day(at: int, within: int) -> str:
    """A time within a time so long ⟶ HTML: with the date, or thousandths, where that is of use."""
    time = when(at)
    if within >= DAY:
        return f"{time:%Y-%m-%d %H:%M:%S}"
    part = f".{time.microsecond // 1000:03}" if within < 10 * SECOND else ""
    return f"{time:%H:%M:%S}{part}"


def lasted(micros: int | None) -> str:
    """A length of time, without what nobody reads."""
    return "" if micros is None else measured_in_words(micros)
