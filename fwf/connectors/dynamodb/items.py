"""May these items be written? All that DynamoDB would refuse is found before anything is sent.

It refuses a whole request for one value, in the middle of a load. What is wrong is told by
attribute and count, never by value.
"""

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, cast

from fwf.connectors.dynamodb.values import Unfit, Wire, encode, name_size
from fwf.connectors.shared.errors import BadData
from fwf.faults import counted

TABLE: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")
ITEM_BYTES: Final = 400 * 1024
KEY_BYTES: Final = (2048, 1024)
"""Of a partition key and of a sort key."""
KEY_NAME_BYTES: Final = 255
OWN: Final = ("fwf_key", "fwf_digest")
"""Attributes that `put` and `transact` add: whose write the item is, and of which content."""
MOST_TOLD: Final = 8

Item: TypeAlias = dict[str, Any]
"""An item, or the key of one: values by the names of attributes."""


class Delete(NamedTuple):
    """A write that takes away the item of a key, if there is one."""

    key: Item


Write: TypeAlias = Item | Delete
"""An item to be put, in the place of what has its key, or a `Delete`."""


class Written(NamedTuple):
    """A batch: how many of its writes are done, and which ones are to be done (still, or again)."""

    written: int
    unprocessed: list[Write]


class EncodedWrite(NamedTuple):
    """A write as it is sent: the item or key, which item it is about, and its bytes.

    `size` is what DynamoDB counts for an item, `wire_size` what travels in the request.
    """

    write: Write
    wire: Wire
    identity: tuple[object, ...]
    size: int
    wire_size: int


def table_name(table: object, where: str) -> str:
    """The name of a table; raises `ValueError` for what can't be one."""
    if not isinstance(table, str) or not TABLE.fullmatch(table):
        raise ValueError(
            f"{where}(table={table!r}): a table of DynamoDB has a name of 3 to 255 letters, digits "
            "and _ . -"
        )
    return table


def key_names(key: object, where: str) -> tuple[str, ...]:
    """The names of partition key and, if there is one, sort key; raises for what can't be these."""
    at = f"{where}(key={key!r})"
    if not isinstance(key, list | tuple):
        raise TypeError(f"{at}: needs a list: ['customer'], or ['day', 'customer']")
    names = tuple(cast("Sequence[object]", key))
    if not 1 <= len(names) <= 2 or len(set(map(repr, names))) != len(names):
        raise ValueError(f"{at}: a key is a partition key and at most one sort key")
    for name in names:
        try:
            fine = name_size(name) <= KEY_NAME_BYTES and cast(str, name).isprintable()
        except Unfit:
            fine = False
        if not fine:
            raise ValueError(f"{at}: an attribute of a key has a name of 1 to 255 bytes")
        if name in OWN:
            raise ValueError(f"{at}: {name} is written by fwf itself")
    return cast("tuple[str, ...]", names)


def encoded_writes(
    writes: Iterable[Write],
    key: Sequence[str],
    where: str,
    *,
    extra: Mapping[str, str] | None = None,
) -> list[EncodedWrite]:
    """Items and deletes ⟶ the same as they are sent; raises `BadData` for all that can't be.

    key: the names of partition and sort key.
    where: begins the error.
    extra: texts that come into each item; it may have no attribute of their names itself.
    """
    all_writes, result, wrong = list(writes), list[EncodedWrite](), Counter[str]()
    for write in all_writes:
        one, problems = _encoded_write(write, key, extra)
        wrong.update(problems)
        if one is not None:
            result.append(one)
    counts = Counter(each.identity for each in result)
    doubles = sum(times - 1 for times in counts.values())
    if doubles:
        wrong[f"{', '.join(map(attribute_text, key))}: the key of another write"] = doubles
    if wrong:
        texts = [f"{problem} ({times})" for problem, times in wrong.most_common(MOST_TOLD)]
        more = f"; and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        raise BadData(f"{where}: of {counted(len(all_writes), 'write')}: {'; '.join(texts)}{more}")
    return result


def _encoded_write(
    write: object, key: Sequence[str], extra: Mapping[str, str] | None
) -> tuple[EncodedWrite | None, list[str]]:
    """A write ⟶ the same as it is sent, or all that is wrong with it."""
    is_delete = isinstance(write, Delete)
    content: object = write.key if isinstance(write, Delete) else write
    if not isinstance(content, dict):
        return None, [
            f"a {type(content).__name__}, but an item is a dictionary, or a Delete of one"
        ]
    item, problems = cast("dict[object, object]", content), list[str]()
    own = {} if is_delete else dict(extra or {})
    wire: Wire = {name: {"S": text} for name, text in own.items()}
    size = sum(len(name) + len(text.encode()) for name, text in own.items())
    for name, value in item.items():
        try:
            name_bytes = name_size(name)
            if name in own:
                raise Unfit("written by fwf itself")
            wire[cast(str, name)], value_bytes = encode(value)
            size += name_bytes + value_bytes
        except Unfit as unfit:
            problems.append(f"{attribute_text(name)}: {unfit}")
    if not problems:
        problems = _of_key(wire, key)
        if is_delete and len(wire) > len(key):
            problems.append("a Delete with more than the key")
    if size > ITEM_BYTES:
        problems.append("an item of more than 400 KB")
    if problems:
        return None, problems
    identity = tuple(next(iter(wire[name].items())) for name in key)
    wire_size = len(_JSON.encode(wire))
    return EncodedWrite(cast(Write, write), wire, identity, size, wire_size), []


def _of_key(wire: Wire, key: Sequence[str]) -> list[str]:
    """What is wrong with the key of an item."""
    problems = list[str]()
    for name, most in zip(key, KEY_BYTES, strict=False):
        ((letter, value),) = wire.get(name, {"NULL": True}).items()
        if letter == "NULL":
            problems.append(f"{attribute_text(name)}: no value, but it is of the key")
        elif letter not in ("S", "N", "B"):
            problems.append(f"{attribute_text(name)}: a key is a text, a number or bytes")
        elif not value:
            problems.append(f"{attribute_text(name)}: empty, but it is of the key")
        elif letter != "N" and len(value if letter == "B" else value.encode()) > most:
            problems.append(
                f"{attribute_text(name)}: more than {most:,} bytes, but it is of the key"
            )
    return problems


def attribute_text(name: object) -> str:
    """The name of an attribute as an error shows it."""
    if not isinstance(name, str):
        return f"(a {type(name).__name__})"
    short = name if len(name) <= 60 else f"{name[:60]}…"
    return short if short.isidentifier() else repr(short)


def canonical(wire: Wire) -> bytes:
    """An item as it is sent ⟶ bytes that equal items share."""
    return json.dumps(wire, sort_keys=True, default=_base64).encode()


def _base64(value: bytes) -> str:
    return b64encode(value).decode()


_JSON: Final = json.JSONEncoder(default=_base64)
