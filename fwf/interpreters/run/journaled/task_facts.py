"""What are a run's tasks, and what they are given, known by in records?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, final

from fwf.algebra.nodes import Task
from fwf.algebra.plain_values import digest, encode, freeze
from fwf.analysis.canonical import Nameless, canonical
from fwf.forms.mentioned import has_path
from fwf.journal.code import code_digest
from fwf.journal.values import Values
from fwf.machine.fibers import Fiber


class TaskFacts(NamedTuple):
    """What is known of a task for the whole run: how it is called in records, and its code."""

    task: Task[Any, Any]
    name: str
    json_name: str
    code: str
    params: tuple[str, ...]
    unrepeatable: bool
    has_path: bool


@final
class TasksInRecords:
    """The tasks of one run: each is looked at once."""

    __slots__ = ("_facts", "_params", "_values")

    def __init__(self, values: Values) -> None:
        self._values = values
        self._facts: dict[int, TaskFacts] = {}
        self._params: dict[tuple[int, int], tuple[object, bytes]] = {}

    def facts(self, task: Task[Any, Any]) -> TaskFacts:
        """What is known of a task."""
        return self._facts.get(id(task)) or self._look_at(task)

    def _look_at(self, task: Task[Any, Any]) -> TaskFacts:
        name = record_name(task)
        params = tuple(
            each.name for each in task.contract.injected if each.kind in ("parameter", "unknown")
        )
        once = task.contract.effect == "unrepeatable"
        code, path = code_digest(task.fn), has_path(task.contract.output)
        facts = TaskFacts(task, name, json.dumps(name), code, params, once, path)
        self._facts[id(task)] = facts
        return facts

    def input(self, fiber: Fiber, facts: TaskFacts) -> str:
        """The digest of what a task is given: its input, and the parameters that it asks for."""
        input_digest = self._values.digest(fiber.value) if facts.task.contract.inputs else ""
        if not facts.params:
            return input_digest
        env = fiber.around.env
        entry = self._params.get((id(facts.task), id(env)))
        if entry is None:
            params = {name: env.params[name] for name in facts.params if name in env.params}
            entry = self._params[id(facts.task), id(env)] = env, _digest(params)
        return digest(input_digest.encode(), entry[1]).hex()


def record_name(task: Task[Any, Any]) -> str:
    """What a task is known by in records: name, version, and a digest of its configuration."""
    config = f"#{digest(encode(freeze(task.config))).hex()[:16]}" if task.config else ""
    return f"{task.name}@{task.version}{config}"


def python_of(code: str) -> str:
    """The version of Python whose code has this digest."""
    return code.partition(":")[0]


def _digest(params: Mapping[str, Any]) -> bytes:
    """What parameters are told apart by; nothing where one has no canonical form."""
    try:
        return digest(*[encode(name) + canonical(value) for name, value in sorted(params.items())])
    except Nameless:
        return b""
