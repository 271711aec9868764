"""Which enums, classes with a codec, and time zones do types, values and workflows mention?"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias, cast, final, get_args, get_origin

from pyrsistent import PMap, PSet, PVector, pmap
from returns.result import Result

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import Const, Expr, Param
from fwf.algebra.instances import PATH, Instance, is_instance_class, path_place
from fwf.algebra.nodes import Extension, Node, Task, WithParams
from fwf.algebra.pickling import fields
from fwf.algebra.plain_values import (
    Codec,
    Coded,
    Member,
    codec_of,
    freeze,
    registered,
    registered_codecs,
    short_name,
)
from fwf.algebra.result_values import content_of
from fwf.algebra.subexpressions import expressions_of, subexpressions
from fwf.algebra.traverse import parts_of
from fwf.algebra.workflow import AnyWorkflow
from fwf.forms.known_names import coded_among, look_up, member_among
from fwf.records import record
from fwf.types import hints
from fwf.types.aliases import bare

MAX_TYPES = 1_000
"""A type may grow whenever it is looked into: `next: Page[list[T]]`."""
Kind: TypeAlias = Literal["enums", "codecs", "zones"]


class Mention(NamedTuple):
    """Something that a name stands for."""

    kind: Kind
    name: str
    thing: Any


# What is mentioned


def by_class(cls: Any) -> Iterator[Mention]:
    """The enum that a class is, and the codec that it has."""
    if issubclass(cls, enum.Enum):
        yield Mention("enums", short_name(cls), cls)
    codec = codec_of(cls)
    if codec is not None:
        yield Mention("codecs", codec.name, codec)


def by_types(kinds: Iterable[Any]) -> Iterator[Mention]:
    """The enums, and the classes of fields, that values of these types may be of."""
    for cls in types_in(kinds):
        if isinstance(cls, type):
            yield from by_class(cls)


def by_zone(value: Any) -> Iterator[Mention]:
    """The time zone that a moment has."""
    zone = value.tzinfo if isinstance(value, datetime | time) else None
    key = getattr(zone, "key", None)
    if key is not None:
        yield Mention("zones", str(key), zone)


def by_value(value: Any) -> Iterator[Mention]:
    """The enums, codecs and time zones in a frozen value."""
    for each in inside(value):
        yield from by_class(each.cls if isinstance(each, Instance) else each.__class__)
        yield from by_zone(each)


def unambiguous(mentions: Iterable[Mention]) -> Iterator[Mention]:
    """Mentions ⟶ each once; where a name stands for two things, neither."""
    things: dict[tuple[Kind, str], list[Any]] = {}
    for kind, name, thing in mentions:
        same = things.setdefault((kind, name), [])
        if thing not in same:
            same.append(thing)
    for (kind, name), same in things.items():
        if len(same) == 1:
            yield Mention(kind, name, same[0])


def inside(value: Any) -> Iterator[Any]:
    """A frozen value, and all that is in it."""
    todo = [value]
    while todo:
        top = todo.pop()
        yield top
        if isinstance(top, PMap):
            todo.extend(cast(Any, top).keys())
            todo.extend(cast(Any, top).values())
        elif isinstance(top, Instance):
            todo.extend(top.fields.values())
        elif isinstance(top, Const):
            todo.append(top.value)
        elif isinstance(top, Result):
            todo.append(freeze(content_of(top)[1]))
        elif isinstance(top, PVector | PSet | frozenset) or type(top) is tuple:
            todo.extend(cast(Any, top))


def types_in(kinds: Iterable[Any]) -> list[Any]:
    """Types ⟶ these and all that they are made of, and that their fields are of, each once.

    The annotations of their fields are evaluated by that, so that reading values doesn't.
    """
    todo, types = [*kinds], list[Any]()
    while todo:
        top = bare(todo.pop())
        if top in types or len(types) >= MAX_TYPES:
            continue
        types.append(top)
        todo.extend((get_origin(top), *get_args(top)))
        todo.extend((hints.fields_of(top) or {}).values())
    return types


def has_path(annotation: Any) -> bool:
    """Whether a path of this machine is in values of a type, as far as it declares them."""
    try:
        return _remembered_path(annotation)
    except TypeError:  # it can't be hashed
        return _has_path(annotation)


def _has_path(annotation: Any) -> bool:
    kinds = types_in([annotation])
    return any(isinstance(kind, type) and path_place(kind) == PATH for kind in kinds)


_remembered_path = lru_cache(maxsize=4096)(_has_path)


# In a workflow


def expressions_in(node: Node) -> Iterator[Expr]:
    """Node ⟶ its own expressions."""
    yield from expressions_of(node)
    for value in fields(node) if isinstance(node, Extension) else ():
        if isinstance(value, It):
            yield expr_of(value)
        elif isinstance(value, Expr):
            yield value


def _nodes(w: Node) -> Iterator[Node]:
    """The nodes of a workflow, each distinct one once."""
    todo, nodes = [w], dict[int, Node]()
    while todo:
        node = todo.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            todo.extend(parts_of(node))
            yield node


def _types_between(node: Node) -> Iterator[Any]:
    """The types of what goes into a node and comes out of it, as far as that is known."""
    yield from (node.edge.accepts, node.edge.output)


def _types_of(node: Node) -> Iterator[Any]:
    """The types that a node declares of its inputs, output and parameters."""
    if isinstance(node, Task):
        contract = node.contract
        yield contract.output
        yield from (each.type for each in contract.inputs)
        yield from (each.type for each in contract.injected)
    for expr in expressions_in(node):
        for part in subexpressions(expr):
            if isinstance(part, Param):
                yield part.type


def _constants_of(node: Node) -> Iterator[Any]:
    """The plain values in a node and in its expressions; fields of other nodes hold none."""
    if isinstance(node, Task):
        yield from node.config.values()
    elif isinstance(node, Extension | WithParams):
        yield from fields(node)
    for expr in expressions_in(node):
        yield from (part for part in subexpressions(expr) if isinstance(part, Const))


@final
@record()
class Known:
    """The enums, codecs and time zones that somebody knows, by name.

    instances: the classes of those codecs that are the fields of a dataclass or a named tuple.
    """

    who: str
    enums: Mapping[str, type[enum.Enum]]
    codecs: Mapping[str, Codec]
    zones: Mapping[str, tzinfo]
    instances: Mapping[str, type]

    def member(self, entry: Member) -> object:
        """The member of the enum of this name."""
        return member_among(self.enums, entry, self.who)

    def coded(self, entry: Coded) -> object:
        """The value that the codec of this name makes of the plain data."""
        return coded_among(self.codecs, entry, self.who)

    def zone(self, key: str, offset: timedelta | None) -> tzinfo:
        """The time zone of this name."""
        return look_up(self.zones, "time zone", key, self.who)


def names_in(w: AnyWorkflow, *, between: bool = False, also: Iterable[type] = ()) -> Known:
    """Workflow ⟶ what may stand in the values of its tasks.

    That is what the declared inputs, outputs and parameters, and the constants, make known; and
    every class that has a registered codec.

    between: also what may stand in the values between its parts, which functions of `pure` give.
    also: classes that are known besides.
    """
    declared, classes = dict[Any, Any](), {id(cls): cls for cls in also}
    zones: list[Mention] = []
    for node in _nodes(cast(Node, w)):
        declared.update((_hashable(kind), kind) for kind in _types_of(node))
        if between:
            declared.update((_hashable(kind), kind) for kind in _types_between(node))
        for value in _constants_of(node):
            for each in inside(value):
                cls = each.cls if isinstance(each, Instance) else each.__class__
                classes[id(cls)] = cls
                zones.extend(by_zone(each))
    for kind in declared.values():
        classes.update((id(cls), cls) for cls in types_in([kind]) if isinstance(cls, type))
    return _known(classes.values(), zones)


def _hashable(kind: Any) -> Any:
    """A type, or what tells it from others where it can't be hashed: `Annotated[int, []]`."""
    try:
        hash(kind)
    except TypeError:
        return id(kind)
    return kind


def _known(classes: Iterable[type], zones: Iterable[Mention]) -> Known:
    """What classes are known by, each given once, with every class that has a registered codec."""
    mentions = [Mention("codecs", codec.name, codec) for codec in registered_codecs()]
    whose: dict[str, type] = {}
    for cls in classes:
        for mention in by_class(cls):
            mentions.append(mention)
            if is_instance_class(cls) and not registered(cls):
                whose[mention.name] = cls
    by_kind: dict[Kind, dict[str, Any]] = {"enums": {}, "codecs": {}, "zones": {}}
    for kind, name, thing in unambiguous([*mentions, *zones]):
        by_kind[kind][name] = thing
    instances = {name: cls for name, cls in whose.items() if name in by_kind["codecs"]}
    kinds: list[Any] = [*map(pmap, by_kind.values()), pmap(instances)]
    return Known("the workflow", *kinds)
