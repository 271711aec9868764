"""How does a connector make a task? From a function, and the names that it is to be called with."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from fwf.algebra.contract import Contract, Effect, IdempotencyKey, Injected, InputOf
from fwf.algebra.nodes import Task
from fwf.algebra.values import freeze
from fwf.faults import near

PARAMETERS: Final[Mapping[str, type]] = {
    kind.__name__: kind
    for kind in (str, int, float, bool, Decimal, date, datetime, time, timedelta, UUID)
}
"""The types that run parameters of a query may have, by the names that a config holds."""

ParameterType = type | str
"""A run parameter's type, or its name: what the config of a task holds."""


def leaf(
    fn: Callable[..., Any],
    *,
    name: str,
    config: Mapping[str, object],
    effect: Effect,
    output: Any,
    inputs: Mapping[str, Any] | None = None,
    params: Mapping[str, type] | None = None,
    resources: Mapping[str, Any] | None = None,
    key: str | None = None,
    reads: Sequence[str] = (),
    writes: Sequence[str] = (),
) -> Task[Any, Any]:
    """A task that calls `fn(*inputs, **injected)`.

    fn: defined within the factory, so that its place names the factory.
    config: the very keyword arguments of the factory, as plain data: the task is pickled, and read
        from a plan, by calling the factory on them.
    output, inputs, resources: types; inputs and resources by their names.
    params: the run parameters that it is called with, by name.
    key: the name under which it is called with the idempotency key, if it is.
    """
    injected = [
        *(Injected(each, kind, "parameter", False) for each, kind in (params or {}).items()),
        *(Injected(each, kind, "resource", False) for each, kind in (resources or {}).items()),
        *([Injected(key, IdempotencyKey, "fact", False)] if key else []),
    ]
    contract = Contract(
        tuple(InputOf(each, kind) for each, kind in (inputs or {}).items()),
        output,
        tuple(injected),
        is_async=False,
        effect=effect,
        reads=tuple(reads),
        writes=tuple(writes),
    )
    frozen: Any = freeze(dict(config))
    return Task(name, "1", frozen, contract, fn)


def parameter_types(
    given: Mapping[str, ParameterType], where: str
) -> tuple[dict[str, type], dict[str, str]]:
    """Run parameters by their types or the names of these ⟶ the types, and the names for a config.

    >>> parameter_types({"day": date, "limit": "int"}, "query")
    ({'day': <class 'datetime.date'>, 'limit': <class 'int'>}, {'day': 'date', 'limit': 'int'})
    """
    types: dict[str, type] = {}
    for name, kind in given.items():
        if not name.isidentifier():
            raise ValueError(f"{where}(params={{{name!r}: …}}): needs a name that Python can write")
        said = kind if isinstance(kind, str) else kind.__name__
        known = PARAMETERS.get(said)
        if known is None or (isinstance(kind, type) and kind is not known):
            raise TypeError(
                f"{where}(params={{{name!r}: {said}}}): a run parameter of a query is one of "
                f"{', '.join(PARAMETERS)}{near(said, PARAMETERS)}"
            )
        types[name] = known
    return types, {name: kind.__name__ for name, kind in types.items()}
