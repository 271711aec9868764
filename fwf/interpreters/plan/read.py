"""How a plan is read back: nothing is imported or run, and nothing built that can't be written."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast, final

from pyrsistent import PMap, pvector

from fwf.algebra import wiring
from fwf.algebra.builder import It
from fwf.algebra.checked_fields import checked_name
from fwf.algebra.expr import type_of
from fwf.algebra.extensions import Arm
from fwf.algebra.nodes import (
    Extension,
    FromResult,
    Graph,
    Node,
    OnError,
    OnLimit,
    Pure,
    Seq,
    Step,
    Task,
    WithParams,
)
from fwf.algebra.plain_values import is_name, thaw
from fwf.combinators import (
    always,
    as_result,
    branch,
    delay,
    fail,
    fallback,
    in_pool,
    loop_until,
    map_each,
    named,
    par,
    retry,
    timeout,
)
from fwf.forms import strict, value_form
from fwf.forms.known_names import resolved
from fwf.forms.refusal import Refused, refused, refusing, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_choice,
    read_duration,
    read_fields,
    read_flag,
    read_list,
    read_name,
    read_place,
    read_text,
    read_texts,
    read_whole,
)
from fwf.interpreters.plan import expression_form, schedule_form, standins, task_form
from fwf.interpreters.plan.plan_names import WORDS, Names, made_of
from fwf.interpreters.plan.write import VERSION
from fwf.types import hints, table_types
from fwf.types.hints import ANY, SAME

MAX_BYTES = 200_000_000
"""How long a plan's text may be; the value read from it takes about ten times the room."""
MAX_NODES = 2_000_000
MAX_ARITY = 10_000
"""How many inputs a graph may have."""
MAX_WORK, WORK_PER_CHARACTER = 5_000_000, 10
"""How many parts of types and expressions may be compared, in all and for each character of text.

They are compared wherever a part is used, so that a short text which uses a wide `par` or a long
expression everywhere could ask for hours of it.
"""


def read(text: str | bytes, names: Names, max_bytes: int, max_nodes: int) -> Node:
    """Text, what resolves its names ⟶ the workflow; raises `Refused`."""
    found = strict.parsed(text, max_bytes)
    version = found.get("plan") if is_object(found) else None
    if type(version) is not int or version != VERSION:
        raise refused("/plan", version, f"version {VERSION} of plans")
    whole = read_fields(found, "", ("plan", "tasks", "nodes"))
    listed, said = read_list(whole["tasks"], "/tasks"), read_list(whole["nodes"], "/nodes")
    for at, each in (("/tasks", listed), ("/nodes", said)):
        if len(each) > max_nodes:
            raise Refused(at, f"holds {len(each):,}; at most {max_nodes:,} are expected")
    if not said:
        raise refused("/nodes", said, "a list of at least one node, the last being the workflow,")
    reading = _Reading(names, MAX_WORK + WORK_PER_CHARACTER * len(text))
    for i, task in enumerate(listed):
        at = f"/tasks/{i}"
        reading.tasks.append(refusing(at, task_form.read, task, at, names))
    for i, node in enumerate(said):
        reading.add(node, f"/nodes/{i}")
    return reading.nodes[-1]


@final
class _Reading:
    """A plan that is being read: its tasks and nodes so far."""

    __slots__ = ("costs", "names", "nodes", "tasks", "work")

    def __init__(self, names: Names, work: int) -> None:
        self.names = names
        self.tasks: list[Task[Any, Any]] = []
        self.nodes: list[Node] = []
        self.costs: list[int] = []
        self.work = work

    def add(self, given: Json, at: str) -> None:
        """Read the next node."""
        word = given.get("node") if is_object(given) else None
        if type(word) is not str or word not in _READERS:
            raise refused(at, given if word is None else word, f"a node: {', '.join(_READERS)}")
        reader, fields = _READERS[word]
        read_fields(given, at, fields)
        made = cast(Node, refusing(at, reader, self, given, at))
        self.nodes.append(made)
        self.costs.append(_cost(made))

    def part(self, given: Json, at: str, key: str) -> Node:
        """The node whose number a field has."""
        return self.node(given[key], f"{at}/{key}")

    def node(self, number: Json, at: str) -> Node:
        """The node of this number."""
        if type(number) is int and 0 <= number < len(self.nodes):
            self.spend(self.costs[number], at)
            return self.nodes[number]
        raise refused(
            at, number, f"the number of a node that comes before, below {len(self.nodes)},"
        )

    def spend(self, work: int, at: str) -> None:
        """Count what comparing takes; raises where it has come to too much."""
        self.work -= work
        if self.work < 0:
            raise Refused(at, "comparing types takes too long: a part is too wide, or too long")

    def nodes_of(self, numbers: Json, at: str) -> list[Node]:
        """The nodes whose numbers a list has."""
        return [self.node(each, f"{at}/{i}") for i, each in enumerate(read_list(numbers, at))]

    def expression(self, given: Json, at: str, key: str) -> It:
        """The expression that a field says."""
        return It(expression_form.read(given[key], f"{at}/{key}", self.names))

    def bindings(self, given: Json, at: str, key: str) -> PMap[Any, Any]:
        """The names and values that a field says."""
        return value_form.read_bindings(given[key], f"{at}/{key}", self.names)


