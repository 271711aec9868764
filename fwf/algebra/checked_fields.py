"""What may stand in the fields of a node: raises in the words of the combinator that makes it."""

from collections.abc import Iterable
from typing import Any, cast

from fwf.algebra.expr import Expr
from fwf.algebra.workflow import Workflow, as_workflow


def checked_name(name: object, where: str) -> str:
    """A name that can stand in a path; raises `TypeError` or `ValueError` for others."""
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"{where}: {name!r} is no name, which is a text that isn't empty")
    wrong = [char for char in name if char in ">[]#" or not char.isprintable()]
    if wrong:
        raise ValueError(
            f"{where}: {wrong[0]!r} can't stand in the name {name!r}, since paths are written with "
            "it; use letters, digits, spaces, - _ . : /"
        )
    return name


def at_least(n: object, least: int, where: str, name: str, noun: str, remedy: str = "") -> None:
    """Raise unless it is a whole number that is large enough."""
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(f"{where}({name}={n!r}): needs a whole number of {noun}s")
    if n < least:
        raise ValueError(f"{where}({name}={n}): needs at least {least} {noun}{remedy}")


def one_of(value: object, words: tuple[str, ...], where: str) -> None:
    """Raise unless it is one of the words."""
    if value not in words:
        raise ValueError(f"{where}: {value!r} is none of {', '.join(map(repr, words))}")


def flag(value: object, where: str, name: str) -> None:
    """Raise unless it is a truth value."""
    if not isinstance(value, bool):
        raise TypeError(f"{where}({name}={value!r}): needs True or False")


def instance(value: object, kind: Any, where: str, needs: str) -> None:
    """Raise unless it is of a class, or of one of several."""
    if not isinstance(value, kind):
        raise TypeError(f"{where}: {value!r} is not {needs}")


def texts(value: object, where: str) -> None:
    """Raise unless it is a tuple of texts that aren't empty: tags of errors."""
    if type(value) is not tuple or not all(
        isinstance(each, str) and each for each in cast(Iterable[object], value)
    ):
        raise TypeError(f"{where}(on={value!r}): needs exception classes or error tags")


def text(value: object, where: str, needs: str) -> None:
    """Raise unless it is a text that isn't empty."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{where}: {needs}")


def parts(value: Any, where: str) -> None:
    """Raise unless it is a tuple of workflows."""
    instance(value, tuple, where, "a tuple of workflows")
    for part in value:
        if not isinstance(part, Workflow):
            as_workflow(part, where)  # raises for all but expressions
            raise TypeError(f"{where}: {part!r} is an expression; write pure(…)")


def expression(value: object, where: str) -> None:
    """Raise unless it is an expression as data."""
    instance(value, Expr, where, "an expression as data; write expr_of(it…)")
