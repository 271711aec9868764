"""What a node says on its own line: its word and arguments, short enough to read."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any, cast

from pyrsistent import PMap, PSet, PVector

from fwf.algebra.expr import (
    Call,
    Const,
    Expr,
    Get,
    Input,
    Op,
    OrElse,
    Param,
    Present,
    expression_source,
    show,
)
from fwf.algebra.instances import Instance
from fwf.algebra.nodes import (
    AsResult,
    Delay,
    Extension,
    Fail,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.plain_values import Coded, short_name, source
from fwf.algebra.schedule import Constant
from fwf.durations import short_duration, with_short_durations
from fwf.printing import printable

MAX_TEXT = 40
MAX_ITEMS = 5
MAX_BITS = 256


def head(node: Node) -> str:
    """Node ⟶ its word and arguments, without its parts. Never long because a value in it is."""
    return printable(_words(node))


def _words(node: Node) -> str:
    match node:
        case Task():
            version = "" if node.version == "1" else f"@{node.version}"
            return node.name + version + _call("", _config(node))
        case Pure():
            return _pure(node.expr)
        case Fail():
            arguments = [short_source(node.tag), *_message(node)]
            return f"fail({', '.join(arguments)})"
        case Delay():
            return f"delay({short_duration(node.duration)})"
        case Par():
            return "par(fail_fast=True)" if node.fail_fast else "par" if node.parts else "par()"
        case LoopUntil():
            within = [] if node.within is None else [f"within={short_duration(node.within)}"]
            stop = [] if node.on_limit == "fail" else [f"on_limit={node.on_limit!r}"]
            arguments = [
                predicate(node.done),
                f"limit={node.limit:,}".replace(",", "_"),
                *within,
                *stop,
            ]
            return _call("loop_until", arguments)
        case MapEach():
            key = [] if node.key is None else [f"key={predicate(node.key)}"]
            at_once = [] if node.at_once is None else [f"at_once={node.at_once}"]
            errors = [] if node.on_error == "settle" else [f"on_error={node.on_error!r}"]
            return _call("map_each", [*key, *at_once, *errors])
        case Retry():
            return _call("retry", [f"attempts={node.attempts}", *_wait(node), *_on(node.on)])
        case _:
            return _other(node)


def _other(node: Node) -> str:
    match node:
        case Timeout():
            return f"timeout({short_duration(node.within)})"
        case WithParams():
            word = "with_params" if node.params else "using"
            return _call(word, [*keywords(node.params, argument), *keywords(node.resources)])
        case AsResult():
            return "as_result"
        case FromResult():
            return "from_result"
        case InPool():
            return f"in_pool({short_source(node.pool)})"
        case Named():
            return node.name + _call("", keywords(node.notes), space=" ")
        case Extension():
            return _call(node.word or type(node).__name__, node.arguments())
        case Seq():
            return "seq" if node.parts else "seq()"
        case Graph():
            return "graph" if node.steps else "graph()"
        case _:
            return type(node).__name__.lower()


def _config(task: Task[Any, Any]) -> list[str]:
    """What a factory was told; nothing where it was told the task's name, which says enough."""
    return [] if task.config.get("name") == task.name else keywords(task.config, _in_config)


def _in_config(value: object) -> str:
    """A value of a config: what is neither short nor a text, such as a schema, is left out."""
    text = short_source(value)
    return text if isinstance(value, str) or len(text) <= MAX_TEXT else "…"


def _pure(expr: Expr) -> str:
    if isinstance(expr, Const):
        return f"const({short_source(expr.value)})"
    text = predicate(expr)
    if text == "it":
        return "identity"
    plain = isinstance(expr, Get | Param) or (isinstance(expr, Op) and expr.symbol == "tuple")
    return text if plain else f"pure({text})"


def _message(node: Fail[Any, Any]) -> list[str]:
    if not isinstance(node.message, str):
        return [predicate(node.message)]
    return [short_source(node.message)] if node.message else []


def _wait(node: Retry[Any, Any]) -> list[str]:
    wait = node.wait
    plain = (
        short_duration(wait.delay)
        if isinstance(wait, Constant)
        else with_short_durations(repr(wait))
    )
    return [] if plain == "0s" else [f"wait={plain}"]


def _on(tags: tuple[str, ...]) -> list[str]:
    return [f"on={tag_names(tags)}"] if tags else []


def tag_names(tags: tuple[str, ...]) -> str:
    """Error tags ⟶ their last parts, as a reader would call them."""
    return " | ".join(printable(tag.rpartition(".")[2]) for tag in tags)


