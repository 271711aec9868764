"""How does a connector make a task? From a function, and the names that it is to be called with."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, Final, TypeAlias, cast, final
from uuid import UUID

from fwf.algebra.contract import Contract, Effect, IdempotencyKey, Injected, InputOf
from fwf.algebra.nodes import Task
from fwf.algebra.plain_values import freeze
from fwf.faults import near

PARAMETERS: Final[Mapping[str, type]] = {
    kind.__name__: kind
    for kind in (str, int, float, bool, Decimal, date, datetime, time, timedelta, UUID)
}
"""The types that run parameters of a query may have, by the names that a config holds."""

Parameter: TypeAlias = object
"""A run parameter by its type or the name of it, or by its default, which is of such a type."""


@final
class Parameters(dict[str, type]):
    """The types of run parameters by name; `defaults` has the values of those that are optional."""

    def __init__(self) -> None:
        super().__init__()
        self.defaults: dict[str, object] = {}


def leaf(
    fn: Callable[..., Any],
    *,
    name: str,
    config: Mapping[str, object],
    effect: Effect,
    output: Any,
    inputs: Mapping[str, Any] | None = None,
    params: Parameters | None = None,
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
    params = Parameters() if params is None else params
    where = _factory(fn)
    _check_names(where, params, resources or {}, key)
    for option, names in (("reads", reads), ("writes", writes)):
        if isinstance(names, str):
            raise TypeError(f"{where}({option}=…): is a text; needs a list of dataset names")
    defaults = params.defaults
    injected = [
        *(
            Injected(each, kind, "parameter", each in defaults, freeze(defaults.get(each)))
            for each, kind in sorted(params.items())  # a config keeps no order
        ),
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
    return Task(name, "1", frozen, contract, _defaulting(fn, defaults) if defaults else fn)


def arguments(**options: Any) -> dict[str, Any]:
    """The arguments of a factory, for the config of its task: those that say something.

    None, False and {} are left out, as what an argument is by default.
    """
    return {
        name: value
        for name, value in options.items()
        if value is not None and value is not False and value != {}
    }


def names_of(datasets: Sequence[str] | None) -> list[str] | None:
    """Names of datasets as a config holds them, in which None stands for those by default."""
    return None if datasets is None else list(datasets)


def _factory(fn: Callable[..., Any]) -> str:
    """`fwf.connectors.postgres.tasks.query.<locals>.query` ⟶ `postgres.query`."""
    module = fn.__module__.removeprefix("fwf.connectors.").partition(".")[0]
    return f"{module}.{fn.__qualname__.partition('.')[0]}"


def _check_names(
    where: str, params: Mapping[str, object], resources: Mapping[str, object], key: str | None
) -> None:
    """Raise where a resource's name can't be one, or has to stand for something else, too."""
    for name in resources:
        if not name.isidentifier():
            label = "a URL" if "://" in name else repr(name)  # which may hold a password
            raise ValueError(
                f"{where}: the resource's name, {label}, has to be one that Python can write"
            )
        if name in params:
            raise ValueError(f"{where}: a resource and a run parameter are both named {name!r}")
    if key is not None and (key in params or key in resources):
        raise ValueError(f"{where}: {key!r} is a name of the task's own; choose another")


def _defaulting(fn: Callable[..., Any], defaults: Mapping[str, object]) -> Callable[..., Any]:
    @wraps(fn)
    def with_defaults(*inputs: object, **injected: object) -> Any:
        return fn(*inputs, **{**defaults, **injected})

    return with_defaults


def parameter_types(
    params: Mapping[str, Parameter], where: str
) -> tuple[Parameters, dict[str, object]]:
    """Run parameters by type, name of a type or default ⟶ the types, and what a config holds.

    A text is the name of a type, so that a default which is a text can't be given here: "date" is
    the type.

    >>> parameter_types({"day": date, "limit": "int", "least": 2.5}, "query")
    ({'day': <class 'datetime.date'>, 'least': <class 'float'>, 'limit': <class 'int'>},
     {'day': 'date', 'least': 2.5, 'limit': 'int'})
    """
    types, config = Parameters(), dict[str, object]()
    for name, kind in sorted(params.items()):  # a config forgets their order
        if not name.isidentifier():
            raise ValueError(f"{where}(params={{{name!r}: …}}): needs a name that Python can write")
        types[name] = cls = _parameter_type(kind, f"{where}(params={{{name!r}: {kind!r}}})")
        is_default = not isinstance(kind, type | str)
        if is_default:
            types.defaults[name] = kind
        config[name] = kind if is_default else cls.__name__
    return types, config


def check_parameters(
    names: Collection[str], params: Collection[str], where: str, sign: str
) -> None:
    """Raise unless the names in a query are the run parameters; `sign` stands before each there."""
    for name in names:
        if name not in params:
            raise ValueError(
                f"{where}(sql=…): {sign}{name} is not among params={sorted(params)}"
                f"{near(name, params)}"
            )
    for name in params:
        if name not in names:
            raise ValueError(
                f"{where}(params=…): {name!r} does not stand in the query; write {sign}{name}"
                f"{near(name, names)}"
            )


def _parameter_type(kind: Parameter, where: str) -> type:
    cls = kind if isinstance(kind, type | str) else cast("type[Any]", type(kind))
    name = cls if isinstance(cls, str) else cls.__name__
    match = PARAMETERS.get(name)
    if match is None or (isinstance(cls, type) and cls is not match):
        raise TypeError(
            f"{where}: a run parameter is one of {', '.join(PARAMETERS)}, or a default of such a "
            f"type; a text names a type, so no text can be a default{near(name, PARAMETERS)}"
        )
    return match
