"""Have the tables that arrive at a task the columns that it declares?

What a task gives is looked at where it gives it (`machine.task_results`); but of a table whose
columns only the next task declares, that can be seen only there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from fwf.algebra.nodes import Task
from fwf.types.arrival import glance, shape_of, value_kind, whose
from fwf.types.hints import name_of
from fwf.types.table_types import mentioned


def with_table_checks(task: Task[Any, Any]) -> Callable[..., Any]:
    """The task's function; it raises `TypeError` if a table isn't as its input declares.

    The function itself for a task that declares none: its calls cost nothing more.
    """
    fn = task.fn
    looks = [
        (at, each, shape_of(each.type).look)
        for at, each in enumerate(task.contract.inputs)
        if mentioned(each.type)
    ]
    if not looks:
        return fn

    def check(args: tuple[Any, ...]) -> None:
        for at, each, look in looks:
            wrong = glance(look, args[at])
            if wrong is not None:
                raise TypeError(
                    f"{task.name} takes {each.name}: {name_of(each.type)} but is given "
                    f"{value_kind(args[at])}{whose(each.name, wrong)}"
                )

    @wraps(fn)
    def call(*args: Any, **keywords: Any) -> Any:
        check(args)
        return fn(*args, **keywords)

    @wraps(fn)
    async def call_async(*args: Any, **keywords: Any) -> Any:
        check(args)
        return await fn(*args, **keywords)

    return call_async if task.contract.is_async else call
