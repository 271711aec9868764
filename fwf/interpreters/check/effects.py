"""Rules about effects: what is repeated, cut, or done side by side."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fwf.algebra.nodes import Always, Graph, LoopUntil, MapEach, Node, Par, Retry, Task, Timeout
from fwf.algebra.traverse import children
from fwf.durations import duration_source
from fwf.faults import Issue, Severity, counted
from fwf.interpreters.check.subject import Inward, NodePlace, Subject

MAX_NAMES = 5


class Repeats(NamedTuple):
    """What repeats a part: the attempts of the nearest retry, a loop, a map and whether by key."""

    attempts: int = 1
    loop: bool = False
    map: bool = False
    keyed: bool = False


def repeated_unrepeatable(subject: Subject) -> Iterator[Issue]:
    """A retry, loop or map starts a task again that may be started only once."""

    def unrepeatable(task: Task[Any, Any]) -> bool:
        return not task.contract.repeatable

    for here, repeats in subject.descend(Repeats(), _repeats, unrepeatable):
        if isinstance(here.node, Task):
            yield from _repetition_issues(subject, here, here.node, repeats)


def _repeats(node: Node, at: int, inherited: Repeats) -> Repeats:
    match node:
        case Retry() if node.attempts > 1:
            return Repeats(node.attempts)
        case LoopUntil() if node.limit > 1:
            return inherited._replace(loop=True)
        case MapEach():
            return inherited._replace(map=True, keyed=node.key is not None)
        case _:
            return inherited


def _repetition_issues(
    subject: Subject, here: NodePlace, task: Task[Any, Any], repeats: Repeats
) -> Iterator[Issue]:
    declared = task.contract.effect is not None
    severity: Severity = "warning"
    if repeats.attempts > 1:
        severity = "error"
        reason = f"{_COUNTS[declared]}, but retry(attempts={repeats.attempts}) {_AGAIN}"
    elif declared and repeats.loop:
        reason = f"it is unrepeatable, {_ROUNDS}"
    elif declared and repeats.map:
        severity = "note" if repeats.keyed else "warning"
        reason = f"it is unrepeatable, {_ITEMS if repeats.keyed else _NUMBERED}"
    else:
        return
    path = subject.path(here)
    yield Issue(path, "repeated-unrepeatable", reason, severity)


_COUNTS = ("it declares no effect, so it counts as unrepeatable", "it is unrepeatable")
_AGAIN = (
    "starts it again when something in it fails: make it safe to repeat and declare "
    'effect="idempotent" (or "read", "pure"), or move it out of the retry'
)
_ROUNDS = (
    "and loop_until starts it once a round: put it after the loop, or make it safe to repeat and "
    'declare effect="idempotent"'
)
_NUMBERED = (
    "and map_each starts it once an item, known by its number only: give key=, so that an item "
    "stays the same one when the list changes"
)
_ITEMS = (
    "and map_each starts it once an item: a run that dies in between waits for a person to say "
    "which items are done"
)


def cut_writer(subject: Subject) -> Iterator[Issue]:
    """A deadline may cut a writer that goes on writing, since a thread can't be stopped."""
    for here, cutter in subject.descend("", _cutter, _goes_on):
        if isinstance(here.node, Task) and cutter:
            yield Issue(
                subject.path(here),
                "cut-writer",
                f"{cutter} may cut this writer, but a thread can't be stopped, so it goes on "
                "writing after the run has given it up: declare isolate=True to run it in a "
                "process that is killed, or make it async def, which is cancelled",
                "warning",
            )


def _cutter(node: Node, at: int, inherited: str) -> str:
    """What may cut a part: the nearest timeout, or fail-fast scope with something beside it."""
    match node:
        case Timeout():
            return f"timeout({duration_source(node.within)})"
        case Par() if node.fail_fast and len(node.parts) > 1:
            return "par(fail_fast=True)"
        case MapEach() if node.on_error == "fail_fast" and node.at_once != 1:
            return "map_each(on_error='fail_fast')"
        case Always() if at == 1:  # no deadline reaches a finaliser
            return ""
        case _:
            return inherited


def _goes_on(task: Task[Any, Any]) -> bool:
    contract = task.contract
    writes = bool(contract.writes) or contract.effect in ("idempotent", "unrepeatable")
    return writes and not contract.is_async and not contract.isolate


class Writes(NamedTuple):
    """The datasets that a part writes, as bits.

    `untold` leaves out those of which a map in it is told; `loose` are those that a task writes
    which isn't idempotent.
    """

    all: int = 0
    untold: int = 0
    loose: int = 0


