"""A dry run as a picture: a Gantt chart in SVG, self-contained."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from returns.result import Success

from fwf.display.ink import BOLD, attribute, fitted, safe, style, width_of
from fwf.display.readable import clock, ending_text, instant, label
from fwf.durations import MICROSECOND, in_words
from fwf.faults import counted
from fwf.worlds.trace import Event

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.dry_run_report import DryRun

MAX_ROWS = 5_000
WIDTH, RIGHT, TOP = 1200, 150, 74
MARGIN, MAX_NOTE = 16, 440
DAY = 86_400_000_000
_NICE = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_LIGHT = """
& .tick{font-size:11px;fill:#7b8794}& .grid{stroke:#e4e7eb}
& .stripe{fill:#f5f7fa}& .ok{fill:#7fb2e5}& .failed{fill:#e66a6a}
& .cut{fill:#f0b429}& .critical.ok{fill:#1f6fb2}
& .critical.failed{fill:#ba2525}& .critical.cut{fill:#cb6e17}
& .line{fill:none;stroke:#102a43;stroke-width:1.2}
& .note{fill:#616e7c;paint-order:stroke;stroke:#fff;stroke-width:3px}
"""
_DARK = """
& .stripe{fill:#23282f}& .grid{stroke:#323a43}& .line{stroke:#bcccdc}
& .tick,& .note{fill:#9aa5b1}& .note{stroke:#1b1f24}
"""


def chart(run: DryRun) -> str:
    """Dry run ⟶ SVG: a bar for each attempt, by start; the critical path dark and connected."""
    return _Chart(run).text()


class _Chart:
    def __init__(self, run: DryRun) -> None:
        self.run = run
        self.events = events = run.events[:MAX_ROWS]
        self.critical = dict.fromkeys(event.key for event in run.critical_path)
        self.row = 20 if len(events) <= 60 else 14 if len(events) <= 300 else 11
        self.font = min(12, self.row - 2)
        longest = max((self.wide(event) for event in events), default=0)
        self.left = min(420, max(120, MARGIN + 8 + int(longest)))
        self.height = TOP + 34 + self.row * max(1, len(events))

    def wide(self, event: Event) -> float:
        """How much room an attempt's name takes, in pixels."""
        return width_of(label(event), self.font) * (BOLD if event.key in self.critical else 1)

    def x(self, micros: int) -> float:
        """Where an instant lies."""
        return self.left + (WIDTH - RIGHT - self.left) * micros / max(1, self.run.end)

    def y(self, row: int) -> float:
        return TOP + 20 + row * self.row

    def text(self) -> str:
        size = f'width="{WIDTH}" height="{self.height}" viewBox="0 0 {WIDTH} {self.height}"'
        name = attribute(f"Dry run of {self.run.name}")
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="dry-run" role="img" '
            f"aria-label={name}>",
            f"<style>{style('dry-run', _LIGHT, _DARK)}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{self.height}" fill="#fff"/>',
            *self._head(),
            *self._stripes(),
            *self._ticks(),
            *self._connections(),
        ]
        for row, event in enumerate(self.events):
            parts.extend(self._bar(row, event))
        return "\n".join([*parts, "</svg>\n"])

    def _head(self) -> list[str]:
        run = self.run
        how = "ok" if isinstance(run.result, Success) else "fails"
        summary = f"{how} after {in_words(run.end)} · {counted(run.attempts, 'attempt')}"
        if run.start:
            summary += f" · from {run.start.isoformat(' ', 'seconds')}"
        rest = run.attempts - len(self.events)
        if rest:
            summary += f" · the first {len(self.events):,} shown"
        tasks = list(dict.fromkeys(event.task for event in run.critical_path))
        if len(tasks) > 8:
            tasks = [*tasks[:4], "…", *tasks[-3:]]
        tasks = [fitted(task, max(96, 900 / len(tasks)), 12, end=False) for task in tasks]
        path = f"Critical path: {' → '.join(tasks)}" if tasks else "No task runs"
        return [
            f'<text class="title" x="{MARGIN}" y="28">{safe(fitted(run.name, 660, 17))}</text>',
            f'<text class="under" x="{MARGIN}" y="48">{safe(summary)}</text>',
            f'<text class="bold" x="{MARGIN}" y="66">{safe(fitted(path, 1_020, 12))}</text>',
            *_legend(),
        ]

    def _stripes(self) -> list[str]:
        return [
            f'<rect class="stripe" x="0" y="{self.y(row):g}" width="{WIDTH}" height="{self.row}"/>'
            for row in range(0, len(self.events), 2)
        ]

    def _ticks(self) -> list[str]:
        step, start = _step(self.run.end), self.run.start
        parts: list[str] = []
        for at in range(_first(start, step), self.run.end + 1, step):
            x = self.x(at)
            parts.append(
                f'<line class="grid" x1="{x:.1f}" y1="{TOP + 16}" x2="{x:.1f}" '
                f'y2="{self.height - 12}"/>'
            )
            text = _face(instant(start, at), step, self.run.end) if start else in_words(at)
            parts.append(
                f'<text class="tick" x="{x:.1f}" y="{TOP + 12}" text-anchor="middle">{text}</text>'
            )
        return parts

    def _connections(self) -> list[str]:
        """Lines from bar to bar along the critical path."""
        rows = {each.key: n for n, each in enumerate(self.events)}
        bars = [(rows[key], self.events[rows[key]]) for key in self.critical if key in rows]
        parts: list[str] = []
        for (upper, one), (lower, other) in pairwise(bars):
            x1, y1 = self.x(one.end), self.y(upper) + self.row / 2
            x2, y2 = self.x(other.start), self.y(lower) + self.row / 2
            parts.append(f'<path class="line" d="M{x1:.1f} {y1:g}V{y2:g}H{x2:.1f}"/>')
        return parts

    def _bar(self, row: int, event: Event) -> list[str]:
        x, y = self.x(event.start), self.y(row)
        width = max(2.0, self.x(event.end) - x)
        on_path = event.key in self.critical
        kind = f"{'critical ' if on_path else ''}{event.ending}"
        took = in_words(event.end - event.start)
        name, how = label(event), ending_text(event)
        at = f"{clock(self.run.start, event.start, self.run.end)} + {took}"
        note = took if event.ending == "ok" else f"{took} {how}"
        middle = y + self.row * 0.72
        room = (self.left - 8 - MARGIN / 2) / (BOLD if on_path else 1)
        return [
            f"<g><title>{safe(f'{name}: {at}, {how}')}</title>",
            f'<text class="name{" bold" if on_path else ""}" x="{self.left - 8}" '
            f'y="{middle:.1f}" font-size="{self.font}" text-anchor="end">'
            f"{safe(fitted(name, room, self.font, end=False))}</text>",
            f'<rect class="{kind}" x="{x:.1f}" y="{y + 2:g}" width="{width:.1f}" '
            f'height="{self.row - 4}" rx="2"/>',
            self._note(note, x, x + width, middle),
            "</g>",
        ]

    def _note(self, text: str, start: float, end: float, y: float) -> str:
        """What stands beside a bar: behind it or, where there is more room, before it."""
        font = self.font - 1
        behind, before = WIDTH - end - 13, start - self.left - 5
        at, anchor, room = f"{end + 5:.1f}", "start", behind
        if width_of(text, font) > behind and before > behind:
            at, anchor, room = f"{start - 5:.1f}", "end", before
        return (
            f'<text class="note" x="{at}" y="{y:.1f}" font-size="{font}" text-anchor="{anchor}">'
            f"{safe(fitted(text, min(room, MAX_NOTE), font))}</text>"
        )


def _legend() -> list[str]:
    parts: list[str] = []
    kinds = ("critical ok", "critical path"), ("ok", "ok"), ("failed", "failed"), ("cut", "cut")
    x = WIDTH - 372
    for kind, text in kinds:
        parts.append(f'<rect class="{kind}" x="{x}" y="18" width="14" height="12" rx="2"/>')
        parts.append(f'<text class="tick" x="{x + 20}" y="28">{text}</text>')
        x += 118 if text == "critical path" else 80
    return parts


def _step(end: int) -> int:
    """The distance of ticks, so that there are five to ten."""
    unit = 1
    while end / unit > 8 * 1_000 and unit < 1_000_000:
        unit *= 1_000
    for nice in _NICE if unit == 1_000_000 else (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000):
        if end / (nice * unit) <= 9:
            return nice * unit
    return max(1, 86_400 * unit * (1 + end // (9 * 86_400 * unit)))


def _first(start: datetime | None, step: int) -> int:
    """When the first tick is: at a round time of day, where that is known."""
    if start is None:
        return 0
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return -((start.replace(tzinfo=None) - midnight) // MICROSECOND) % min(step, DAY)


def _face(at: datetime, step: int, longest: int) -> str:
    """A time of day, as far down as ticks tell apart."""
    day = f"{at:%m-%d} " if longest >= DAY else ""
    if step >= 60_000_000:
        return f"{day}{at:%H:%M}"
    tiny = f".{at.microsecond:06}"[: 4 if step % 1_000 == 0 else 7]
    return f"{day}{at:%H:%M:%S}" + (tiny if step % 1_000_000 else "")
