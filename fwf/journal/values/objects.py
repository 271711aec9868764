"""How objects are made anew from what was written of them: dataclasses, named tuples, codecs.

An object may be kept only if the one that is made anew is the same. What is compared are the texts
of its parts, as types are in these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, cast, final

from fwf.algebra.instances import arguments_of
from fwf.algebra.plain_values import Codec
from fwf.journal.values.unfit import Unfit, would_change

TextOf = Callable[[Any], str]
"""How a value is written."""
_PLAIN: Final = (int, float, str, bytes, dict, list, set, frozenset, bytearray)
_FIXED: Final = frozenset({type(None), bool, int, float, str, bytes, Decimal, date, datetime})
"""Classes of which an object can't change; there are more."""
_UNSET: Final = object()


@final
class ObjectShape:
    """How objects of a dataclass or a named tuple are taken apart and made anew."""

    def __init__(self, cls: Any, codec: Codec) -> None:
        self.cls = cls
        self.codec = codec
        self.names = tuple(sorted(arguments_of(cls)))
        fields: Mapping[str, Any] = getattr(cls, "__dataclass_fields__", {})
        defaults: Mapping[str, Any] = getattr(cls, "_field_defaults", {})
        self.optional_names = frozenset(
            [*defaults, *(name for name, field in fields.items() if _has_default(field))]
        )
        own_fields = [name for name, each in fields.items() if each._field_type.name == "_FIELD"]
        self.derived_names = tuple(name for name in own_fields if name not in self.names)
        no_repr = [name for name in self.names if fields and not fields[name].repr]
        if no_repr:
            raise would_change(
                cls, f"whose {no_repr[0]!r} is hidden (repr=False), which is kept nowhere"
            )
        base = next((base for base in cls.__mro__ if base in _PLAIN), None)
        if base is not None:
            raise would_change(
                cls, f"that is also a {base.__name__}, of which the fields say nothing"
            )

    def build(self, parts: dict[str, Any], text_of: TextOf) -> Any:
        """Fields ⟶ the object, if its fields are these.

        What can change is compared as it was before: making the object may have changed it.
        """
        before = {name: text_of(each) for name, each in parts.items() if type(each) not in _FIXED}
        try:
            copy = self.codec.from_plain(dict(parts))
        except Exception as error:  # whatever somebody's class raises
            raise self._unfit(
                f"that can't be made anew from its fields ({type(error).__name__}: {error})"
            ) from None
        if type(copy) is not self.cls:
            raise self._unfit("of which another class has the name")
        for name, part in parts.items():
            now = getattr(copy, name, _UNSET)
            if now is part and name not in before:
                continue
            if _text_or_none(now, text_of) != (before[name] if name in before else text_of(part)):
                raise self._unfit(f"whose {name!r} comes back as another one")
        return copy

    def check(self, value: Any, copy: Any, text_of: TextOf) -> None:
        """Raise if an object has more to it than the one that was made of its fields has."""
        for name in self.derived_names:
            was, now = getattr(value, name, _UNSET), getattr(copy, name, _UNSET)
            if was is now:
                continue
            if was is _UNSET or _text_or_none(was, text_of) != _text_or_none(now, text_of):
                raise self._unfit(f"whose {name!r} comes back as another one")
        was, now = getattr(value, "__dict__", None), getattr(copy, "__dict__", None)
        if was and now is not None and was.keys() != now.keys():
            for name in sorted(was.keys() ^ now.keys(), key=str):
                if not isinstance(getattr(self.cls, name, None), cached_property):
                    raise self._unfit(f"with an attribute {name!r}, which is no field")

    def _unfit(self, how: str) -> Unfit:
        return would_change(self.cls, how)


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _text_or_none(value: Any, text_of: TextOf) -> str | None:
    """A field as it is written; None for one that can't be, or isn't there."""
    try:
        return None if value is _UNSET else text_of(value)
    except Unfit:
        return None


def decode(codec: Codec, cls: Any, plain: Any, text_of: TextOf) -> Any:
    """What a registered codec makes of plain data, if it would be written down the same again."""
    before = text_of(plain)
    try:
        copy = codec.from_plain(plain)
    except Exception as error:  # whatever somebody's codec raises
        cause = f"{type(error).__name__}: {error}"
        raise would_change(cls, f"that its codec can't read ({cause})") from None
    if type(copy) is not cls or text_of(plain_of(codec, copy)) != before:
        raise would_change(cls, "that its codec reads as another value")
    return copy


def plain_of(codec: Codec, value: Any) -> Any:
    """What a registered codec writes of a value."""
    try:
        return codec.to_plain(value)
    except Exception as error:  # whatever somebody's codec raises
        cls = cast(Any, type(value))
        cause = f"{type(error).__name__}: {error}"
        raise would_change(cls, f"that its codec can't write ({cause})") from None


def differs(value: Any, copy: Any) -> bool:
    """Whether a class that says what is equal finds two of its objects different."""
    if cast(Any, type(value)).__eq__ is object.__eq__:
        return False
    try:
        return bool(value == value) and not bool(value == copy)
    except Exception:  # whatever somebody's class raises
        return True
