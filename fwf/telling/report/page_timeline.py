"""When was what at work? The tries one below the other, in each a lane for each place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from fwf.algebra.paths import untagged
from fwf.faults import counted
from fwf.interpreters.diagram import Mark
from fwf.journal.story import AttemptStory, Ending, Retry, Story, Try
from fwf.telling.reasons import reason
from fwf.telling.report.groups import WORDS
from fwf.telling.report.markup import lasted, moment, sign, text, time_of_day

MOST_LANES: Final = 200
MOST_BARS: Final = 40
"""So many attempts of a lane are drawn one by one; of more, what is at work at each instant."""
BUCKETS: Final = 120
LAST: Final = 99.7
"""Per cent from the left: what begins at the very end is seen too."""
_MARKS: Final[dict[Ending, Mark]] = {
    "failed": "failed", "died": "died", "running": "running", "cut": "cut", "ok": "ok"
}  # fmt: skip
"""Of several at one instant the first of these is drawn."""


class Bar(NamedTuple):
    """What was at work from when to when; `mark` is None where a retry waited."""

    start: int
    end: int
    mark: Mark | None
    said: str


class Lane(NamedTuple):
    """The attempts at one place in one try, and the waits between them."""

    name: str
    attempts: list[AttemptStory]
    waits: list[Retry]


def timeline(story: Story, now: int) -> str:
    """What happened in a run ⟶ HTML; `now` is where the bars of what is at work end."""
    lanes: dict[int, dict[str, Lane]] = {each.number: {} for each in story.tries}
    for step in story.steps.values():
        for attempt in step.attempts:
            _lane(lanes, attempt.number, attempt.path).attempts.append(attempt)
    for retry in story.retries:
        _lane(lanes, retry.number, retry.path).waits.append(retry)
    return "\n".join(
        _try(each, list(lanes[each.number].values()), story, now) for each in story.tries
    )


def _lane(lanes: dict[int, dict[str, Lane]], number: int, path: str) -> Lane:
    name, within = untagged(path), lanes.setdefault(number, {})
    if name not in within:
        within[name] = Lane(name, [], [])
    return within[name]


def _try(this: Try, lanes: list[Lane], story: Story, now: int) -> str:
    end = max(this.ended if this.ended is not None else now, this.started)
    last = [each.end or end for lane in lanes for each in lane.attempts]
    end = max([end, *last])
    first = min([this.started, *(each.start for lane in lanes for each in lane.attempts)])
    lanes.sort(key=_first)
    rows = "\n".join(_lane_row(lane, first, end) for lane in lanes[:MOST_LANES])
    more = len(lanes) - MOST_LANES
    rest = f'<p class="more">… and {more:,} more places</p>' if more > 0 else ""
    earlier = "".join(
        f'<p class="before">{sign("kept")} {counted(n, "step")} from try {number}</p>'
        for number, n in _earlier_steps(this, story)
    )
    why = f": {text(this.why)}" if this.why else ""
    head = f"Try {this.number}{why}"
    about = f"{moment(this.started)}, {lasted(end - first)}, {this.outcome}"
    return (
        f'<div class="try"><h3>{head} <small>{about}</small></h3>\n{earlier}'
        f'<div class="lanes">{_axis(first, end)}\n{rows}</div>{rest}</div>'
    )


def _first(lane: Lane) -> int:
    starts = [each.start for each in lane.attempts] or [each.at for each in lane.waits]
    return min(starts)


def _earlier_steps(this: Try, story: Story) -> list[tuple[int, int]]:
    """From which earlier tries steps are kept in this one, and how many."""
    counts: dict[int, int] = {}
    for step in story.steps.values():
        numbers = {each.number for each in step.attempts}
        fine = [each.number for each in step.attempts if each.ending == "ok"]
        before = max((n for n in fine if n < this.number), default=None)
        if before is not None and this.number not in numbers and step.path not in this.again:
            counts[before] = counts.get(before, 0) + 1
    return sorted(counts.items())


def _axis(first: int, end: int) -> str:
    start, stop = time_of_day(first, end - first), time_of_day(end, end - first)
    return f'<div class="axis"><span>{start}</span><span>{stop}</span></div>'


def _lane_row(lane: Lane, first: int, end: int) -> str:
    many = len(lane.attempts) > MOST_BARS
    bars = [*(_together(lane.attempts, first, end) if many else _bars(lane.attempts, end))]
    waits = [] if many else list(_waits(lane, end))
    pieces = "".join(_bar(each, first, end) for each in (*waits, *bars))
    return (
        f'<div class="lane"><span class="place">{text(lane.name or "the run")}</span>'
        f'<span class="bars">{pieces}</span><span class="said">{_legend(lane, end)}</span></div>'
    )


def _legend(lane: Lane, end: int) -> str:
    """The signs of how its attempts ended, how many of each, and how long it took."""
    counts: dict[Mark, int] = {}
    for each in lane.attempts:
        mark = _MARKS[each.ending]
        counts[mark] = counts.get(mark, 0) + 1
    if not lane.attempts:
        return f"{len(lane.waits):,} × tried again"
    start = min(each.start for each in lane.attempts)
    took = lasted(max(each.end or end for each in lane.attempts) - start)
    single = len(lane.attempts) == 1
    parts = [sign(mark) + ("" if single else f"{n:,}") for mark, n in counts.items()]
    words = ", ".join(f"{n:,} {WORDS[mark]}" for mark, n in counts.items())
    return f'{" ".join(parts)} · {took}<span class="words">{words}</span>'


def _bars(attempts: Sequence[AttemptStory], end: int) -> Iterator[Bar]:
    for each in attempts:
        stop = each.end or end
        label = f"{each.path}, attempt {each.attempt}: {each.ending}, {lasted(stop - each.start)}"
        why = f": {reason(each.fault, 120)}" if each.fault else ""
        yield Bar(each.start, stop, _MARKS[each.ending], label + why)


def _waits(lane: Lane, end: int) -> Iterator[Bar]:
    """From a failure to when it is tried again, or was."""
    starts = sorted(each.start for each in lane.attempts)
    for each in lane.waits:
        after = next((start for start in starts if start > each.at), end)
        due = min(each.due if each.due is not None else after, max(after, each.at))
        yield Bar(each.at, due, None, f"waits for attempt {each.attempt}")


def _together(attempts: Iterable[AttemptStory], first: int, end: int) -> Iterator[Bar]:
    """Many attempts ⟶ bars for what was at work at each instant, the worst of it first."""
    size = max(1, -(-(end - first) // BUCKETS))
    marks: tuple[Mark, ...] = tuple(_MARKS.values())
    changes = [[0] * (BUCKETS + 2) for _ in marks]
    for each in attempts:
        row = changes[marks.index(_MARKS[each.ending])]
        row[(each.start - first) // size] += 1
        row[((each.end or end) - first) // size + 1] -= 1
    at_work = [0] * len(marks)
    worst: list[Mark | None] = []
    for bucket in range(BUCKETS + 1):
        at_work = [n + row[bucket] for n, row in zip(at_work, changes, strict=True)]
        there: list[Mark] = [mark for mark, n in zip(marks, at_work, strict=True) if n]
        worst.append(there[0] if there else None)
    at = 0
    for mark, run in groupby(worst):
        wide = len(list(run))
        if mark is not None:
            start, stop = first + at * size, min(end, first + (at + wide) * size)
            yield Bar(start, stop, mark, WORDS[mark])
        at += wide


def _bar(bar: Bar, first: int, end: int) -> str:
    whole = max(1, end - first)
    left = min(LAST, 100 * (bar.start - first) / whole)
    width = max(0.0, min(100 - left, 100 * (bar.end - bar.start) / whole))
    title = text(bar.said, 300).replace('<bdi dir="auto">', "").replace("</bdi>", "")
    kind = bar.mark or "wait"
    return f'<i class="{kind}" style="left:{left:.2f}%;width:{width:.2f}%" title="{title}"></i>'
