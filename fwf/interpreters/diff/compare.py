"""Walking through two workflows side by side: which parts belong together, and what differs."""

from collections import Counter
from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import Any, Final, cast

from fwf.algebra.nodes import Branch, Extension, Graph, Node, Par, Seq, Task
from fwf.algebra.traverse import Visit, rebuild
from fwf.analysis.extent import extent
from fwf.analysis.identity import own_bytes
from fwf.display.heads import predicate
from fwf.interpreters.diff.alignment import Pair, aligned
from fwf.interpreters.diff.edge_changes import wiring
from fwf.interpreters.diff.field_changes import differences
from fwf.interpreters.diff.layer_changes import HOLES, layer_edits
from fwf.interpreters.diff.matches import MOVED, Edit, Findings, Match, Row, parts_of
from fwf.interpreters.diff.part_words import core_of, kind_of, name_of, other_keys, words_of
from fwf.interpreters.diff.relation import related, same_among
from fwf.records import changed

MOST_TIMES: Final = 16
"""Two parts that stand in many places are compared in so many of them, since sharing can write
down exponentially many; in one if that makes either workflow too large to go through."""


def edits(old: Visit, new: Visit) -> list[Edit]:
    """Two workflows ⟶ all edits between them, in the order of the new one. Explicit stack.

    Where sharing makes one of them too large to go through, chains are compared as grouped.
    """
    edits_in_order: list[Edit] = []
    seen = Counter[tuple[bytes, bytes]]()
    whole = Match(old, new)
    whole.grouped = extent(old.node).shared or extent(new.node).shared
    most = 1 if whole.grouped else MOST_TIMES
    todo: Findings = [whole]
    while todo:
        top = todo.pop()
        if isinstance(top, Edit):
            edits_in_order.append(top)
            continue
        both = top.old.node.digest, top.new.node.digest
        if both[0] != both[1] and seen[both] < most:
            seen[both] += 1
            todo.extend(reversed(_comparison(top)))
    return edits_in_order


def _comparison(match: Match) -> Findings:
    around, core, handlers = layer_edits(match)
    return [*around, *(() if core is None else _inside(core)), *handlers]


def _inside(match: Match) -> Findings:
    """Two parts without layers ⟶ what differs in them."""
    old, new = match.old.node, match.new.node
    if old.digest == new.digest:
        return []
    if not related(old, new):
        return [_replacement(match)]
    if isinstance(old, Seq) or isinstance(new, Seq):
        return _chains(match)
    if kind_of(old) != kind_of(new):
        return _put_inside(match) or _taken_out(match)
    match new:
        case Par():
            return [*_own(match), *_sequences(match, parts_of(match.old), parts_of(match.new))[0]]
        case Branch():
            return _branches(match, cast("Branch[Any, Any]", old), new)
        case Graph():
            edits, pairs = _sequences(match, parts_of(match.old), parts_of(match.new))
            return [*edits, *wiring(match, pairs)]
        case Extension():
            return [*_own(match), *_sequences(match, parts_of(match.old), parts_of(match.new))[0]]
        case _:
            return _own(match)


def _own(match: Match) -> Findings:
    """What the nodes say themselves."""
    reasons = differences(match.old.node, match.new.node, repeated=match.repeated)
    return [Edit("changed", each, match, was=match.old, now=match.new) for each in reasons]


def _replacement(match: Match) -> Edit:
    return Edit("replaced", "", match, was=match.old, now=match.new)


# Many parts


def _chains(match: Match) -> Findings:
    """Chains without their grouping; what isn't a chain is one of a single part."""
    row = _grouped if match.grouped else _flat
    edits, _ = _sequences(match, row(match.old), row(match.new))
    if edits:
        return edits
    return [Edit("changed", "grouped in another way", match, was=match.old, now=match.new)]


def _grouped(part: Visit) -> Row:
    """The parts of a chain; what is none is the only part."""
    return parts_of(part) if isinstance(part.node, Seq) else Row([part.node], [part])


def _flat(part: Visit) -> Row:
    """The parts of a chain and of the chains in it; what is none is the only part."""
    if not (isinstance(part.node, Seq) and any(isinstance(one, Seq) for one in part.node.parts)):
        return _grouped(part)
    nodes: list[Node] = []
    places: list[tuple[Visit, int]] = []
    todo = [(part, at, node) for at, node in _backwards(part.node)]
    while todo:
        holder, at, node = todo.pop()
        if isinstance(node, Seq):
            chain = holder.part(at, node)
            todo.extend((chain, i, each) for i, each in _backwards(node))
        else:
            nodes.append(node)
            places.append((holder, at))
    return Row(nodes, places)


