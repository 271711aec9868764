"""How values are written as text, and what that reads as: both at once, part by part.

The form is that of `fwf.forms.value_form`, but a dictionary keeps its order, and a table is its
name.
"""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, TypeAlias, cast, final, get_args

from returns.result import Failure, Success

from fwf.algebra.instances import is_instance_class, path_place
from fwf.algebra.plain_values import (
    MAX_DEPTH,
    Codec,
    Member,
    codec_of,
    is_uuid,
    member_of,
    registered,
)
from fwf.faults import Fault
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.forms import value_form as forms
from fwf.forms.scalar_form import EXACT
from fwf.journal.values.journal_names import JournalNames
from fwf.journal.values.made import Said, Shape, coded, differs, plain_of
from fwf.journal.values.unfit import (
    MOST,
    Unfit,
    article,
    changed,
    key_step,
    not_plain,
    too_deep,
    too_large,
    unknown_class,
)

Written: TypeAlias = tuple[str, Any]
"""A value's text, and what that reads as."""
Write: TypeAlias = Callable[[Any, int], Written]
"""Value, how deep it stands ⟶ its text, and what that reads as."""
WriteTable: TypeAlias = Callable[[Any], tuple[str, Any]]
"""Table ⟶ its name, and the table that will be read by it."""

dumped: Final = json.JSONEncoder(
    separators=(",", ":"), allow_nan=False, check_circular=False
).encode
_quoted: Final = json.encoder.encode_basestring_ascii
_FAULTS: Final = frozenset(get_args(Fault))