def _call(word: str, arguments: Iterable[str], *, space: str = "") -> str:
    listing = ", ".join(arguments)
    return f"{word}{space}({listing})" if listing else word


def keywords(
    arguments: Mapping[str, Any], source_of: Callable[[Any], str] | None = None
) -> list[str]:
    """Keyword arguments, by name; `source_of` says what values look like, else `short_source`."""
    return [f"{name}={(source_of or short_source)(arguments[name])}" for name in sorted(arguments)]


def predicate(expr: Expr) -> str:
    """Expression ⟶ its source, with large constants elided."""
    if isinstance(expr, Const):
        return short_source(expr.value)
    if isinstance(expr, Op) and expr.symbol == "tuple":
        sources = ", ".join(predicate(part) for part in expr.args[:MAX_ITEMS])
        return f"pick({sources}, …)" if len(expr.args) > MAX_ITEMS else f"pick({sources})"
    return printable(show(_shorten(expr)))


def argument(expr: Expr) -> str:
    """Expression that is an argument ⟶ its source, with large constants elided."""
    function = isinstance(expr, Call) and isinstance(expr.of, Input)
    return printable(expression_source(expr)) if function else predicate(expr)


def _shorten(expr: Expr) -> Expr:
    match expr:
        case Const(value):
            return Const(_Text(short_source(value)))
        case Get(of, key):
            return Get(_shorten(of), key)
        case Present(of):
            return Present(_shorten(of))
        case OrElse(of, default):
            return OrElse(_shorten(of), _shorten(default))
        case Call(function, of):
            return Call(function, _shorten(of))
        case Op("failed", (of, on)):
            return Op("failed", (_shorten(of), on))
        case Op(symbol, args):
            return Op(symbol, tuple(_shorten(part) for part in args))
        case _:
            return expr


class _Text:
    """A constant that prints as a given text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def short_source(value: object, depth: int = 0) -> str:
    """Plain value ⟶ its source, elided where it is long; costs no more than what is shown."""
    match value:
        case str() | bytes() if len(value) > MAX_TEXT:
            return f"{value[:MAX_TEXT]!r}"[:-1] + "…" + f"{value[:0]!r}"[-1]
        case int() if value.bit_length() > MAX_BITS:
            return f"<int of {value.bit_length():,} bits>"
        case timedelta():
            return short_duration(value)
        case Coded():
            return _coded(value, depth)
        case Instance():
            sources = [
                f"{name}={short_source(value.fields[name], depth + 1)}" for name in value.names()
            ]
            return f"{short_name(value.cls)}({_with_rest(sources[:MAX_ITEMS], len(sources))})"
        case PVector() | tuple() | PSet() | frozenset() | list():
            return _items(cast(Iterable[object], value), depth)
        case PMap() | dict():
            pairs = islice(cast(Mapping[object, object], value).items(), MAX_ITEMS)
            sources = [
                f"{short_source(key, depth + 1)}: {short_source(item, depth + 1)}"
                for key, item in pairs
            ]
            return f"{{{_with_rest(sources, len(cast(Mapping[object, object], value)))}}}"
        case _:
            text = printable(source(value))
            return text if len(text) <= 2 * MAX_TEXT else text[: 2 * MAX_TEXT] + "…"


def _coded(value: Coded, depth: int) -> str:
    """The class of an object that isn't at hand, and the fields or the plain data that it has."""
    plain: Any = value.plain
    if plain is None or depth > 2:
        return printable(value.codec)
    content = (
        ", ".join(keywords(cast(Any, plain)))
        if isinstance(plain, PMap)
        else short_source(plain, depth + 1)
    )
    return f"{printable(value.codec)}({content})"


def _items(value: Any, depth: int) -> str:
    if depth > 2:
        return "…"
    sources = [short_source(item, depth + 1) for item in islice(value, MAX_ITEMS)]
    text = _with_rest(sources, len(value))
    if isinstance(value, tuple):
        return f"({text},)" if len(sources) == 1 else f"({text})"
    if isinstance(value, PSet | frozenset):
        braced = f"{{{text}}}" if value else ""
        return f"frozenset({braced})" if isinstance(value, frozenset) else braced or "set()"
    return f"[{text}]"


def _with_rest(sources: list[str], total: int) -> str:
    return ", ".join(sources) + (
        f", … {total - len(sources):,} more" if total > len(sources) else ""
    )
