"""The normal form behind law level S, and what may be left out of a workflow: `optimise`.

Both rewrite bottom-up with the rules of `fwf.analysis.rewrite_rules`, every distinct part once, on
an explicit stack. The normal form is for comparison, never for running: names, paths and thereby
idempotency keys are those of the workflow *as written*.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from operator import attrgetter, is_
from typing import Any, Final, TypeAlias, cast, final

from pyrsistent import pvector

from fwf.algebra.expr import IT
from fwf.algebra.nodes import Extension, Fail, Fallback, FromResult, Named, Node, Pure, Seq
from fwf.algebra.traverse import Visit, children, fold, rebuild, visit
from fwf.algebra.workflow import Workflow
from fwf.analysis.extent import MOST_SHARED, TooLarge, too_large
from fwf.analysis.identity import digest_of
from fwf.analysis.rewrite_rules import (
    FLAT,
    IN_FALLBACK,
    IN_SEQ,
    SHRINKING,
    SPELLING,
    Level,
    PairRule,
    Rule,
    stands_for,
)
from fwf.faults import shortened
from fwf.records import record

MAX_PARTS: Final = 2**20
"""A chain of more parts than this, which only sharing can write down, keeps its grouping."""


def normal_form(w: Workflow[Any, Any]) -> Node:
    """Workflow ⟶ the same work written in the one way that level S has for it.

    Two workflows of one normal form mean the same (the other way round need not hold). Names and
    extensions are gone, chains are flat, fallbacks lean to the right, a retry of up to 64 attempts
    spells its delays out. Deterministic, idempotent, linear but for what its rules compare.

    Raises `TooLarge` where sharing alone makes chains too long to be put together.
    """
    return _canonical().node(w)


def _canonical() -> "Rewriter":
    return Rewriter(_of_level(SHRINKING, "S"), SPELLING, canonical=True)


@final
class NormalForms:
    """The normal forms of many workflows and of their parts, each distinct part rewritten once.

    A chain in a chain is put together for each of them that is asked for; `budget` bounds what
    this may cost in parts, and past it there is no answer.
    """

    __slots__ = ("_known", "_rewriter", "budget")

    def __init__(self, budget: int) -> None:
        self._rewriter = _canonical()
        self._known: dict[Hashable, Node | Chain] = {}
        self.budget = budget

    def of(self, w: Workflow[Any, Any]) -> Node:
        """Workflow ⟶ its normal form, whatever that costs; raises as `normal_form` does."""
        return self._rewriter.made(self._found(w))

    def of_part(self, node: Node) -> Node | None:
        """Part ⟶ its normal form; None past the budget."""
        if self.budget < 0:
            return None
        try:
            found = self._found(node)
            if isinstance(found, Chain) and found.made is None:
                self.budget -= found.size
            return self._rewriter.made(found) if self.budget >= 0 else None
        except TooLarge:
            self.budget = -1
            return None

    def _found(self, w: Workflow[Any, Any]) -> "Node | Chain":
        found = self._known.get(digest_of(w))
        if found is None:
            found = fold(self._rewriter.step, w, key=_DIGEST, known=self._known)
        return found


_DIGEST: Final = attrgetter("digest")


@final
@record(eq=False, repr=False)
class Applied:
    """A law that `optimise` applied, read from left to right, and where it did.

    `path` is worked out when it is asked for: those of 100,000 nested parts are long.
    """

    law: str
    level: Level
    here: Visit

    @property
    def path(self) -> str:
        """The place in the workflow as written; empty for the whole of it."""
        return self.here.path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Applied) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, str, str]:
        return self.path, self.law, self.level

    def __str__(self) -> str:
        path = shortened(self.path)
        return f"{path}: {self.law} [{self.level}]" if path else f"{self.law} [{self.level}]"

    def __repr__(self) -> str:
        return f"<{self}>"


@final
@record()
class Optimised:
    """A workflow that does the same in fewer parts, and the laws that say so."""

    workflow: Node
    applied: tuple[Applied, ...]


def optimise(w: Workflow[Any, Any]) -> Optimised:
    """Workflow ⟶ the same at level D (outcome, trace and time) in fewer parts, and why.

    Paths are those of `w` as written, each shared part at its first place. Names stay, and so do
    extensions, inside and out: somebody may run them natively. Where nothing applies, the
    workflow is `w` itself. `rules` says what "the same" leaves open; mind that a part that leaves
    takes its idempotency keys along. Raises `TooLarge` as `normal_form` does.
    """
    rewriter = Rewriter(SHRINKING, {}, canonical=False)
    made = rewriter.node(w)
    return Optimised(made, _in_order(w, rewriter.applied))


def _in_order(w: Workflow[Any, Any], applied: "Log") -> tuple[Applied, ...]:
    if not applied:
        return ()
    return tuple(
        Applied(rule.law, rule.level, here)
        for here in _reached(w)
        for rule in applied.get(id(here.node), {}).values()
    )


def _reached(w: Workflow[Any, Any]) -> Iterator[Visit]:
    """Every distinct node that isn't inside an extension, at its first place."""
    seen: set[int] = set()
    todo = [visit(w)]
    while todo:
        here = todo.pop()
        if id(here.node) not in seen:
            seen.add(id(here.node))
            yield here
            todo.extend(() if isinstance(here.node, Extension) else reversed(here.parts()))