@final
class Writer:
    """Writes values.

    sorted_keys: in the order of the keys' texts; else in that of the dictionaries.
    said: how parts are written to compare them: with it objects are made anew to see that they can
        be; without, a value is taken for what it reads as.
    """

    def __init__(
        self,
        names: JournalNames,
        table_class: Callable[[], Any],
        write_table: WriteTable,
        *,
        sorted_keys: bool,
        said: Said | None,
    ) -> None:
        self._names = names
        self._table_class = table_class
        self._write_table = write_table
        self._sorted = sorted_keys
        self._said = said
        self._writers: dict[type, Write] = {
            type(None): lambda value, depth: ("null", None),
            bool: lambda value, depth: ("true" if value else "false", value),
            int: _int,
            float: _float,
            str: _str,
            bytes: _scalar,
            Decimal: _decimal,
            date: _scalar,
            datetime: self._moment,
            time: self._moment,
            timedelta: _scalar,
            list: self._list,
            tuple: self._tuple,
            dict: self._dict,
            set: self._set,
            frozenset: self._set,
            Success: self._result,
            Failure: self._result,
            **dict.fromkeys(_FAULTS, self._fault),
        }

    def write(self, value: Any, depth: int = 0) -> Written:
        """Value ⟶ its text, and what that reads as; raises `Unfit`."""
        kind = cast(Any, type(value))
        return (self._writers.get(kind) or self._writer_of(kind, value))(value, depth)

    def said(self, value: Any) -> str:
        """Value ⟶ its text."""
        return self.write(value)[0]

    def _writer_of(self, cls: Any, value: object) -> Write:
        """What writes values of a class that isn't built in."""
        found = self._new_writer(cls)
        if found is None:
            raise not_plain(value)
        self._writers[cls] = found
        return found

    def _new_writer(self, cls: Any) -> Write | None:
        if issubclass(cls, enum.Enum):
            return self._member
        if is_uuid(cls):
            return _scalar
        if registered(cls):
            return self._registered(cls)
        place = path_place(cls)
        if place:
            return _path(place)
        if is_instance_class(cls):
            return self._instance(cls)
        return self._table if cls is self._table_class() else None

    # Collections

    def _list(self, value: list[Any], depth: int) -> Written:
        said = _flat(value) if depth < MAX_DEPTH else None
        if said is not None:
            return said, value.copy()
        texts, copies = self._items(value, depth)
        return f"[{','.join(texts)}]", copies

    def _tuple(self, value: tuple[Any, ...], depth: int) -> Written:
        texts, copies = self._items(value, depth)
        return f'{{"tuple":[{",".join(texts)}]}}', tuple(copies)

    def _set(self, value: set[Any] | frozenset[Any], depth: int) -> Written:
        kind = type(value)
        try:
            texts, copies = self._items(value, depth)
        except Unfit as unfit:
            unfit.at[-1] = "{…}"
            raise
        made = kind(copies)
        if len(made) != len(value):
            raise changed(kind, "of which two members are written alike")
        return f'{{"{kind.__name__}":[{",".join(sorted(texts))}]}}', made

    def _items(self, value: Iterable[Any], depth: int) -> tuple[list[str], list[Any]]:
        """The texts of items, and what they read as."""
        if depth >= MAX_DEPTH:
            raise too_deep(MAX_DEPTH)
        texts: list[str] = []
        copies: list[Any] = []
        size = at = 0
        writers = self._writers
        try:
            for at, each in enumerate(value):  # noqa: B007 (the message says it)
                kind = cast(Any, type(each))
                write = writers.get(kind) or self._writer_of(kind, each)
                text, copy = write(each, depth + 1)
                size += len(text) + 1
                if size > MOST:
                    raise too_large()
                texts.append(text)
                copies.append(copy)
        except Unfit as unfit:
            unfit.at.append(f"[{at}]")
            raise
        return texts, copies

    def _dict(self, value: dict[Any, Any], depth: int) -> Written:
        if depth >= MAX_DEPTH:
            raise too_deep(MAX_DEPTH)
        copies: dict[Any, Any] = {}
        parts: list[str] = []
        size, key = 0, None
        writers = self._writers
        try:
            for key, each in value.items():
                said = _quoted(key) if type(key) is str else ""
                if not said or ("\\ud" in said and _str(key, 0)[0] != said):
                    break
                kind = cast(Any, type(each))
                write = writers.get(kind) or self._writer_of(kind, each)
                text, copies[key] = write(each, depth + 1)
                size += len(said) + len(text) + 2
                if size > MOST:
                    raise too_large()
                parts.append(f"{said}:{text}")
        except Unfit as unfit:
            unfit.at.append(key_step(key))
            raise
        if len(parts) < len(value):
            return self._pairs(value, depth)
        if self._sorted:
            parts.sort()
        return f'{{"dict":{{{",".join(parts)}}}}}', copies

    def _pairs(self, value: dict[Any, Any], depth: int) -> Written:
        """A dictionary of which a key can't be that of an object in JSON."""
        try:
            said, keys = self._items(value, depth)
        except Unfit as unfit:
            unfit.at[-1] = ".keys()"
            raise
        try:
            texts, items = self._items(value.values(), depth)
        except Unfit as unfit:
            unfit.at[-1] = key_step([*value][int(unfit.at[-1][1:-1])])
            raise
        copies = dict(zip(keys, items, strict=True))
        if len(copies) != len(value):
            raise changed(dict, "of which two keys are written alike")
        pairs = [f"[{key},{text}]" for key, text in zip(said, texts, strict=True)]
        if self._sorted:
            pairs.sort()
        return f'{{"dict":[{",".join(pairs)}]}}', copies

    # Results, and what has a codec

    def _result(self, value: Any, depth: int) -> Written:
        kind = cast(Any, type(value))
        way = {"Success": "unwrap", "Failure": "failure"}[kind.__name__]
        text, copy = self._inner(getattr(value, way)(), depth, f".{way}()")
        return f'{{"coded":"fwf.{kind.__name__}","plain":{text}}}', kind(copy)

    def _fault(self, value: Any, depth: int) -> Written:
        kind = cast(Any, type(value))
        text, form = self._inner(fault_to_json(value), depth, "")
        made = fault_from_json(form) if self._said else value
        return f'{{"coded":"fwf.{kind.__name__}","plain":{text}}}', made

    def _inner(self, value: Any, depth: int, step: str) -> Written:
        if depth >= MAX_DEPTH:
            raise too_deep(MAX_DEPTH)
        try:
            return self.write(value, depth + 1)
        except Unfit as unfit:
            unfit.at.append(step)
            raise

    def _registered(self, cls: Any) -> Write:
        codec = cast(Codec, codec_of(cls))
        head = f'{{"coded":{dumped(codec.name)},"plain":'

        def write(value: Any, depth: int) -> Written:
            if self._names.codec(codec.name) is not codec:
                raise unknown_class(cls, codec.name)
            text, plain = self._inner(plain_of(codec, value), depth, "")
            made = value
            if self._said:
                made = coded(codec, cls, plain, self._said)
                if differs(value, made):
                    raise changed(cls, "that its codec reads as another value")
            return f"{head}{text}}}", made

        return write

    def _instance(self, cls: Any) -> Write:
        name = cast(Codec, codec_of(cls)).name
        codec = self._names.codec(name)
        if codec is None:
            raise unknown_class(cls, name)
        shape = Shape(cls, codec)
        keys = [(each, f"{dumped(each)}:") for each in shape.names]
        head = f'{{"coded":{dumped(name)},"plain":{{"dict":{{'
        writers = self._writers

        def write(value: Any, depth: int) -> Written:
            if depth >= MAX_DEPTH:
                raise too_deep(MAX_DEPTH)
            copies: dict[str, Any] = {}
            said: list[str] = []
            field = ""
            try:
                for field, key in keys:
                    part = getattr(value, field)
                    kind = cast(Any, type(part))
                    writer = writers.get(kind) or self._writer_of(kind, part)
                    text, copies[field] = writer(part, depth + 1)
                    said.append(key + text)
            except Unfit as unfit:
                unfit.at.append(f".{field}")
                raise
            except AttributeError:
                raise changed(cls, f"whose {field!r} isn't set") from None
            made = value
            if self._said:
                made = shape.made(copies, self._said)
                shape.check(value, made, self._said)
            return f"{head}{','.join(said)}}}}}}}", made

        return write

    def _table(self, value: Any, depth: int) -> Written:
        name, again = self._write_table(value)
        return f'{{"arrow":"{name}"}}', again

    # Scalars that have a name

    def _member(self, value: Any, depth: int) -> Written:
        recorded = member_of(value)
        try:
            found = self._names.member(recorded)
        except LookupError:
            raise unknown_class(type(value), recorded.enum) from None
        if found is not value:
            raise changed(type(value), "of which another enum has the name")
        return _said_member(recorded), value

    def _moment(self, value: Any, depth: int) -> Written:
        zone = value.tzinfo
        if zone is None:
            return _scalar(value, depth)
        if type(zone) is timezone:
            return _scalar(value.replace(tzinfo=timezone(zone.utcoffset(None))), depth)
        key = getattr(zone, "key", None)
        if type(key) is not str:
            raise Unfit(
                f"has a zone that is {article(type(zone))}, which is no more than code: write "
                "zoneinfo.ZoneInfo('Europe/Paris'), or an offset as a datetime.timezone"
            )
        try:
            known = self._names.zone(key, value.utcoffset())
        except LookupError as error:
            raise Unfit(f"has a zone that can't be found again: {error.args[0]}") from None
        again = value.replace(tzinfo=known)
        if type(known) is not type(zone) or again.isoformat() != value.isoformat():
            raise Unfit(f"has a zone that is called {key}, and is another one than that here")
        return _scalar(again, depth)