def _cost(node: Node) -> int:
    """What comparing a part with those around it takes: the width of its type, its probes."""
    edge = node.edge
    probes = sum(getattr(probe, "size", 1) for probe in edge.probes) if edge.probes else 0
    return 1 + len(getattr(edge.output, "__args__", ())) + 10 * probes


# Leaves


def _read_task(reading: _Reading, given: Json, at: str) -> Any:
    number = given["task"]
    if type(number) is int and 0 <= number < len(reading.tasks):
        return reading.tasks[number]
    raise refused(f"{at}/task", number, f"a task's number, below {len(reading.tasks)},")


def _read_pure(reading: _Reading, given: Json, at: str) -> Any:
    made: Pure[Any, Any] = Pure(expression_form.read(given["expr"], f"{at}/expr", reading.names))
    return made


def _read_fail(reading: _Reading, given: Json, at: str) -> Any:
    tag = read_text(given["tag"], f"{at}/tag")
    said, there = given["message"], f"{at}/message"
    if is_object(said) and said.keys() == {"expr"}:
        return fail(tag, reading.expression(said, there, "expr"))
    return fail(tag, read_text(said, there))


def _read_delay(reading: _Reading, given: Json, at: str) -> Any:
    return delay(read_duration(given["duration"], f"{at}/duration"))


def _read_from_result(reading: _Reading, given: Json, at: str) -> Any:
    made: FromResult[Any, Any] = FromResult()
    return made


# Several parts


def _read_seq(reading: _Reading, given: Json, at: str) -> Any:
    parts = reading.nodes_of(given["parts"], f"{at}/parts")
    for i in range(1, len(parts)):
        _check_edge(reading, parts[i - 1], parts[i], f"{at}/parts/{i}")
    made: Seq[Any, Any] = Seq(pvector(parts))
    return made


def _check_edge(reading: _Reading, left: Node, right: Node, at: str) -> None:
    """Raise unless the right part can take what the left one gives.

    Where that is only passed on, `>>` may know more or less, depending on what was put together
    first; so it isn't asked here.
    """
    given, wanted = left.edge.gives, right.edge.accepts
    if given is SAME or given is ANY:
        return
    if not hints.compatible(given, wanted):
        said = f"takes {hints.name_of(wanted)}, but is given {hints.name_of(given)}"
        raise Refused(at, said + table_types.in_brackets(given, wanted))
    for probe in right.edge.probes:
        type_of(probe, given)


def _read_par(reading: _Reading, given: Json, at: str) -> Any:
    parts: Any = reading.nodes_of(given["parts"], f"{at}/parts")
    return par(*parts, fail_fast=read_flag(given["fail_fast"], f"{at}/fail_fast"))


def _read_branch(reading: _Reading, given: Json, at: str) -> Any:
    predicate = reading.expression(given, at, "predicate")
    then, otherwise = reading.part(given, at, "then"), reading.part(given, at, "otherwise")
    return branch(predicate, then=then, otherwise=otherwise)


def _read_fallback(reading: _Reading, given: Json, at: str) -> Any:
    body, handler = reading.part(given, at, "body"), reading.part(given, at, "handler")
    return fallback(body, handler, on=_filter(given, at))


