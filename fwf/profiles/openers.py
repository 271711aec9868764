"""What opens a resource? A function and its arguments, looked at before anything runs.

{ opener = "postgres", url = { env = "SHOP_DB_URL" } }: one of fwf's by its short name, or any
module:function; what stands beside it are the function's arguments.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, TypeAlias, final

from fwf.faults import named_text, near, text
from fwf.profiles.problems import is_table
from fwf.profiles.profile_file import Entry
from fwf.profiles.profile_values import Call, Reader, argument_of
from fwf.profiles.references import REFERENCES, is_reference
from fwf.records import record
from fwf.secrets import Secret
from fwf.types.aliases import ANY

Opener: TypeAlias = Callable[[], Any]
SHORT: Final[Mapping[str, str]] = {
    "dynamodb": "fwf.connectors.dynamodb:tables",
    "http": "fwf.connectors.http:client",
    "objects": "fwf.connectors.objects:store",
    "postgres": "fwf.connectors.postgres:database",
    "redshift": "fwf.connectors.redshift:warehouse",
}
"""fwf's own: they ask nobody before they are entered, so they may be called to look at values."""
PARTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "http": {"auth": ("bearer", "header", "client_credentials")}
}
"""Their arguments that functions beside them make: `auth = { bearer = { env = … } }`."""
FORMS: Final = f"one of {', '.join(SHORT)}, or module:function"


@final
@record()
class Opening:
    """An opener: a function, and what stands for its arguments. Goes to other processes by name."""

    function: Callable[..., Any]
    arguments: Mapping[str, Any]

    def __call__(self) -> Any:
        """What is to be entered."""
        return self.function(**argument_of(self.arguments))


def resource(entry: Entry, reader: Reader) -> Opener | Secret | None:
    """What a profile says of a resource ⟶ it; None, and it is noted, where it can't be had."""
    place, data = entry
    if is_reference(data) and "opener" not in data:
        return reader.secret(data, place)
    name = data.get("opener")
    if not isinstance(name, str):
        close = "" if "opener" in data else near("opener", data)
        reader.wrong(
            f"{place}.opener" if "opener" in data else place,
            f"needs opener = {FORMS}, as a text{close}; or, for a secret, {REFERENCES}",
        )
        return None
    function = _function(name, f"{place}.opener", reader)
    if function is None:
        return None
    arguments = {key: each for key, each in data.items() if key != "opener"}
    before = len(reader.problems)
    opening = Opening(function, _arguments(name, function, arguments, place, reader))
    if len(reader.problems) > before:
        return None
    if name in SHORT:
        _look(opening, place, reader)
    return opening


# The function


def _function(name: str, place: str, reader: Reader) -> Callable[..., Any] | None:
    module, colon, attribute = SHORT.get(name, name).partition(":")
    words = [*module.split("."), *attribute.split(".")]
    if not colon or not all(word.isidentifier() for word in words):
        reader.wrong(place, f"{name!r} is no opener{near(name, SHORT)}; write {FORMS}")
        return None
    value = _imported(module, place, reader)
    if value is None:
        return None
    for word in attribute.split("."):
        if not hasattr(value, word):
            reader.wrong(place, f"{module} has no {attribute!r}{near(word, dir(value))}")
            return None
        value = getattr(value, word)
    if not callable(value):
        reader.wrong(place, f"{name} is a {type(value).__name__}, but an opener is a function")
        return None
    function: Callable[..., Any] = value
    return function


def _imported(module: str, place: str, reader: Reader) -> Any:
    """A module, which may stand beside the file; None, and it is noted, where it can't be had."""
    folder = str(reader.folder)
    if folder not in sys.path:
        sys.path.append(folder)  # last: it hides nothing
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        own = module == missing or module.startswith(f"{missing}.")
        message = f"there is no module {missing!r}" if own else f"{module} imports {missing!r}"
        reader.wrong(
            place, f"{message}: it is looked for in {folder} and where Python is installed"
        )
    except ImportError as error:  # also of an extra: it says how to install it
        reader.wrong(place, text(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # of somebody's module
        reader.wrong(place, f"{module} can't be imported: {named_text(error)}")
    return None


# Its arguments


def _arguments(
    name: str, function: Callable[..., Any], entries: Mapping[str, Any], place: str, reader: Reader
) -> dict[str, Any]:
    """The entries beside `opener` ⟶ what stands for the arguments; what is wrong is noted."""
    parameters = _parameters(function)
    if parameters is None:
        return {key: reader.argument(each, ANY, f"{place}.{key}") for key, each in entries.items()}
    kinds = {each.name: each.annotation for each in parameters if each.kind in _NAMED}
    open_ended = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)
    for each in parameters:
        if each.default is each.empty and each.kind in _NEEDED and each.name not in entries:
            reader.wrong(place, _needs(name, each, entries))
    arguments: dict[str, Any] = {}
    for key, data in entries.items():
        where = f"{place}.{key}"
        parts = PARTS.get(name, {}).get(key)
        if key not in kinds and not open_ended:
            others = [kind for kind in kinds if kind not in entries]
            takes = ", ".join(kinds) or "nothing"
            close = near(key, others) or f"; it takes {takes}"
            reader.wrong(where, f"{name} takes no such argument{close}")
        elif parts is not None:
            arguments[key] = _part(name, parts, data, where, reader)
        else:
            kind = kinds.get(key, ANY)
            arguments[key] = reader.argument(data, ANY if kind is _NOTHING else kind, where)
    return arguments


_NOTHING: Final = inspect.Parameter.empty
_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_NEEDED: Final = (*_NAMED, inspect.Parameter.POSITIONAL_ONLY)


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """What a function takes; None where it doesn't say."""
    for evaluated in (True, False):
        try:
            return list(inspect.signature(function, eval_str=evaluated).parameters.values())
        except Exception:  # whatever evaluating somebody's annotation raises
            continue
    return None


def _needs(name: str, parameter: inspect.Parameter, entries: Mapping[str, Any]) -> str:
    if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        return f"{name} takes {parameter.name!r} by position alone, but a profile gives names"
    return f"{name} needs {parameter.name} = …{near(parameter.name, entries)}"


def _part(name: str, makers: tuple[str, ...], data: Any, place: str, reader: Reader) -> Any:
    """{ bearer = { env = "TOKEN" } } ⟶ what stands for `bearer(secret)`."""
    ((maker, argument),) = data.items() if is_table(data) and len(data) == 1 else [("", None)]
    if maker not in makers:
        forms = ", ".join(f"{{ {each} = … }}" for each in makers)
        reader.wrong(place, f"needs one of {forms}{near(maker, makers)}")
        return None
    function = getattr(import_module(SHORT[name].partition(":")[0]), maker)
    where = f"{place}.{maker}"
    if is_table(argument) and not is_reference(argument):
        return Call(function, _arguments(maker, function, argument, where, reader))
    parameters = _parameters(function) or []
    first = parameters[0] if parameters else None
    lacks = [each for each in parameters[1:] if each.default is each.empty]
    if first is None or lacks:
        names = ", ".join(f"{each.name} = …" for each in parameters if each.default is each.empty)
        reader.wrong(where, f"is a table: write {{ {names} }}")
        return None
    return Call(function, reader.argument(argument, first.annotation, where))


def _look(opening: Opening, place: str, reader: Reader) -> None:
    """Note what an opener of fwf's says of its values, unless some must be asked for elsewhere."""
    if reader.secrets or opening.arguments.get("make_folder"):  # which is made at once
        return
    try:
        opening()
    except KeyboardInterrupt:
        raise
    except Exception as error:
        reader.wrong(place, text(error) or type(error).__name__)
