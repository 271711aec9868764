"""What changed in the layers around two parts: retries, timeouts, names, handlers, loops."""

from collections.abc import Hashable, Iterable
from itertools import takewhile
from typing import Any

from pyrsistent import pmap

from fwf.algebra.contract import Contract
from fwf.algebra.nodes import (
    Always,
    Extension,
    Fallback,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Retry,
    Task,
)
from fwf.algebra.plain_values import encode
from fwf.algebra.traverse import Visit, children, rebuild, refilled
from fwf.analysis.identity import own_bytes
from fwf.display.heads import tag_names
from fwf.interpreters.diff.alignment import Pair, aligned
from fwf.interpreters.diff.contracts import bound
from fwf.interpreters.diff.field_changes import differences
from fwf.interpreters.diff.matches import Edit, Findings, Match
from fwf.interpreters.diff.part_words import (
    body_of,
    kind_of,
    names_of,
    other_keys,
    tasks_in,
    words_of,
)
from fwf.interpreters.diff.relation import related, same_among
from fwf.types.hints import ANY


def layer_edits(match: Match) -> tuple[Findings, Match | None, Findings]:
    """Two parts ⟶ edits of the layers around them, what stands inside, pairs of handlers.

    Nothing stands inside where one was put in the other's place.
    """
    olds, news = _open_layers(match)
    if not related(olds[-1].node, news[-1].node) and list(map(_kind, olds)) != list(
        map(_kind, news)
    ):
        return [_replacement(olds, news, match)], None, []
    core = Match(olds.pop(), news.pop(), match)
    core.repeated = match.repeated or any(isinstance(layer.node, Retry) for layer in news)
    edits: Findings = []
    handlers: Findings = []
    lost: list[Visit] = []
    gained: list[Visit] = []
    for was, now in _pairs(olds, news):
        old = None if was is None else olds[was]
        new = None if now is None else news[now]
        if old is not None and new is not None and _kind(old) == _kind(new):
            edits += _changes(old, new, match, core.repeated)
            handlers += _handlers(old, new, match)
        else:
            lost += [] if old is None else [old]
            gained += [] if new is None else [new]
    edits += _moves(lost, gained, match)
    edits += [_off(layer, match) for layer in lost] + [_on(layer, match) for layer in gained]
    return edits, core, handlers[::-1]


def _pairs(olds: list[Visit], news: list[Visit]) -> Iterable[Pair]:
    """Which layers belong together; each with each where they are of the same kinds and names."""
    if list(map(_roughly, olds)) == list(map(_roughly, news)):
        return enumerate(range(len(olds)))
    return aligned(olds, news, (_exactly, _roughly, _kind))


def _open_layers(match: Match) -> tuple[list[Visit], list[Visit]]:
    """The layers of both; a part that stands whole within the other's core stays closed."""
    olds, news = _layers(match.old), _layers(match.new)
    if _stands_in(olds, news):
        return olds[:1], news
    if _stands_in(news, olds):
        return olds, news[:1]
    return olds, news


def _stands_in(mine: list[Visit], theirs: list[Visit]) -> bool:
    if len(mine) < 2:
        return False
    whole = mine[0].node
    by_name = isinstance(whole, Named) and _roughly(mine[0]) not in map(_roughly, theirs)
    return same_among(whole, theirs[-1].node, by_name=by_name, by_kind=False) is not None


def _replacement(olds: list[Visit], news: list[Visit], match: Match) -> Edit:
    """One part for another, inside the layers that both have."""
    at = sum(
        1
        for _ in takewhile(
            lambda pair: _roughly(pair[0]) == _roughly(pair[1]), zip(olds, news, strict=False)
        )
    )
    most = min(at, len(olds) - 1, len(news) - 1)
    return Edit("replaced", "", match, was=olds[most], now=news[most])


def _layers(part: Visit) -> list[Visit]:
    """A part and what it is put around, from the outside in; the last is no layer."""
    layers = [part]
    while (body := body_of(part.node)) is not None:
        part = part.arm(0, body)
        layers.append(part)
    return layers


def _exactly(layer: Visit) -> Hashable:
    """What the layer says itself, and its handler."""
    return own_bytes(layer.node), *(part.digest for part in children(layer.node)[1:])


