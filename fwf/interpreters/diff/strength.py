"""Whether a retry, a timeout or a filter became weaker or stronger, and by how much."""

from datetime import timedelta
from functools import reduce
from itertools import islice
from typing import Any, TypeVar

from fwf.algebra.nodes import Fallback, Retry
from fwf.algebra.schedule import cap_of, each, least, most
from fwf.analysis.delay_words import MAX_ATTEMPTS
from fwf.display.heads import tag_names
from fwf.durations import ZERO, plus, short_duration
from fwf.faults import counted
from fwf.printing import printable

T = TypeVar("T", int, timedelta)


def retries(old: Retry[Any, Any], new: Retry[Any, Any]) -> list[str]:
    """Two retries ⟶ what differs in attempts, delays and errors."""
    mine, theirs = attempts_of(old), attempts_of(new)
    notes = list[str]()
    if mine != theirs:
        strength = "weaker" if theirs < mine else "stronger"
        more = "fewer" if theirs < mine else "more"
        notes.append(f"{strength}, {counted(abs(theirs - mine), 'attempt')} {more}")
    notes += _waits(old, new, min(mine, theirs) - 1)
    return notes + caught(old.on, new.on, "retries", "every failure but defects")


def attempts_of(node: Retry[Any, Any]) -> int:
    """How often a retry starts its body at most; as it is written where that is often."""
    delays = len(list(islice(each(node.wait, least), min(node.attempts - 1, MAX_ATTEMPTS))))
    return node.attempts if delays == MAX_ATTEMPTS else delays + 1


def _waits(old: Retry[Any, Any], new: Retry[Any, Any], delays: int) -> list[str]:
    """What differs in the delays that both have, and in the cap of `Retry-After`."""
    compared = min(delays, MAX_ATTEMPTS)
    mine, theirs = (_between(node, compared) for node in (old, new))
    if mine != theirs:
        before, after = ([reduce(plus, one, ZERO) for one in bounds] for bounds in (mine, theirs))
        if before == after:
            return ["other delays, as long in all"]
        kind = "longer" if after > before else "shorter"
        return [f"{kind} waits, {_span(after)} in all instead of {_span(before)}"]
    if cap_of(old.wait) != cap_of(new.wait):
        return [f"an error may ask for a wait of {_cap(new)}, instead of {_cap(old)}"]
    return []


def _between(node: Retry[Any, Any], delays: int) -> list[list[timedelta]]:
    """The shortest that so many delays may be, and the longest."""
    return [list(islice(each(node.wait, factor), delays)) for factor in (least, most)]


def _span(totals: list[timedelta]) -> str:
    return " to ".join(dict.fromkeys(map(short_duration, totals)))


def _cap(node: Retry[Any, Any]) -> str:
    cap = cap_of(node.wait)
    return "any length" if cap is None else f"up to {short_duration(cap)}"


def fallbacks(old: Fallback[Any, Any], new: Fallback[Any, Any]) -> list[str]:
    """Two fallbacks ⟶ what differs in the errors that they catch."""
    return caught(old.on, new.on, "catches", "every failure")


def caught(old: tuple[str, ...], new: tuple[str, ...], verb: str, all_of_them: str) -> list[str]:
    """Two filters ⟶ what is caught by one of them only."""
    more = tuple(tag for tag in new if tag not in old)
    less = tuple(tag for tag in old if tag not in new)
    if not (more or less):
        return []
    if not old:
        return [f"{verb} less: only {tag_names(new)}, instead of {all_of_them}"]
    if not new:
        return [f"{verb} more: {all_of_them}, instead of only {tag_names(old)}"]
    others = {tag_names((tag,)) for tag in more} & {tag_names((tag,)) for tag in less}
    gains = [f"also {verb} {_tags_text(more, others)}"] if more else []
    return [*gains, f"no longer {verb} {_tags_text(less, others)}"] if less else gains


def _tags_text(tags: tuple[str, ...], others: set[str]) -> str:
    """Tags as a reader calls them; whole where another class is called so too."""
    names = ((tag, tag_names((tag,))) for tag in tags)
    return " | ".join(printable(tag) if name in others else name for tag, name in names)


def grown(old: T, new: T, more: str, less: str) -> list[str]:
    """Two bounds ⟶ the word for the way in which they differ; nothing if they don't."""
    return [] if old == new else [more if new > old else less]
