"""What names in values stand for: enums, classes with a codec, time zones."""

import enum
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta, tzinfo
from typing import Any, Protocol, TypeVar

from fwf.algebra.instances import PATHS
from fwf.algebra.plain_values import Codec, Coded, Member, codec_of, encode, freeze, member_of, thaw
from fwf.faults import near
from fwf.forms.refusal import Refused

R = TypeVar("R")
T = TypeVar("T")
_LONGEST = 100
"""A longer name is no misspelling, and comparing it takes long."""


class Names(Protocol):
    """What is recorded ⟶ what it stands for; each raises `LookupError` where nothing is known."""

    def member(self, entry: Member, /) -> object: ...
    def coded(self, entry: Coded, /) -> object: ...
    def zone(self, key: str, offset: timedelta | None, /) -> tzinfo: ...


def resolve(find: Callable[..., R], at: str, *entry: Any) -> R:
    """What a name stands for; raises `Refused`, with the place, where nothing is known."""
    try:
        return find(*entry)
    except LookupError as error:
        raise Refused(at, str(error.args[0])) from None


def look_up(among: Mapping[str, T], what: str, name: str, who: str) -> T:
    """What has a name among those that somebody knows; raises `LookupError` if nothing has."""
    if name not in among:
        raise LookupError(unknown_message(what, name, among, who))
    return among[name]


def unknown_message(what: str, name: str, names: Iterable[str], who: str) -> str:
    """How a message says that somebody knows nothing of that name, but perhaps one like it."""
    if len(name) > _LONGEST:
        return f"{who} has no {what} {name[:_LONGEST]!r}…"
    return f"{who} has no {what} {name!r}{near(name, names)}"


def member_among(enums: Mapping[str, type[enum.Enum]], entry: Member, who: str) -> enum.Enum:
    """The member of the enum of this name."""
    cls = look_up(enums, "enum", entry.enum, who)
    try:
        member = cls(entry.value) if entry.name is None else cls[entry.name]
    except Exception:  # whatever somebody's enum raises
        members = ", ".join(cls.__members__)
        raise LookupError(f"{entry!r} is no member; {entry.enum} has {members}") from None
    if member_of(member) != entry:
        raise LookupError(f"{entry!r} is called {member_of(member)!r}")
    return member


def coded_among(codecs: Mapping[str, Codec], entry: Coded, who: str) -> object:
    """The value that the codec of this name makes of the plain data."""
    if is_own(entry):
        return own_value(entry)
    codec = path_codec(entry.codec) or look_up(codecs, "codec", entry.codec, who)
    return freeze(decode(codec, entry))


def path_codec(name: str) -> Codec | None:
    """The codec of paths of this name, which everybody knows."""
    if name not in PATHS:
        return None
    import pathlib  # 5 ms that only values with paths need

    return codec_of(getattr(pathlib, name.partition(":")[2]))


def is_own(entry: Coded) -> bool:
    """Whether it is a result or a fault, whose codecs are at hand wherever fwf is."""
    return entry.codec.startswith("fwf.") and ":" not in entry.codec


def own_value(entry: Coded) -> object:
    """The result or fault that is written down; raises `LookupError` where it is none."""
    from fwf.algebra.result_values import codecs

    codec = codecs().get(entry.codec)
    if codec is None:
        raise LookupError(f"there is no codec {entry.codec!r}")
    return decode(codec, entry)


def decode(codec: Codec, entry: Coded) -> object:
    """What a codec makes of the plain data; raises `LookupError` if that is another value."""
    try:
        value: Any = codec.from_plain(thaw(entry.plain))
        same = encode(freeze(value)) == encode(entry)
    except Exception as error:  # whatever somebody's codec raises
        reason = f"{type(error).__qualname__}: {error}"
        raise LookupError(f"the codec {entry.codec!r} raises {reason}") from error
    if not same:
        raise LookupError(f"the codec {entry.codec!r} reads {value!r}, which is another value")
    return value