def _of_level(rules: dict[type, tuple[Rule, ...]], level: Level) -> dict[type, tuple[Rule, ...]]:
    return {kind: tuple(r for r in some if r.level == level) for kind, some in rules.items()}


Log: TypeAlias = dict[int, dict[str, Rule | PairRule]]
"""By the identity of a node as written: the rules applied there, by their laws."""
Join: TypeAlias = tuple[type, tuple[str, ...]]
"""What a chain is made with: `>>`, or `fallback` with a filter."""
SEQ: Join = (Seq, ())


@final
class Chain:
    """Parts in a row, not put together yet, so that nesting costs nothing.

    A part is a rewritten node, or a chain with the same join; `size` is how many nodes that makes.
    """

    __slots__ = ("join", "made", "origin", "parts", "size")

    def __init__(self, join: Join, parts: "Sequence[Node | Chain]", origin: Node) -> None:
        self.join = join
        self.parts = parts
        self.origin = origin
        self.size: int = sum(part.size if isinstance(part, Chain) else 1 for part in parts)
        self.made: Node | None = None

    def nodes(self) -> list[Node]:
        """The nodes in a row."""
        found: list[Node] = []
        todo: list[Node | Chain] = [self]
        while todo:
            part = todo.pop()
            if isinstance(part, Chain):
                todo.extend(reversed(part.parts))
            else:
                found.append(part)
        return found


