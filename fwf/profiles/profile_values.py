"""A value of the file ⟶ an argument of an opener, by the type that the opener says it takes.

A secret goes where a `Secret` is taken as the reference that it is; where a text is taken, it is
read when the resource is opened. Durations are written "30s", paths go from the file's folder.
"""

import re
import typing
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any, Final, cast, final

from fwf.forms.duration_text import duration_of
from fwf.profiles.problems import Problem, is_list, is_table
from fwf.profiles.references import REFERENCES, is_reference, missing, referred
from fwf.records import record
from fwf.secrets import Secret
from fwf.types.aliases import ANY, UNIONS, bare
from fwf.types.fitting import wrong_part
from fwf.types.hints import full_name_of

_PASSWORD: Final = re.compile(
    r"://[^/?#\s]*:[^/?#\s]*@|\b(?:password|passwd|pwd)\s*=\s*[^\s;&]", re.I
)


@final
@record()
class Read:
    """A secret where a text is taken: read when the resource is opened."""

    secret: Secret


@final
@record()
class Call:
    """An argument that a function makes when the resource is opened."""

    function: Callable[..., Any]
    arguments: Any
    """Its arguments by name, or the only one."""


def argument_of(value: Any) -> Any:
    """What stands for an argument ⟶ the argument; secrets that are taken as texts are read."""
    if isinstance(value, Read):
        return value.secret.reveal()
    if isinstance(value, Call):
        arguments = argument_of(value.arguments)
        return value.function(**arguments) if is_table(arguments) else value.function(arguments)
    if is_table(value):
        return {key: argument_of(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return cast(Any, type(cast(object, value)))(map(argument_of, cast(Any, value)))
    return value


@final
class Reader:
    """Reads the values of one resource; `problems` are what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.secrets: list[tuple[str, Secret]] = []
        """Those that can only be had from elsewhere, and their places."""

    def wrong(self, place: str, message: str) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(place, message))

    def argument(self, data: Any, kind: Any, place: str) -> Any:
        """A value of the file ⟶ what stands for the argument, for `argument_of`."""
        before = len(self.problems)
        value = self._value(data, kind, place)
        if len(self.problems) == before:
            wrong = wrong_part(_shadow(value), kind)
            if wrong is not None:
                self.wrong(f"{place}{wrong.place}", _unfit(wrong.value, wrong.type))
        return value

    def secret(self, data: Mapping[str, Any], place: str) -> Secret | None:
        """A reference ⟶ its secret; what is wrong with it, or missing, is noted."""
        secret = referred(data, place, self.folder, self.wrong)
        if secret is None:
            return None
        lacks = missing(data, self.folder)
        if lacks is not None:
            self.wrong(place, lacks)
        if "aws_secret" in data:
            self.secrets.append((place, secret))
        return secret

    def _value(self, data: Any, kind: Any, place: str) -> Any:
        if is_reference(data):
            secret = self.secret(data, place)
            if secret is None or wrong_part(secret, kind) is None:
                return secret
            return Read(secret)
        if is_table(data):
            item = _item(kind, Mapping, 1)
            return {key: self._value(each, item, f"{place}.{key}") for key, each in data.items()}
        if is_list(data):
            item = _item(kind, object, 0)
            values = [self._value(each, item, f"{place}[{n}]") for n, each in enumerate(data)]
            return _collected(values, kind)
        if isinstance(data, str) and _PASSWORD.search(data):
            self.wrong(place, f"has a password in it: keep it elsewhere, and write {REFERENCES}")
        return self._plain(data, _options(kind), place)

    def _plain(self, data: Any, options: list[Any], place: str) -> Any:
        """A text or a number as what it is taken for."""
        paths = [each for each in options if isinstance(each, type) and issubclass(each, PurePath)]
        if isinstance(data, str) and paths:
            return self.folder / data
        if timedelta in options and wrong_part(data, typing.Union[tuple(options)]) is not None:  # noqa: UP007
            duration = duration_of(data)
            if isinstance(duration, timedelta):
                return duration
            self.wrong(place, 'needs a duration: write "30s", "1m 30s", or a number of seconds')
        return data


def _options(kind: Any) -> list[Any]:
    """The types of a union, or the only one."""
    kind = bare(kind)
    if typing.get_origin(kind) not in UNIONS:
        return [kind]
    return [each for part in typing.get_args(kind) for each in _options(part)]


def _item(kind: Any, base: type, position: int) -> Any:
    """The type of the items of a list, or of the values of a table; anything if nobody says."""
    for each in _options(kind):
        origin, arguments = typing.get_origin(each), typing.get_args(each)
        if isinstance(origin, type) and issubclass(origin, base) and len(arguments) > position:
            return arguments[position]
    return ANY


def _collected(items: list[Any], kind: Any) -> Any:
    """A list as the collection that is asked for, if a list isn't one."""
    for each in _options(kind):
        cls: Any = typing.get_origin(each) or each
        if cls is tuple or (cls in (set, frozenset) and all(map(_hashes, items))):
            return cast(Any, cls)(items)
    return items


def _hashes(item: object) -> bool:
    return not isinstance(item, list | dict)


def _shadow(value: Any) -> Any:
    """What stands for an argument ⟶ a value of the same types."""
    if isinstance(value, Read):
        return ""
    if is_table(value):
        return {key: _shadow(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return cast(Any, type(cast(object, value)))(map(_shadow, cast(Any, value)))
    return value


def _unfit(value: object, kind: Any) -> str:
    """That a value isn't of the type; the value isn't told, since it may be a secret."""
    name = type(value).__name__
    message = f"needs {full_name_of(kind)}, but is {'an' if name[0] in 'aeiou' else 'a'} {name}"
    options = _options(kind)
    if Secret in options:
        return f"{message}: write {REFERENCES}"
    plain = (str, int, float, bool, list, dict, tuple, timedelta, type(None))
    if all((typing.get_origin(each) or each) in plain for each in options):
        return message
    return f"{message}; what TOML can't write, an opener of your own can make: module:function"
