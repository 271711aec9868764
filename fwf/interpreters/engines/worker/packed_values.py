"""How do values travel in calls and contexts? As a text in them or, where large, by reference.

The text is a journal's: types are kept. It stands in JSON as a text, and not as JSON: what engines
make of numbers on the way (`1.0` comes out of JavaScript as `1`) doesn't reach it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, Protocol, TypeAlias, final

from fwf.forms.mentioned import Known
from fwf.forms.refusal import Refused, refused
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_fields,
    read_name,
    read_text,
    read_whole,
    write_text,
    write_whole,
)
from fwf.interpreters.engines.worker.objects import StoreError
from fwf.journal.values import DIGEST, Unreadable, Unwritable, Values
from fwf.records import record

SUFFIX: Final = ".json"


class Blobs(Protocol):
    """Where large values are kept, by the digest of their content."""

    def put(self, name: str, content: bytes) -> None:
        """Keep a content."""
        ...

    def get(self, name: str) -> bytes:
        """What is kept by a name; raises `StoreError`."""
        ...


@final
@record()
class Inline:
    """A value's text."""

    text: str


@final
@record()
class Reference:
    """By which name a value's text is kept, and its length in bytes."""

    name: str
    size: int


Packed: TypeAlias = Inline | Reference
"""A value as it travels; never nothing, so that None isn't lost on the way."""
NONE: Final = Inline("null")


def packed(text: str, limit: int | None, blobs: Blobs | None) -> Packed:
    """A value's text ⟶ itself or, if that takes more than so many bytes of JSON, a reference.

    Raises `Unwritable` where there is nowhere to keep what is too large.
    """
    inline = Inline(text)
    size = len(json.dumps(packed_to_json(inline)))
    if limit is None or size <= limit:
        return inline
    if blobs is None:
        raise Unwritable(
            f"takes {size:,} bytes, of at most {limit:,} that the engine passes on: name a store "
            "for larger ones, s3://bucket/prefix"
        )
    content = text.encode()
    name = _name(content, SUFFIX)
    blobs.put(name, content)
    return Reference(name, len(content))


def unpacked(value: Packed, blobs: Blobs | None) -> str:
    """What travelled ⟶ the value's text; raises `StoreError` if what is kept isn't that."""
    if isinstance(value, Inline):
        return value.text
    content = _kept(blobs)(value.name)
    if len(content) != value.size:
        raise StoreError(f"{value.name}: {len(content):,} bytes, and not {value.size:,}")
    return content.decode()


def text_in(form: Json, at: str, blobs: Blobs | None) -> str:
    """The JSON of a value as it travels ⟶ its text; raises `Refused`, or `StoreError`."""
    return unpacked(packed_from_json(form, at), blobs)


def values_of(names: Known, blobs: Blobs | None) -> Values:
    """What writes and reads the values of a workflow that makes these names known."""

    def keep(name: str, content: memoryview) -> None:
        if blobs is None:
            raise Unwritable(
                "holds a table, which is kept by reference: name a store, s3://bucket/prefix"
            )
        blobs.put(name, bytes(content))

    return Values(names, keep, _kept(blobs))


def _kept(blobs: Blobs | None) -> Callable[[str], bytes]:
    """Name ⟶ the content that is kept by it, compared with its digest."""

    def kept(name: str) -> bytes:
        if blobs is None:
            raise StoreError(f"{name}: a value is kept by this name, and no store is given")
        content = blobs.get(name)
        if _name(content, name[2 * DIGEST :]) != name:
            raise StoreError(f"{name}: what is kept there isn't what was written")
        return content

    return kept


def read(values: Values, value: Packed, blobs: Blobs | None, at: str) -> Any:
    """What travelled ⟶ the value; raises `Refused`, saying where it stands."""
    try:
        return values.read(unpacked(value, blobs))
    except (Unreadable, StoreError) as error:
        raise Refused(at, str(error)) from None


def _name(content: bytes, suffix: str) -> str:
    return blake2b(content, digest_size=DIGEST).hexdigest() + suffix


def packed_to_json(value: Packed) -> Json:
    """A value as it travels ⟶ JSON."""
    if isinstance(value, Inline):
        return {"text": write_text(value.text)}
    return {"ref": value.name, "bytes": write_whole(value.size)}


def packed_from_json(form: Json, at: str) -> Packed:
    """JSON ⟶ the value as it travels; raises `Refused`."""
    if not is_object(form):
        raise refused(at, form, "a value, as an object with text, or with ref and bytes")
    if "ref" in form:
        fields = read_fields(form, at, ("ref", "bytes"))
        name = read_name(fields["ref"], f"{at}/ref", "what is kept")
        return Reference(name, read_whole(fields["bytes"], f"{at}/bytes", 0))
    return Inline(read_text(read_fields(form, at, ("text",))["text"], f"{at}/text"))