@final
class Rewriter:
    """Applies rules until none applies.

    canonical: write everything one way: erase names and extensions, nest fallbacks to the right.
    `applied` says which rules were, if not.
    """

    def __init__(
        self,
        shrinking: dict[type, tuple[Rule, ...]],
        spelling: dict[type, tuple[Rule, ...]],
        *,
        canonical: bool,
    ) -> None:
        kinds = {*shrinking, *spelling}
        self._rules = {kind: (*shrinking.get(kind, ()), *spelling.get(kind, ())) for kind in kinds}
        self._canonical = canonical
        levels = ("S",) if canonical else ("S", "D")
        self._pairs: dict[type, tuple[PairRule, ...]] = {
            Seq: tuple(rule for rule in IN_SEQ if rule.level in levels),
            Fallback: tuple(rule for rule in IN_FALLBACK if rule.level in levels),
        }
        self.applied: Log = {}
        self._left = MOST_SHARED
        """So many parts may still be put together in chains, beside those that are written."""

    def node(self, w: Workflow[Any, Any]) -> Node:
        """Workflow ⟶ what the rules make of it."""
        return self.made(fold(self.step, w))

    def step(self, node: Node, parts: "tuple[Node | Chain, ...]") -> "Node | Chain":
        """A step of `fold`: node, what its parts come to ⟶ what it comes to."""
        if not parts and type(node) is not Seq:
            return node
        if isinstance(node, Extension) or (isinstance(node, Named) and self._canonical):
            return parts[0] if self._canonical else node
        wrapped = stands_for(node)
        if wrapped is not None:
            index, rule = wrapped
            self._log(node, rule)
            return parts[index]
        if isinstance(node, Fallback) and self._canonical:
            return self._chain((Fallback, tuple(sorted(set(node.on)))), parts, node)
        if isinstance(node, Seq):
            return self._chain(SEQ, parts, node)
        return self._settled(rebuild(node, tuple(map(self.made, parts))), node)

    def _settled(self, node: Node, origin: Node) -> Node:
        """A node whose parts are rewritten, after its own rules."""
        while rules := self._rules.get(type(node)):
            for rule in rules:
                found = rule.apply(node)
                if found is not None:
                    self._log(origin, rule)
                    break
            else:
                return node
            if any(found is part for part in children(node)):
                return found
            node = found
        return node

    def _log(self, origin: Node, rule: Rule | PairRule) -> None:
        if not self._canonical:
            self.applied.setdefault(id(origin), {})[rule.law] = rule

    # Chains

    def _chain(self, join: Join, parts: "tuple[Node | Chain, ...]", origin: Node) -> Chain:
        """A chain of chains with its own join and of nodes; a part of another join is made now."""
        kept = [
            part if isinstance(part, Chain) and part.join == join else self.made(part)
            for part in parts
        ]
        self._left += len(parts)
        chain = Chain(join, kept, origin)
        return Chain(join, list(map(self.made, kept)), origin) if chain.size > MAX_PARTS else chain

    def made(self, part: "Node | Chain") -> Node:
        """A chain put together; a node as it is."""
        if not isinstance(part, Chain):
            return part
        if part.made is None:
            part.made = self._put_together(part)
        return part.made

    def _put_together(self, chain: Chain) -> Node:
        kind, on = chain.join
        self._left -= chain.size
        if self._left < 0:
            size = f"a chain of {min(chain.size, MAX_PARTS):,} parts and more"
            raise too_large("the normal form", size, "ask for that of what is shared in it alone")
        nodes = chain.nodes()
        if kind is Seq and not len(nodes) == len(chain.parts) > 1:
            self._log(chain.origin, FLAT)
        while True:
            nodes = self._reduced(nodes, chain)
            spliced = _spliced(nodes, chain.join)
            if spliced is nodes:
                break
            self._log(chain.origin, FLAT)
            nodes = spliced
        if kind is Fallback:
            return _leaning_right(nodes, on, chain.origin)
        if len(nodes) < 2:
            return nodes[0] if nodes else Pure(IT)
        before = cast("Seq[Any, Any]", chain.origin).parts
        return chain.origin if _same(nodes, before) else Seq(pvector(nodes))

    def _reduced(self, nodes: list[Node], chain: Chain) -> list[Node]:
        """The nodes with no two neighbours to which a rule applies."""
        kind, on = chain.join
        rules, reduced = self._pairs[kind], list[Node]()
        for node in nodes:
            reduced.append(node)
            while len(reduced) > 1 and not _TELLING.isdisjoint(map(type, reduced[-2:])):
                pair = self._one(reduced, rules, on, chain.origin)
                if pair is None:
                    break
                reduced[-2:] = [pair]
        return reduced

    def _one(
        self, nodes: list[Node], rules: Iterable[PairRule], on: tuple[str, ...], origin: Node
    ) -> Node | None:
        """The last two nodes as one, if a rule says so."""
        for rule in rules:
            found = rule.apply(nodes[-2], nodes[-1], on)
            if found is not None:
                self._log(origin, rule)
                return found
        return None


_TELLING = frozenset({Pure, Fail, FromResult})
"""Every rule about neighbours is about one of these."""


def _spliced(nodes: list[Node], join: Join) -> list[Node]:
    """The nodes with those opened that came out as chains of the same join; themselves if none.

    Past `MAX_PARTS` they stay closed.
    """
    opened = [_opened(node, join) for node in nodes]
    if all(each is None for each in opened):
        return nodes
    if sum(1 if each is None else len(each) for each in opened) > MAX_PARTS:
        return nodes
    return [
        part
        for node, each in zip(nodes, opened, strict=True)
        for part in ((node,) if each is None else each)
    ]


def _opened(node: Node, join: Join) -> Sequence[Node] | None:
    kind, on = join
    if type(node) is not kind:
        return None
    if isinstance(node, Seq):
        return node.parts
    found: list[Node] = []
    while isinstance(node, Fallback) and node.on == on:
        found.append(node.body)
        node = node.handler
    return [*found, node] if found else None


def _leaning_right(nodes: list[Node], on: tuple[str, ...], origin: Node) -> Node:
    """`fallback(a, fallback(b, fallback(c, …)))`, as it was written if it was so."""
    written, rest = list[Node](), origin
    while isinstance(rest, Fallback) and rest.on == on:
        written.append(rest)
        rest = rest.handler
    made = nodes[-1]
    for at in range(len(nodes) - 2, -1, -1):
        again = written[at] if at < len(written) else None
        same = again is not None and children(again)[0] is nodes[at] and children(again)[1] is made
        made = cast(Node, again if same else Fallback(nodes[at], made, on))
    return made


def _same(nodes: Sequence[Node], others: Sequence[Node]) -> bool:
    return len(nodes) == len(others) and all(map(is_, nodes, others))
