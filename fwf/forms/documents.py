"""How a document that somebody wrote is read: as text, as JSON, its mistakes told all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class DocumentError(ValueError):
    """A document that can't be used: everything that is wrong with it, at once."""

    def __init__(self, what: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = self.problems if len(self.problems) == 1 else ("", *self.problems)
        super().__init__(f"{what}: " + "\n  ".join(lines))


def text_of(path: str, limit: int, error: type[DocumentError]) -> str:
    """Path of a file in UTF-8 with at most so many bytes ⟶ its text."""
    try:
        with open(path, "rb") as file:
            content = file.read(limit + 1)
    except OSError as problem:
        raise error(path, [f"can't be read: {problem.strerror or problem}"]) from None
    except ValueError as problem:  # no path at all
        raise error(repr(path), [f"can't be read: {problem}"]) from None
    if len(content) > limit:
        raise error(path, [f"is longer than {limit:,} bytes"])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise error(path, ["isn't text in UTF-8"]) from None


def json_of(
    text: str,
    source: str,
    error: type[DocumentError],
    *,
    number: Callable[[str], Any] = float,
    whole: Callable[[str], Any] = int,
    constant: Callable[[str], Any] | None = None,
) -> Any:
    """JSON ⟶ what it says; no key may stand twice in an object.

    number, whole: what becomes of numbers with a point or an exponent, and of those without.
    constant: what becomes of NaN and Infinity, which are no JSON; refused if None.
    """
    import json  # 3 ms that only documents need

    from fwf.forms.strict import members, refuse_constant

    try:
        return json.loads(
            text,
            object_pairs_hook=members,
            parse_float=number,
            parse_int=whole,
            parse_constant=constant or refuse_constant,
        )
    except RecursionError:
        raise error(source, ["isn't JSON: it nests too deep"]) from None
    except ValueError as problem:
        raise error(source, [f"isn't JSON: {problem}"]) from None


def as_written(data: object) -> str:
    """A value for a message, or its type if it is long."""
    text = repr(data)
    return text if len(text) <= 40 else f"a {type(data).__name__}"
