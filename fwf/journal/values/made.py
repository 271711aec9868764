"""How objects are made anew from what was written of them: dataclasses, named tuples, codecs.

An object may be kept only if the one that is made anew is the same. What is compared are the texts
of its parts, as types are in these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, cast, final

from fwf.algebra.instances import arguments_of
from fwf.algebra.plain_values import Codec
from fwf.journal.values.unfit import Unfit, changed

Said = Callable[[Any], str]
"""How a value is written."""
_PLAIN: Final = (int, float, str, bytes, dict, list, set, frozenset, bytearray)
_FIXED: Final = frozenset({type(None), bool, int, float, str, bytes, Decimal, date, datetime})
"""Classes of which an object can't change; there are more."""
_UNSET: Final = object()


@final
class Shape:
    """How objects of a dataclass or a named tuple are taken apart and made anew."""

    def __init__(self, cls: Any, codec: Codec) -> None:
        self.cls = cls
        self.codec = codec
        self.names = tuple(sorted(arguments_of(cls)))
        declared: Mapping[str, Any] = getattr(cls, "__dataclass_fields__", {})
        kept = [name for name, each in declared.items() if each._field_type.name == "_FIELD"]
        self.derived = tuple(name for name in kept if name not in self.names)
        hidden = [name for name in self.names if declared and not declared[name].repr]
        if hidden:
            raise changed(cls, f"whose {hidden[0]!r} is hidden (repr=False), which is kept nowhere")
        base = next((base for base in cls.__mro__ if base in _PLAIN), None)
        if base is not None:
            raise changed(cls, f"that is also a {base.__name__}, of which the fields say nothing")

    def made(self, parts: dict[str, Any], said: Said) -> Any:
        """Fields ⟶ the object, if its fields are these.

        What can change is compared as it was before: making the object may have changed it.
        """
        before = {name: said(each) for name, each in parts.items() if type(each) not in _FIXED}
        try:
            made = self.codec.from_plain(dict(parts))
        except Exception as error:  # whatever somebody's class raises
            raise self._changed(
                f"that can't be made anew from its fields ({type(error).__name__}: {error})"
            ) from None
        if type(made) is not self.cls:
            raise self._changed("of which another class has the name")
        for name, part in parts.items():
            now = getattr(made, name, _UNSET)
            if now is part and name not in before:
                continue
            if _said(now, said) != (before[name] if name in before else said(part)):
                raise self._changed(f"whose {name!r} comes back as another one")
        return made

    def check(self, value: Any, made: Any, said: Said) -> None:
        """Raise if an object has more to it than the one that was made of its fields has."""
        for name in self.derived:
            was, now = getattr(value, name, _UNSET), getattr(made, name, _UNSET)
            if was is not now and (was is _UNSET or _said(was, said) != _said(now, said)):
                raise self._changed(f"whose {name!r} comes back as another one")
        was, now = getattr(value, "__dict__", None), getattr(made, "__dict__", None)
        if was and now is not None and was.keys() != now.keys():
            for name in sorted(was.keys() ^ now.keys(), key=str):
                if not isinstance(getattr(self.cls, name, None), cached_property):
                    raise self._changed(f"with an attribute {name!r}, which is no field")

    def _changed(self, how: str) -> Unfit:
        return changed(self.cls, how)


def _said(value: Any, said: Said) -> str | None:
    """A field as it is written; None for one that can't be, or isn't there."""
    try:
        return None if value is _UNSET else said(value)
    except Unfit:
        return None


def coded(codec: Codec, cls: Any, plain: Any, said: Said) -> Any:
    """What a registered codec makes of plain data, if it would be written down the same again."""
    before = said(plain)
    try:
        made = codec.from_plain(plain)
    except Exception as error:  # whatever somebody's codec raises
        raise changed(cls, f"that its codec can't read ({type(error).__name__}: {error})") from None
    if type(made) is not cls or said(plain_of(codec, made)) != before:
        raise changed(cls, "that its codec reads as another value")
    return made


def plain_of(codec: Codec, value: Any) -> Any:
    """What a registered codec writes of a value."""
    try:
        return codec.to_plain(value)
    except Exception as error:  # whatever somebody's codec raises
        cls = cast(Any, type(value))
        said = f"{type(error).__name__}: {error}"
        raise changed(cls, f"that its codec can't write ({said})") from None


def differs(value: Any, made: Any) -> bool:
    """Whether a class that says what is equal finds two of its objects different."""
    if cast(Any, type(value)).__eq__ is object.__eq__:
        return False
    try:
        return bool(value == value) and not bool(value == made)
    except Exception:  # whatever somebody's class raises
        return True
