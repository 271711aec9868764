"""How values are written as text, and what that reads as: both at once, part by part.

The form is that of `fwf.forms.value_form`, but a dictionary keeps its order, and a table is its
name.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, TypeAlias, cast, final, get_args

from returns.result import Failure, Success

from fwf.algebra.instances import is_instance_class, path_place
from fwf.algebra.plain_values import (
    MAX_DEPTH,
    Codec,
    codec_of,
    is_uuid,
    member_of,
    registered,
)
from fwf.faults import Fault
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.journal.values.journal_names import JournalNames
from fwf.journal.values.objects import ObjectShape, TextOf, decode, differs, plain_of
from fwf.journal.values.scalar_texts import (
    TextAndCopy,
    Write,
    flat_text,
    member_text,
    path_writer,
    quote,
    to_json,
    write_decimal,
    write_float,
    write_int,
    write_scalar,
    write_str,
)
from fwf.journal.values.unfit import (
    MOST,
    Unfit,
    article,
    key_step,
    not_plain,
    too_deep,
    too_large,
    unknown_class,
    would_change,
)

WriteTable: TypeAlias = Callable[[Any], tuple[str, Any]]
"""Table ⟶ its name, and the table that will be read by it."""

_FAULTS: Final = frozenset(get_args(Fault))


@final
class ValueWriter:
    """Writes values.

    sorted_keys: in the order of the keys' texts; else in that of the dictionaries.
    text_of: how parts are written to compare them: with it objects are made anew to see that they
        can be; without, a value is taken for what it reads as.
    """

    def __init__(
        self,
        names: JournalNames,
        table_class: Callable[[], Any],
        write_table: WriteTable,
        *,
        sorted_keys: bool,
        text_of: TextOf | None,
    ) -> None:
        self._names = names
        self._table_class = table_class
        self._write_table = write_table
        self._sorted_keys = sorted_keys
        self._text_of = text_of
        self._writers: dict[type, Write] = {
            type(None): lambda value, depth: ("null", None),
            bool: lambda value, depth: ("true" if value else "false", value),
            int: write_int,
            float: write_float,
            str: write_str,
            bytes: write_scalar,
            Decimal: write_decimal,
            date: write_scalar,
            datetime: self._moment,
            time: self._moment,
            timedelta: write_scalar,
            list: self._list,
            tuple: self._tuple,
            dict: self._dict,
            set: self._set,
            frozenset: self._set,
            Success: self._result,
            Failure: self._result,
            **dict.fromkeys(_FAULTS, self._fault),
        }

    def write(self, value: Any, depth: int = 0) -> TextAndCopy:
        """Value ⟶ its text, and what that reads as; raises `Unfit`."""
        kind = cast(Any, type(value))
        return (self._writers.get(kind) or self._writer_of(kind, value))(value, depth)

    def text(self, value: Any) -> str:
        """Value ⟶ its text."""
        return self.write(value)[0]

    def _writer_of(self, cls: Any, value: object) -> Write:
        """What writes values of a class that isn't built in."""
        writer = self._new_writer(cls)
        if writer is None:
            raise not_plain(value)
        self._writers[cls] = writer
        return writer

    def _new_writer(self, cls: Any) -> Write | None:
        if issubclass(cls, enum.Enum):
            return self._member
        if is_uuid(cls):
            return write_scalar
        if registered(cls):
            return self._codec_writer(cls)
        place = path_place(cls)
        if place:
            return path_writer(place)
        if is_instance_class(cls):
            return self._instance(cls)
        return self._table if cls is self._table_class() else None

    # Collections

    def _list(self, value: list[Any], depth: int) -> TextAndCopy:
        text = flat_text(value) if depth < MAX_DEPTH else None
        if text is not None:
            return text, value.copy()
        texts, copies = self._items(value, depth)
        return f"[{','.join(texts)}]", copies

    def _tuple(self, value: tuple[Any, ...], depth: int) -> TextAndCopy:
        texts, copies = self._items(value, depth)
        return f'{{"tuple":[{",".join(texts)}]}}', tuple(copies)

    def _set(self, value: set[Any] | frozenset[Any], depth: int) -> TextAndCopy:
        kind = type(value)
        try:
            texts, copies = self._items(value, depth)
        except Unfit as unfit:
            unfit.at[-1] = "{…}"
            raise
        members = kind(copies)
        if len(members) != len(value):
            raise would_change(kind, "of which two members are written alike")
        return f'{{"{kind.__name__}":[{",".join(sorted(texts))}]}}', members

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

    def _dict(self, value: dict[Any, Any], depth: int) -> TextAndCopy:
        if depth >= MAX_DEPTH:
            raise too_deep(MAX_DEPTH)
        copies: dict[Any, Any] = {}
        parts: list[str] = []
        size, key = 0, None
        writers = self._writers
        try:
            for key, each in value.items():
                key_text = quote(key) if type(key) is str else ""
                if not key_text or ("\\ud" in key_text and write_str(key, 0)[0] != key_text):
                    break
                kind = cast(Any, type(each))
                write = writers.get(kind) or self._writer_of(kind, each)
                text, copies[key] = write(each, depth + 1)
                size += len(key_text) + len(text) + 2
                if size > MOST:
                    raise too_large()
                parts.append(f"{key_text}:{text}")
        except Unfit as unfit:
            unfit.at.append(key_step(key))
            raise
        if len(parts) < len(value):
            return self._pairs(value, depth)
        if self._sorted_keys:
            parts.sort()
        return f'{{"dict":{{{",".join(parts)}}}}}', copies

    def _pairs(self, value: dict[Any, Any], depth: int) -> TextAndCopy:
        """A dictionary of which a key can't be that of an object in JSON."""
        try:
            key_texts, keys = self._items(value, depth)
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
            raise would_change(dict, "of which two keys are written alike")
        pairs = [f"[{key},{text}]" for key, text in zip(key_texts, texts, strict=True)]
        if self._sorted_keys:
            pairs.sort()
        return f'{{"dict":[{",".join(pairs)}]}}', copies

    # Results, and what has a codec

    def _result(self, value: Any, depth: int) -> TextAndCopy:
        kind = cast(Any, type(value))
        way = {"Success": "unwrap", "Failure": "failure"}[kind.__name__]
        text, copy = self._inner(getattr(value, way)(), depth, f".{way}()")
        return f'{{"coded":"fwf.{kind.__name__}","plain":{text}}}', kind(copy)

    def _fault(self, value: Any, depth: int) -> TextAndCopy:
        kind = cast(Any, type(value))
        text, form = self._inner(fault_to_json(value), depth, "")
        copy = fault_from_json(form) if self._text_of else value
        return f'{{"coded":"fwf.{kind.__name__}","plain":{text}}}', copy

    def _inner(self, value: Any, depth: int, step: str) -> TextAndCopy:
        if depth >= MAX_DEPTH:
            raise too_deep(MAX_DEPTH)
        try:
            return self.write(value, depth + 1)
        except Unfit as unfit:
            unfit.at.append(step)
            raise

    def _codec_writer(self, cls: Any) -> Write:
        codec = cast(Codec, codec_of(cls))
        head = f'{{"coded":{to_json(codec.name)},"plain":'

        def write(value: Any, depth: int) -> TextAndCopy:
            if self._names.codec(codec.name) is not codec:
                raise unknown_class(cls, codec.name)
            text, plain = self._inner(plain_of(codec, value), depth, "")
            copy = value
            if self._text_of:
                copy = decode(codec, cls, plain, self._text_of)
                if differs(value, copy):
                    raise would_change(cls, "that its codec reads as another value")
            return f"{head}{text}}}", copy

        return write

    def _instance(self, cls: Any) -> Write:
        name = cast(Codec, codec_of(cls)).name
        codec = self._names.codec(name)
        if codec is None:
            raise unknown_class(cls, name)
        shape = ObjectShape(cls, codec)
        keys = [(each, f"{to_json(each)}:") for each in shape.names]
        head = f'{{"coded":{to_json(name)},"plain":{{"dict":{{'
        writers = self._writers

        def write(value: Any, depth: int) -> TextAndCopy:
            if depth >= MAX_DEPTH:
                raise too_deep(MAX_DEPTH)
            copies: dict[str, Any] = {}
            parts: list[str] = []
            field = ""
            try:
                for field, key in keys:
                    part = getattr(value, field)
                    kind = cast(Any, type(part))
                    writer = writers.get(kind) or self._writer_of(kind, part)
                    text, copies[field] = writer(part, depth + 1)
                    parts.append(key + text)
            except Unfit as unfit:
                unfit.at.append(f".{field}")
                raise
            except AttributeError:
                raise would_change(cls, f"whose {field!r} isn't set") from None
            copy = value
            if self._text_of:
                copy = shape.build(copies, self._text_of)
                shape.check(value, copy, self._text_of)
            return f"{head}{','.join(parts)}}}}}}}", copy

        return write

    def _table(self, value: Any, depth: int) -> TextAndCopy:
        name, again = self._write_table(value)
        return f'{{"arrow":"{name}"}}', again

    # Scalars that have a name

    def _member(self, value: Any, depth: int) -> TextAndCopy:
        member = member_of(value)
        try:
            target = self._names.member(member)
        except LookupError:
            raise unknown_class(type(value), member.enum) from None
        if target is not value:
            raise would_change(type(value), "of which another enum has the name")
        return member_text(member), value

    def _moment(self, value: Any, depth: int) -> TextAndCopy:
        zone = value.tzinfo
        if zone is None:
            return write_scalar(value, depth)
        if type(zone) is timezone:
            return write_scalar(value.replace(tzinfo=timezone(zone.utcoffset(None))), depth)
        key = getattr(zone, "key", None)
        if type(key) is not str:
            raise Unfit(
                f"has a zone that is {article(type(zone))}, which is no more than code: write "
                "zoneinfo.ZoneInfo('Europe/Paris'), or an offset as a datetime.timezone"
            )
        try:
            named_zone = self._names.zone(key, value.utcoffset())
        except LookupError as error:
            raise Unfit(f"has a zone that can't be found again: {error.args[0]}") from None
        again = value.replace(tzinfo=named_zone)
        if type(named_zone) is not type(zone) or again.isoformat() != value.isoformat():
            raise Unfit(f"has a zone that is called {key}, and is another one than that here")
        return write_scalar(again, depth)