def _filter(given: Json, at: str) -> tuple[str, ...]:
    tags = read_texts(given["on"], f"{at}/on")
    if list(tags) != sorted(set(tags)):
        raise Refused(f"{at}/on", "the tags of errors are expected in order, each once")
    return tags


def _read_always(reading: _Reading, given: Json, at: str) -> Any:
    return always(reading.part(given, at, "body"), then=reading.part(given, at, "finaliser"))


def _read_graph(reading: _Reading, given: Json, at: str) -> Any:
    arity = read_whole(given["arity"], f"{at}/arity", 0)
    if arity > MAX_ARITY:
        raise refused(f"{at}/arity", arity, f"a number of inputs, at most {MAX_ARITY:,},")
    steps: list[Step] = []
    for i, each in enumerate(read_list(given["steps"], f"{at}/steps")):
        there = f"{at}/steps/{i}"
        fields = read_fields(each, there, ("body", "inputs", "after"))
        body = reading.part(fields, there, "body")
        inputs = _places(fields["inputs"], f"{there}/inputs", i, arity)
        after = _places(fields["after"], f"{there}/after", i, arity)
        steps.append(Step(body, inputs, after))
    outputs, there = given["outputs"], f"{at}/outputs"
    placed = _places if type(outputs) is list else _place
    made: Graph[Any, Any] = Graph(tuple(steps), placed(outputs, there, len(steps), arity), arity)
    return made


def _places(given: Json, at: str, before: int, arity: int) -> tuple[int, ...]:
    each = enumerate(read_list(given, at))
    return tuple(_place(place, f"{at}/{i}", before, arity) for i, place in each)


def _place(given: Json, at: str, before: int, arity: int) -> int:
    if wiring.is_place(given, before, arity):
        return int(given)
    raise refused(at, given, wiring.places(before, arity))


# One part


def _read_loop_until(reading: _Reading, given: Json, at: str) -> Any:
    within = given["within"]
    on_limit: OnLimit = read_choice(given["on_limit"], f"{at}/on_limit", ("fail", "stop"))
    return loop_until(
        reading.part(given, at, "body"),
        reading.expression(given, at, "done"),
        limit=read_whole(given["limit"], f"{at}/limit", 1),
        within=None if within is None else read_duration(within, f"{at}/within"),
        on_limit=on_limit,
    )


def _read_map_each(reading: _Reading, given: Json, at: str) -> Any:
    at_once, modes = given["at_once"], ("settle", "fail_fast", "collect")
    on_error: OnError = read_choice(given["on_error"], f"{at}/on_error", modes)
    made: Any = map_each(
        reading.part(given, at, "body"),
        key=None if given["key"] is None else reading.expression(given, at, "key"),
        at_once=None if at_once is None else read_whole(at_once, f"{at}/at_once", 1),
        on_error=cast(Any, on_error),
    )
    return made


def _read_retry(reading: _Reading, given: Json, at: str) -> Any:
    return retry(
        reading.part(given, at, "body"),
        attempts=read_whole(given["attempts"], f"{at}/attempts", 1),
        wait=schedule_form.read(given["wait"], f"{at}/wait"),
        on=_filter(given, at),
    )


def _read_timeout(reading: _Reading, given: Json, at: str) -> Any:
    return timeout(reading.part(given, at, "body"), read_duration(given["within"], f"{at}/within"))


def _read_as_result(reading: _Reading, given: Json, at: str) -> Any:
    return as_result(reading.part(given, at, "body"))


def _read_with_params(reading: _Reading, given: Json, at: str) -> Any:
    body = reading.part(given, at, "body")
    argument = expression_form.read_argument
    params = value_form.read_bindings(given["params"], f"{at}/params", reading.names, item=argument)
    resources = reading.bindings(given, at, "resources")
    for key, bound in (("params", params), ("resources", resources)):
        if not all(isinstance(name, str) for name in bound):
            raise Refused(f"{at}/{key}", "names are texts")
    made: WithParams[Any, Any] = WithParams(body, params, resources)
    return made


def _read_in_pool(reading: _Reading, given: Json, at: str) -> Any:
    return in_pool(reading.part(given, at, "body"), read_text(given["pool"], f"{at}/pool"))


def _read_named(reading: _Reading, given: Json, at: str) -> Any:
    body, notes = reading.part(given, at, "body"), reading.bindings(given, at, "notes")
    name = read_name(given["name"], f"{at}/name", "a part")
    return named(name, body, **cast("PMap[str, object]", notes))


