"""What failed and why, what each step did, who ran it and with what: the tables of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from fwf.interpreters.diagram import Mark
from fwf.journal.run_records import RunRow
from fwf.journal.story import AttemptStory, Ending, Form, Step, Story, Try, leaves
from fwf.telling.advice import Advice
from fwf.telling.reasons import fault_text, place, reason, tracebacks
from fwf.telling.report.groups import WORDS, Group, mark_of
from fwf.telling.report.markup import (
    block,
    folded,
    lasted,
    moment,
    sign,
    table,
    text,
)

MOST_FAILURES: Final = 100
MOST_PLACES: Final = 1_000
MOST_ITEMS: Final = 100
"""So many failures, places and items of a place are told; the others are counted."""
MOST_OPEN: Final = 5
"""So many failures are unfolded at first."""
MOST_VALUE: Final = 4_000


def todo(advice: list[Advice]) -> str:
    """What to do next: commands, and what each is for."""
    rows = [
        f"<li>{f'<code>{text(each.command, 4_000)}</code> ' if each.command else ''}"
        f"{text(each.why)}</li>"
        for each in advice
    ]
    return f"<ol>{''.join(rows)}</ol>" if rows else ""


# What failed


def degraded(story: Story) -> str:
    """Of a run that is fine, where a fallback was taken, or a failure tolerated."""
    rows = [f"<li>{text(path)}</li>" for path in story.degraded[:MOST_FAILURES]]
    more = len(story.degraded) - len(rows)
    rest = f'<p class="more">… and {more:,} more</p>' if more > 0 else ""
    return f"<ul>{''.join(rows)}</ul>{rest}" if rows else ""


def failures(story: Story) -> str:
    """The steps that failed, cut or in doubt, each with its reason and traceback."""
    steps = [*story.held_steps, *story.failed_steps]
    own = {step.path for step in steps}
    others = [leaf for leaf in leaves(story.fault) if leaf.get("path") not in own]
    parts = [_of_run(leaf) for leaf in others[:MOST_FAILURES]]
    parts += [
        _failure(step, is_open=at < MOST_OPEN)
        for at, step in enumerate(steps[: MOST_FAILURES - len(parts)])
    ]
    more = len(others) + len(steps) - len(parts)
    if more > 0:
        parts.append(f'<p class="more">… and {more:,} more, which the steps below count</p>')
    return "\n".join(parts)


def _of_run(leaf: Form) -> str:
    """A fault of no step: of a timeout, say, or of the run."""
    where = text(leaf.get("path") or "the run")
    body = _traces({"leaves": [leaf]})
    head = f'{sign("failed")} <b>{where}</b> <span class="why">{text(fault_text(leaf))}</span>'
    return folded(head, body) if body else f'<p class="failure">{head}</p>'


def _failure(step: Step, *, is_open: bool) -> str:
    last, fault = step.last, step.fault
    mark = mark_of(step, 0)
    ending = " <small>and was taken up</small>" if step.caught else ""
    why = f'<span class="why">{text(reason(fault))}</span>{ending}'
    head = f"{sign(mark)} <b>{text(step.path)}</b> {why}"
    first = next(leaves(fault), None)
    at = "" if first is None else place(first)
    about = [f"attempt {last.attempt}, {moment(last.end or last.start)}"] if last else []
    about += [f"at <code>{text(at)}</code>"] if at else []
    body = f"<p>{', '.join(about)}</p>{_traces(fault)}{_attempts(step)}"
    return folded(head, body, is_open=is_open)


def _traces(fault: Form | None) -> str:
    """The tracebacks of a fault, each with its path if there are several."""
    pairs = list(tracebacks(fault))[:MOST_ITEMS]
    return "".join(
        (f"<p>{text(path)}</p>" if len(pairs) > 1 else "") + block(traceback)
        for path, traceback in pairs
    )


def resolved(story: Story) -> str:
    """What people decided about steps of which nobody knew how they ended."""
    rows = [
        (text(step.path), text(decision.how), text(decision.who), moment(decision.at))
        for step in story.resolved_steps[:MOST_FAILURES]
        if (decision := step.decision) is not None
    ]
    return table(("step", "resolved", "by", "at"), rows, "steps") if rows else ""


# Steps


def steps(places: list[Group], last: int) -> str:
    """A row for each place; what was done for many items folds out below."""
    head = ("", "step", "how", "attempts", "started", "took", "rows", "from")
    rows = (_row(group) for group in places[:MOST_PLACES])
    many = [_items(group, last) for group in places[:MOST_PLACES] if group.many]
    more = len(places) - MOST_PLACES
    rest = f'<p class="more">… and {more:,} more places</p>' if more > 0 else ""
    return "\n".join([table(head, rows, "steps"), rest, *many]) if places else ""


def _row(group: Group) -> tuple[str, ...]:
    attempts = [each for step in group.steps for each in step.attempts]
    single = group.steps[0] if len(group.steps) == 1 else None
    tries = sorted({step.value_try for step in group.steps if step.value_try is not None})
    start = min((each.start for each in attempts), default=None)
    return (
        sign(group.mark),
        text(group.name),
        text(WORDS[group.mark] if single is not None else group.said),
        f"{group.attempts:,}",
        moment(start),
        lasted(
            _span(single.value_attempt)
            if single is not None and single.value_attempt
            else _whole(attempts)
        ),
        "" if group.rows is None else f"{group.rows:,}",
        f"try {', '.join(map(str, tries))}" if tries else "",
    )


def _span(attempt: AttemptStory) -> int | None:
    return None if attempt.end is None else attempt.end - attempt.start


def _whole(attempts: Iterable[AttemptStory]) -> int | None:
    """How long attempts were at work, all together."""
    spans = [span for each in attempts if (span := _span(each)) is not None]
    return sum(spans) if spans else None


def _items(group: Group, last: int) -> str:
    """The items at a place, those that aren't fine first, then those that took longest."""
    head = ("", "item", "how", "attempts", "started", "took", "rows", "why")
    ordered = sorted(group.steps, key=_worst_first)
    rows = (_item(step, last) for step in ordered[:MOST_ITEMS])
    more = len(ordered) - MOST_ITEMS
    rest = f'<p class="more">… and {more:,} more</p>' if more > 0 else ""
    title = f"{sign(group.mark)} <b>{text(group.name)}</b> {len(ordered):,} × {text(group.said)}"
    return folded(title, table(head, rows, "steps") + rest)


