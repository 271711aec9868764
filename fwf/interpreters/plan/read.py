"""How a plan is read back: nothing is imported or run, and nothing built that can't be written."""

from functools import partial
from typing import Any

from fwf.algebra.functions import place_of
from fwf.algebra.nodes import Extension, Node
from fwf.forms import strict
from fwf.forms.known_names import resolve
from fwf.forms.refusal import Refused, refused, refusing
from fwf.forms.scalar_form import Json, is_object, read_fields, read_list
from fwf.interpreters.plan import task_form
from fwf.interpreters.plan.node_form import NODES
from fwf.interpreters.plan.plan_names import WORDS, Names, build_extension
from fwf.interpreters.plan.reading import Reading
from fwf.interpreters.plan.write import VERSION

MAX_BYTES = 200_000_000
"""How long a plan's text may be; the value read from it takes about ten times the room."""
MAX_NODES = 2_000_000


def read(text: str | bytes, names: Names, max_bytes: int, max_nodes: int) -> Node:
    """Text, what resolves its names ⟶ the workflow; raises `Refused`."""
    json = strict.parse(text, max_bytes)
    version = json.get("plan") if is_object(json) else None
    if type(version) is not int or version != VERSION:
        raise refused("/plan", version, f"version {VERSION} of plans")
    fields = read_fields(json, "", ("plan", "tasks", "nodes"))
    tasks, nodes = read_list(fields["tasks"], "/tasks"), read_list(fields["nodes"], "/nodes")
    for at, each in (("/tasks", tasks), ("/nodes", nodes)):
        if len(each) > max_nodes:
            raise Refused(at, f"holds {len(each):,}; at most {max_nodes:,} are expected")
    if not nodes:
        raise refused("/nodes", nodes, "a list of at least one node, the last being the workflow,")
    reading = Reading(names, len(text))
    for i, task in enumerate(tasks):
        at = f"/tasks/{i}"
        reading.tasks.append(refusing(at, task_form.read, task, at, names))
    for i, node in enumerate(nodes):
        at = f"/nodes/{i}"
        reading.append(refusing(at, _read_node, node, at, reading))
    return reading.nodes[-1]


def _read_node(json: Json, at: str, reading: Reading) -> Node:
    word = json.get("node") if is_object(json) else None
    if type(word) is not str or word not in NODES:
        raise refused(at, json if word is None else word, f"a node: {', '.join(NODES)}")
    kind = NODES[word]
    node: Node = kind.read(read_fields(json, at, kind.names), at, reading)
    return _look_up(node, at, reading.names) if isinstance(node, Extension) else node


def _look_up(entry: Extension[Any, Any], at: str, names: Names) -> Node:
    """An extension that is recorded ⟶ what it is as the names have it."""
    word = WORDS.get(place_of(type(entry)))
    return resolve(names.extension if word is None else partial(build_extension, word), at, entry)