# Scalars


def _int(value: int, depth: int) -> Written:
    if -EXACT <= value <= EXACT:
        return repr(value), value
    return f'{{"int":"{value:#x}"}}', value


def _float(value: float, depth: int) -> Written:
    if math.isfinite(value) and not value.is_integer():
        return repr(value), value
    return f'{{"float":"{value!r}"}}', value


def _str(value: str, depth: int) -> Written:
    said = _quoted(value)
    if "\\ud" in said:  # half a pair, or a whole one
        said = dumped(forms.written(value))
    return said, value


def _scalar(value: Any, depth: int) -> Written:
    return dumped(forms.written(value)), value


def _decimal(value: Decimal, depth: int) -> Written:
    if value.is_snan():
        raise Unfit("is a signaling NaN, which can't be compared: write Decimal('NaN')")
    return dumped(forms.written(value)), value


def _path(place: str) -> Write:
    head = f'{{"coded":{dumped(place)},"plain":'

    def write(value: Any, depth: int) -> Written:
        return f"{head}{_str(value.as_posix(), 0)[0]}}}", value

    return write


def _said_member(recorded: Member) -> str:
    try:
        return dumped(forms.written(recorded))
    except (TypeError, ValueError) as error:
        raise Unfit(f"is {recorded.enum}(…), of which the value isn't plain: {error}") from None


def _flat(value: list[Any]) -> str | None:
    """The text of a list of small whole numbers, or of texts, alone; None for any other."""
    kinds = set(map(type, value))
    if len(kinds) != 1 or len(value) > MOST // 2:
        return None if kinds else "[]"
    (kind,) = kinds
    if kind is int:
        if min(value) >= -EXACT and max(value) <= EXACT:
            return str(value).replace(" ", "")
    elif kind is str and sum(map(len, value)) <= MOST:
        said = dumped(value)
        return None if "\\ud" in said else said
    return None