# Somebody's own


def _read_extension(reading: _Reading, given: Json, at: str) -> Any:
    place = read_place(given["class"], f"{at}/class", "an extension")
    there, said = f"{at}/fields", given["fields"]
    if not is_object(said):
        raise refused(there, said, "an object with the extension's fields")
    fields: dict[str, Any] = {}
    for name, each in said.items():
        if not is_name(name):
            raise refused(under(there, name), name, "the name of a field")
        fields[name] = _read_field(reading, each, under(there, name))
    called, arms = _read_word(given["word"], f"{at}/word"), _read_arms(reading, given, at)
    meaning = reading.part(given, at, "meaning")
    recorded = standins.stand_in_extension(place, fields, meaning, called, arms)
    word = WORDS.get(place)
    find = reading.names.extension if word is None else partial(made_of, word)
    made: Extension[Any, Any] = resolved(find, at, recorded)
    return made


def _read_word(given: Json, at: str) -> str:
    """What can stand in paths, or nothing."""
    if given == "":
        return ""
    try:
        return checked_name(read_name(given, at, "an extension"), at)
    except ValueError as error:
        raise Refused(at, str(error).partition(": ")[2]) from None


def _read_arms(reading: _Reading, given: Json, at: str) -> tuple[Arm, ...]:
    found: list[Arm] = []
    for i, each in enumerate(read_list(given["arms"], f"{at}/arms")):
        there = f"{at}/arms/{i}"
        if not is_object(each) or each.keys() != {"part", "label", "segment", "tag"}:
            raise refused(there, each, "an object with part, label, segment and tag")
        part, segment = reading.part(each, there, "part"), each["segment"]
        label, tag = (read_text(each[name], f"{there}/{name}") for name in ("label", "tag"))
        said = None if segment is None else _read_word(segment, f"{there}/segment")
        found.append(Arm(part, label, said, tag))
    return tuple(found)


def _read_field(reading: _Reading, given: Json, at: str) -> Any:
    word = next(iter(given)) if is_object(given) and len(given) == 1 else ""
    match word:
        case "part":
            return reading.part(given, at, word)
        case "parts":
            return tuple(reading.nodes_of(given[word], f"{at}/parts"))
        case "it":
            return reading.expression(given, at, word)
        case "expr":
            return expression_form.read(given[word], f"{at}/expr", reading.names)
        case "schedule":
            return schedule_form.read(given[word], f"{at}/schedule")
        case "value":
            return thaw(value_form.read(given[word], f"{at}/value", reading.names))
        case _:
            raise refused(at, given, "an object with part, parts, it, expr, schedule or value")


_Reader = Callable[[_Reading, Json, str], Any]
_READERS: dict[str, tuple[_Reader, tuple[str, ...]]] = {
    "task": (_read_task, ("node", "task")),
    "pure": (_read_pure, ("node", "expr")),
    "fail": (_read_fail, ("node", "tag", "message")),
    "delay": (_read_delay, ("node", "duration")),
    "from_result": (_read_from_result, ("node",)),
    "seq": (_read_seq, ("node", "parts")),
    "par": (_read_par, ("node", "parts", "fail_fast")),
    "branch": (_read_branch, ("node", "predicate", "then", "otherwise")),
    "loop_until": (_read_loop_until, ("node", "body", "done", "limit", "within", "on_limit")),
    "map_each": (_read_map_each, ("node", "body", "key", "at_once", "on_error")),
    "graph": (_read_graph, ("node", "steps", "outputs", "arity")),
    "retry": (_read_retry, ("node", "body", "attempts", "wait", "on")),
    "timeout": (_read_timeout, ("node", "body", "within")),
    "fallback": (_read_fallback, ("node", "body", "handler", "on")),
    "always": (_read_always, ("node", "body", "finaliser")),
    "as_result": (_read_as_result, ("node", "body")),
    "with_params": (_read_with_params, ("node", "body", "params", "resources")),
    "in_pool": (_read_in_pool, ("node", "body", "pool")),
    "named": (_read_named, ("node", "name", "body", "notes")),
    "extension": (_read_extension, ("node", "class", "word", "arms", "fields", "meaning")),
}
"""By the word that a node begins with: what reads it, and its fields."""
