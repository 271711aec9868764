"""Which names may objects have, and how does a run's parameter stand in one?"""

import string
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, cast
from uuid import UUID

from fwf.connectors.shared.errors import Refused
from fwf.connectors.shared.leaf import Parameter, Parameters, parameter_types
from fwf.faults import near

LONGEST: Final = 1024
"""Bytes of a key in S3."""
IN_KEYS: Final = (str, int, date, datetime, UUID)
DIRECTIVES: Final[Mapping[str, str]] = {
    "Y": "{0.year:04}", "m": "{0.month:02}", "d": "{0.day:02}",
    "H": "{0.hour:02}", "M": "{0.minute:02}", "S": "{0.second:02}",
}  # fmt: skip
"""What `{day:%Y/%m/%d}` may say: not what follows the machine's language."""


def problem_of(key: object) -> str | None:
    """What is wrong with a key, if anything is: it must lie below the store's URL."""
    if not isinstance(key, str):
        return "a key is text"
    segments = key.split("/")
    if key.startswith("/"):
        return "a key is relative to the store's URL: take the leading / off"
    if ".." in segments or "." in segments:
        return "a key has no segment `.` or `..`"
    if "" in segments:
        return "a key has no empty segment"
    if any(character < " " or character == "\x7f" for character in key):
        return "a key has no control character"
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "a key has no half of a surrogate pair"
    return f"a key has at most {LONGEST} bytes, not {size}" if size > LONGEST else None


def checked_object_key(key: str) -> str:
    """The key itself; raises `Refused` for one that leaves the store, or that none can have."""
    problem = problem_of(key)
    if problem is not None:
        raise Refused(f"{key_text(key)}: {problem}")
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix itself, which keys may have; it may be empty, or end anywhere in a segment."""
    if prefix:
        checked_object_key(f"{prefix}x")
    return prefix


def key_text(key: object) -> str:
    text = repr(key)
    return text if len(text) <= 200 else f"{text[:200]}…"


# Parameters in keys


def key_parameters(
    pattern: str, params: Mapping[str, Parameter], where: str, *, prefix: bool = False
) -> tuple[Parameters, dict[str, object]]:
    """The parameters of a key such as `sales/{day}.json`, as `leaf.parameter_types` gives them.

    Raises `ValueError` where the pattern says what no value can make a key of.
    """
    types, names = parameter_types(params, where)
    if not isinstance(cast(object, pattern), str):
        raise TypeError(f"{where}: {pattern!r} is no text")
    used = {name for name, _ in _fields(pattern, types, where)}
    leftover = sorted(set(types) - used)
    if leftover:
        raise ValueError(
            f"{where}(params={{{leftover[0]!r}: …}}): {pattern!r} doesn't mention it: "
            f"write {{{leftover[0]}}} where it belongs, or leave it out"
        )
    literal = "".join(
        f"{text}{'x' if field else ''}" for text, field, _, _ in _parts(pattern, where)
    )
    problem = problem_of(f"{literal}x" if prefix else literal)
    if problem is not None:
        raise ValueError(f"{where}: {key_text(pattern)}: {problem}")
    return types, names


def _parts(pattern: str, where: str) -> list[tuple[str, str | None, str, str | None]]:
    try:
        return [
            (text, field, spec or "", conversion)
            for text, field, spec, conversion in string.Formatter().parse(pattern)
        ]
    except ValueError as error:
        raise ValueError(f"{where}: {pattern!r}: {error}; a brace itself is {{{{ or }}}}") from None


def _fields(pattern: str, types: Mapping[str, type], where: str) -> list[tuple[str, str]]:
    fields = []
    for _, field, spec, conversion in _parts(pattern, where):
        if field is None:
            continue
        if field not in types:
            raise ValueError(
                f"{where}: {pattern!r} mentions {{{field}}}, which params doesn't: "
                f"params={{{field!r}: date}}{near(field, types)}"
            )
        if types[field] not in IN_KEYS:
            raise TypeError(
                f"{where}: {{{field}}} is of {types[field].__name__}; what stands in a key is one "
                f"of {', '.join(kind.__name__ for kind in IN_KEYS)}"
            )
        if conversion is not None or not _spec_fits(spec, types[field]):
            raise ValueError(
                f"{where}: {pattern!r}: write {{{field}}}, or of a date {{{field}:%Y/%m/%d}} with "
                f"{', '.join('%' + each for each in DIRECTIVES)}; a datetime needs such"
            )
        fields.append((field, spec))
    return fields


def _spec_fits(spec: str, kind: type) -> bool:
    if not spec:
        return kind is not datetime
    directives = spec.split("%")[1:]
    fit = all(each[:1] in DIRECTIVES for each in directives)
    return kind in (date, datetime) and bool(directives) and fit


def fill(pattern: str, values: Mapping[str, Any]) -> str:
    """A pattern and the run's parameters ⟶ the key; raises `Refused` for a value that makes none.

    Dates are ISO 8601, moments in UTC; a text has no `/`.

    >>> fill("logs/{day:%Y/%m/%d}/{shop}-", {"day": date(2026, 7, 1), "shop": "eu"})
    'logs/2026/07/01/eu-'
    """
    return "".join(
        text + ("" if field is None else _value(values[field], spec, field))
        for text, field, spec, _ in _parts(pattern, "key")
        for spec in [spec or ""]
    )


def _value(value: Any, spec: str, name: str) -> str:
    if isinstance(value, datetime):
        value = value.astimezone(UTC) if value.tzinfo else value
    if spec:
        first, *rest = spec.split("%")
        return first + "".join(DIRECTIVES[each[0]].format(value) + each[1:] for each in rest)
    text = str(value)
    if not text or "/" in text:
        raise Refused(f"{name}={key_text(text)}: what stands in a key is neither empty nor has a /")
    return text


def dataset(store: str, pattern: str = "") -> str:
    """The name of what is there, as far as no parameter decides it.

    >>> dataset("lake", "sales/{day}/eu-"), dataset("lake")
    ('objects://lake/sales', 'objects://lake')
    """
    folder = pattern.partition("{")[0].rpartition("/")[0]
    return f"objects://{store}/{folder}" if folder else f"objects://{store}"