def concurrent_writes(subject: Subject) -> Iterator[Issue]:
    """Two parts that run side by side write one dataset.

    Items of a map with a key are different things, so an idempotent task writes something of its
    own for each, even if that is in one dataset.
    """
    bits: dict[str, int] = {}

    def step(node: Node, parts: tuple[Writes, ...]) -> Writes:
        if isinstance(node, Task):
            own = 0
            for name in node.contract.writes:
                own |= bits.setdefault(name, 1 << len(bits))
            return Writes(own, own, own if node.contract.effect != "idempotent" else 0)
        all = untold = loose = 0
        for part in parts:
            all, untold, loose = all | part.all, untold | part.untold, loose | part.loose
        return Writes(all, untold & ~_by_items(node, untold, loose), loose)

    writes = subject.summaries(step)
    names = list(bits)
    to_writer = {bit: _to_writer(bit, writes) for bit in (1 << at for at in range(len(bits)))}
    for here in subject.places:
        for bit, pair in _clashes(here.node, writes).items():
            parts = children(here.node)
            writers = [_name(subject.end(to_writer[bit], parts[at])) for at in pair]
            yield _side_by_side(subject, here, names[bit.bit_length() - 1], writers)


def _by_items(node: Node, untold: int, loose: int) -> int:
    """Of the datasets that a map's body writes, those that two items may write at one time."""
    if not isinstance(node, MapEach) or node.at_once == 1:
        return 0
    return untold if node.key is None else untold & loose


def _clashes(node: Node, writes: dict[int, Writes]) -> dict[int, tuple[int, int]]:
    """The datasets that two parts of a node write at the same time, and which parts."""
    match node:
        case Par():
            return _overlaps([writes[id(part)].all for part in node.parts])
        case Graph():
            return _unordered(node, [writes[id(step.body)].all for step in node.steps])
        case MapEach():
            body = writes[id(node.body)]
            return dict.fromkeys(_bits(_by_items(node, body.untold, body.loose)), (0, 0))
        case _:
            return {}


def _overlaps(masks: list[int]) -> dict[int, tuple[int, int]]:
    """Sets of datasets ⟶ each that is in two, with the first two that hold it."""
    seen, pairs = 0, dict[int, tuple[int, int]]()
    for at, mask in enumerate(masks):
        for bit in _bits(seen & mask):
            if bit not in pairs:
                pairs[bit] = (next(i for i, other in enumerate(masks) if other & bit), at)
        seen |= mask
    return pairs


def _unordered(graph: Graph[Any, Any], masks: list[int]) -> dict[int, tuple[int, int]]:
    """Of the steps that write one dataset, the first two of which neither waits for the other."""
    before: list[int] = []
    writers: dict[int, list[int]] = {}
    pairs: dict[int, tuple[int, int]] = {}
    for at, step in enumerate(graph.steps):
        predecessors = 0
        for index in (*step.inputs, *step.after):
            if index >= 0:
                predecessors |= before[index] | (1 << index if masks[index] else 0)
        before.append(predecessors)
        for bit in _bits(masks[at]):
            for other in writers.setdefault(bit, []):
                if not predecessors >> other & 1:
                    pairs.setdefault(bit, (other, at))
                    break
            writers[bit].append(at)
    return pairs


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def _to_writer(bit: int, writes: dict[int, Writes]) -> Inward:
    """A way inward, to the first task that writes a dataset."""
    return lambda node: next((part for part in children(node) if writes[id(part)].all & bit), None)


def _name(writer: Node) -> str:
    return writer.name if isinstance(writer, Task) else "a part"


def _side_by_side(subject: Subject, here: NodePlace, dataset: str, names: list[str]) -> Issue:
    if isinstance(here.node, MapEach):
        return Issue(
            subject.path(here),
            "concurrent-writes",
            f"{names[0]} writes {dataset} for many items at the same time: that is fine if each "
            "writes its own part of it, and understood of an idempotent task under "
            "map_each(…, key=…); else give at_once=1",
            "note",
        )
    both = f"{names[0]} and {names[1]} write {dataset}"
    what = both if names[0] != names[1] else f"{names[0]} writes {dataset} twice"
    return Issue(
        subject.path(here),
        "concurrent-writes",
        f"{what} at the same time, so one may undo the other: put one after the "
        "other with >>, or let them write different datasets",
        "warning",
    )


def undeclared_effect(subject: Subject) -> Iterator[Issue]:
    """Tasks that don't declare their effect, in one line."""
    names = list(
        dict.fromkeys(task.name for _, task in subject.tasks() if task.contract.effect is None)
    )
    if names:
        some = ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
        yield Issue(
            "",
            "undeclared-effect",
            f"{counted(len(names), 'task')} without a declared effect ({some}): undeclared counts "
            'as unrepeatable; write @task(effect="pure"), "read", "idempotent" or "unrepeatable"',
            "note",
        )


def untimed_finaliser(subject: Subject) -> Iterator[Issue]:
    """A finaliser without a timeout can hold up the run for ever, since no deadline reaches it."""

    def step(node: Node, parts: tuple[Task[Any, Any] | None, ...]) -> Task[Any, Any] | None:
        match node:
            case Task():
                return node if node.contract.effect != "pure" else None
            case Timeout():
                return None
            case _:
                return next((part for part in parts if part is not None), None)

    untimed = subject.summaries(step)
    for here in subject.places:
        if isinstance(here.node, Always):
            task = untimed[id(here.node.finaliser)]
            if task is not None:
                yield Issue(
                    subject.part_path(here, 1),
                    "untimed-finaliser",
                    f"{task.name} is in a finaliser, which no deadline and no ctrl-C cuts short: "
                    "give it one of its own, always(…, then=timeout(…, minutes(1)))",
                    "warning",
                )
