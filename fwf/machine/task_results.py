"""What a task gives: what its function returned, out of its `Result`, of the declared type."""

from __future__ import annotations

from typing import Any, Final, final

from returns.result import Failure, Success

from fwf.algebra.nodes import Task
from fwf.faults.raised import ReturnedError
from fwf.types.arrival import Look, glance, misgiven, shape_of, whose
from fwf.types.single_use import FREE, readable

RESULT: Final = "result"
"""What a message calls it."""


@final
class TaskResults:
    """What one task gives. `free` are the classes whose instances are just that."""

    __slots__ = ("_inside", "_look", "_name", "_type", "free")

    def __init__(self, task: Task[Any, Any]) -> None:
        self._name = task.name
        self._type = task.contract.output
        self.free, self._inside, self._look = shape_of(self._type)

    def of(self, value: Any) -> Any:
        """The value; raises a `Failure`, and `TypeError` for what isn't what the task declares.

        That is a `Defect`: another attempt would give no other type. It is raised where resources
        see it, so that a transaction is rolled back.
        """
        look = self._inside.get(type(value))  # pyright: ignore[reportUnknownArgumentType]
        if look is None:
            return self._check(self._look, unwrap(value))
        try:
            if look(value) is None:
                return value
        except Exception:  # whatever somebody's class raises, or a list that changes meanwhile
            return value
        return self._check(look, value)

    def _check(self, look: Look, value: Any) -> Any:
        wrong = glance(look, value)
        if wrong is not None:
            where = whose(RESULT, wrong)
            raise TypeError(misgiven(self._name, self._type, value, where))
        return value


def unwrap(result: Any) -> Any:
    """The value of a `Success`; a `Failure` is raised, so that resources see it."""
    cls: Any = type(result)  # pyright: ignore[reportUnknownVariableType]
    if cls in FREE:
        return result
    if cls is Success:
        return readable(result.unwrap())
    if cls is Failure:
        error = result.failure()
        raise error if isinstance(error, BaseException) else ReturnedError(error)
    return readable(result)