def _roughly(layer: Visit) -> Hashable:
    node = layer.node
    return _kind(layer), node.name if isinstance(node, Named) else ""


def _kind(layer: Visit) -> Hashable:
    return kind_of(layer.node)


# What is told of a layer


def _changes(old: Visit, new: Visit, match: Match, repeated: bool) -> Findings:
    """The edits between two layers of one kind."""
    mine, theirs = old.node, new.node
    if isinstance(mine, Named) and isinstance(theirs, Named):
        return _renaming(old, new, mine, theirs, match)
    return [
        Edit("changed", reason, match, was=old, now=new, alone=(_hollow(mine), _hollow(theirs)))
        for reason in differences(mine, theirs, repeated=repeated)
    ]


def _renaming(
    old: Visit, new: Visit, mine: Named[Any, Any], theirs: Named[Any, Any], match: Match
) -> Findings:
    edits: Findings = []
    if mine.name != theirs.name:
        reason = f"{words_of(mine)} is called {words_of(theirs)} now{other_keys(theirs)}"
        alone = _hollow(mine), _hollow(theirs)
        edits.append(Edit("renamed", reason, match, was=old, now=new, alone=alone))
    if mine.notes is not theirs.notes and encode(mine.notes) != encode(theirs.notes):
        notes = ", ".join(bound(mine.notes, theirs.notes))
        edits.append(Edit("notes", f"notes: {notes}", match, was=old, now=new))
    return edits


def _handlers(old: Visit, new: Visit, match: Match) -> Findings:
    """The pair of handlers, or finalisers, of two layers that have one."""
    if not isinstance(new.node, Fallback | Always):
        return []
    return [Match(old.parts()[1], new.parts()[1], match)]


def _moves(lost: list[Visit], gained: list[Visit], match: Match) -> Findings:
    """Layers that stand elsewhere among the others now; they leave both lists."""
    edits: Findings = []
    by_words = {_exactly(layer): layer for layer in reversed(lost)}
    for new in list(gained):
        old = by_words.pop(_exactly(new), None)
        if old is None:
            continue
        lost.remove(old)
        gained.remove(new)
        around = [
            words_of(body) for body in (body_of(old.node), body_of(new.node)) if body is not None
        ]
        reason = f"{words_of(new.node)} is around {around[1]} now, was around {around[0]}"
        edits.append(Edit("moved", reason, match, was=old, now=new))
    return edits


def _off(layer: Visit, match: Match) -> Edit:
    alone = _hollow(layer.node), HOLES[0]
    reason = f"no longer {_around(layer.node)}"
    return Edit("unwrapped", reason, match, was=layer, now=match.new, alone=alone)


def _on(layer: Visit, match: Match) -> Edit:
    node = layer.node
    reason = f"now {_around(node)}"
    if isinstance(node, Retry):
        again = [task for task in tasks_in(node.body) if not task.contract.repeatable]
        reason += f", which may repeat {names_of(again)}" if again else ""
    return Edit("wrapped", reason, match, was=match.old, now=layer, alone=(HOLES[0], _hollow(node)))


def _around(node: Node) -> str:
    """How a part stands in a layer: `under retry(attempts=3)`."""
    match node:
        case Named():
            return f"named {words_of(node)}{other_keys(node)}"
        case Fallback():
            on = f" on {tag_names(node.on)}" if node.on else ""
            return f"falls back{on} to {names_of(tasks_in(node.handler))}"
        case Always():
            return f"always followed by {names_of(tasks_in(node.finaliser))}"
        case LoopUntil() | MapEach():
            return f"under {words_of(node)}{other_keys(node)}"
        case Extension():
            return f"written as {words_of(node)}"
        case _:
            return f"under {words_of(node)}"


# Layers alone, around nothing in particular


def _hole(name: str) -> Node:
    """A part of which nothing is known."""
    return Task(name, "", pmap(), Contract((), ANY, (), False), _hole)


HOLES = (_hole("…1"), _hole("…2"))


def _hollow(layer: Node) -> Node:
    if isinstance(layer, Extension) and layer.word:
        return refilled(layer, HOLES)
    return rebuild(layer, HOLES[: len(children(layer))])