def _worst_first(step: Step) -> tuple[bool, int]:
    return step.state == "ok", -(_whole(step.attempts) or 0)


def _item(step: Step, last: int) -> tuple[str, ...]:
    mark, final = mark_of(step, last), step.value_attempt or step.last
    rows = final.rows if final is not None else None
    return (
        sign(mark),
        text(step.path),
        text(WORDS[mark]),
        f"{len(step.attempts):,}",
        moment(step.attempts[0].start if step.attempts else None),
        lasted(_whole(step.attempts)),
        "" if rows is None else f"{rows:,}",
        text(reason(step.fault, 200)),
    )


def _attempts(step: Step) -> str:
    """Each attempt of a step, where there was more than one."""
    if len(step.attempts) < 2:
        return ""
    head = ("", "try", "attempt", "how", "started", "took", "why")
    rows = (
        (
            sign(_MARK_OF[each.ending]),
            str(each.number),
            str(each.attempt),
            each.ending,
            moment(each.start),
            lasted(_span(each)),
            text(reason(each.fault, 200)),
        )
        for each in step.attempts[-MOST_ITEMS:]
    )
    return table(head, rows, "steps")


_MARK_OF: Final[dict[Ending, Mark]] = {
    "ok": "ok", "failed": "failed", "cut": "cut", "died": "died", "running": "running"
}  # fmt: skip


# The run


def tries(story: Story) -> str:
    """Each try: when, how it ended, who ran it where, and with what."""
    head = ("try", "started", "took", "outcome", "by", "python", "fwf", "why")
    rows = (
        (
            str(each.number),
            moment(each.started),
            "" if each.ended is None else lasted(each.ended - each.started),
            text(_outcome(each)),
            text(each.who),
            text(str(each.facts.get("python", ""))),
            text(str(each.facts.get("fwf", ""))),
            text(each.why),
        )
        for each in story.tries
    )
    return table(head, rows, "tries")


def _outcome(this: Try) -> str:
    """How a try ended; of one that died or is at work, in which attempts."""
    inside = [f"{at.path}, attempt {at.attempt}" for at in this.inside]
    where = f" in {', '.join(inside[:3])}" if inside else ""
    return f"{this.outcome}{where}{f' and {len(inside) - 3:,} more' if len(inside) > 3 else ''}"


def facts(row: RunRow, where: str) -> str:
    """Parameters, and what else the run was started with."""
    about = row.facts
    pairs = [*_pairs(about.get("shown", {}), "parameter "), ("run", row.id)]
    pairs += [(name, _plain(about[name])) for name in _TOLD if about.get(name)]
    pairs += [("generation", str(row.generation)), ("journal", where)]
    body = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs)
    return f"<dl>{body}</dl>"


_TOLD: Final = ("target", "definition", "pools", "workers", "profile", "tz")


def _pairs(values: Mapping[str, object], before: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        yield f"{before}{name}", str(value)


def _plain(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    pairs = cast(Mapping[str, object], value)
    return ", ".join(f"{name}={each}" for name, each in pairs.items())


def value(story: Story) -> str:
    """What the run gave, as JSON, or the start of it."""
    if story.value is None or story.value == "null":
        return ""
    cut = story.value[:MOST_VALUE]
    more = len(story.value) - len(cut)
    rest = f'<p class="more">… and {more:,} more characters</p>' if more else ""
    return block(cut) + rest


def inside(story: Story) -> str:
    """Where a run is at work, or died."""
    if not story.inside:
        return ""
    first = story.tries[-1]
    word = "died in" if first.outcome == "died" else "at work on"
    return _outcome(first).replace(f"{first.outcome} in", word, 1)