def _backwards(chain: Seq[Any, Any]) -> list[tuple[int, Node]]:
    return list(enumerate(chain.parts))[::-1]


def _sequences(match: Match, olds: Row, news: Row) -> tuple[Findings, list[Pair]]:
    """Two sequences of parts ⟶ what is lost, gained and still to be compared; all their pairs."""
    pairs = list(aligned(olds.nodes, news.nodes, (_digest, _name, _look)))
    elsewhere = _elsewhere(pairs, olds, news)
    moved_from = set(elsewhere.values())
    edits: Findings = []
    for old, new in pairs:
        if new is None:
            if old is not None and old not in moved_from:
                edits.append(Edit("removed", "", match, was=olds.visit(old)))
        elif new in elsewhere:
            was, now = olds.visit(elsewhere[new]), news.visit(new)
            edits.append(Edit("moved", MOVED, match, was=was, now=now))
            edits.append(Match(was, now, match))
        elif old is None:
            edits.append(Edit("added", "", match, now=news.visit(new)))
        elif olds.nodes[old].digest != news.nodes[new].digest:
            edits.append(Match(olds.visit(old), news.visit(new), match))
    return edits, pairs


def _elsewhere(pairs: Sequence[Pair], olds: Row, news: Row) -> dict[int, int]:
    """Of parts that are gained: where the part of their name stood that is lost."""
    lost = {name_of(olds.nodes[old]): old for old, new in pairs if old is not None and new is None}
    lost.pop(None, None)
    gained = {
        name_of(news.nodes[new]): new for old, new in pairs if new is not None and old is None
    }
    return {new: lost[name] for name, new in gained.items() if name in lost}


_digest: Final = attrgetter("digest")


def _name(node: Node) -> Hashable:
    """What a reader knows the part by; for one without a name, what no other has."""
    name = name_of(node)
    return node.digest if name is None else name


def _look(node: Node) -> Hashable:
    """What a part is made of outside; of a task, all but its name."""
    core = core_of(node)
    if isinstance(core, Task):
        return own_bytes(cast(Node, changed(core, name="_")))
    return type(core).__name__


def _branches(match: Match, old: Branch[Any, Any], new: Branch[Any, Any]) -> Findings:
    """The predicate, then arm with arm; or the arms exchanged."""
    if old.then.digest == new.otherwise.digest and old.otherwise.digest == new.then.digest:
        reason = f"arms exchanged: {words_of(old)} → {words_of(new)}"
        exchanged = rebuild(old, HOLES), rebuild(new, HOLES[::-1])
        return [Edit("changed", reason, match, was=match.old, now=match.new, alone=exchanged)]
    alone = rebuild(old, HOLES), rebuild(new, HOLES)
    edits: Findings = [
        Edit("changed", reason, match, was=match.old, now=match.new, alone=alone)
        for reason in differences(old, new, repeated=match.repeated)
    ]
    test = predicate(new.predicate)
    arms = zip(
        parts_of(match.old).visits(),
        parts_of(match.new).visits(),
        (test, f"{test} is false"),
        strict=True,
    )
    for mine, theirs, where in arms:
        arm = Match(mine, theirs, match)
        arm.where = f" where {where}"
        edits.append(arm)
    return edits


# One of several


def _put_inside(match: Match) -> Findings:
    """The old part stands among several now: they are gained, and it is compared."""
    at = same_among(match.old.node, match.new.node)
    if at is None:
        return []
    others: Findings = [
        Match(match.old, part, match) if i == at else Edit("added", "", match, now=part)
        for i, part in enumerate(match.new.parts())
    ]
    reason = f"now in {words_of(match.new.node)}{other_keys(match.old.node)}"
    return [Edit("wrapped", reason, match, was=match.old, now=match.new), *others]


def _taken_out(match: Match) -> Findings:
    """The new part stood among several: they are lost, and it is compared."""
    at = same_among(match.new.node, match.old.node)
    if at is None:
        return []
    others: Findings = [
        Match(part, match.new, match) if i == at else Edit("removed", "", match, was=part)
        for i, part in enumerate(match.old.parts())
    ]
    reason = f"no longer in {words_of(match.old.node)}{other_keys(match.new.node)}"
    return [Edit("unwrapped", reason, match, was=match.old, now=match.new), *others]
