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

    def member(self, recorded: Member) -> object: ...
    def coded(self, recorded: Coded) -> object: ...
    def zone(self, key: str, offset: timedelta | None) -> tzinfo: ...


def resolved(find: Callable[..., R], at: str, *recorded: Any) -> R:
    """What a name stands for; raises `Refused`, with the place, where nothing is known."""
    try:
        return find(*recorded)
    except LookupError as error:
        raise Refused(at, str(error.args[0])) from None


def known(among: Mapping[str, T], what: str, name: str, who: str) -> T:
    """What has a name among those that somebody knows; raises `LookupError` if nothing has."""
    if name not in among:
        raise LookupError(unknown(what, name, among, who))
    return among[name]


def unknown(what: str, name: str, names: Iterable[str], who: str) -> str:
    """How a message says that somebody knows nothing of that name, but perhaps one like it."""
    if len(name) > _LONGEST:
        return f"{who} has no {what} {name[:_LONGEST]!r}…"
    return f"{who} has no {what} {name!r}{near(name, names)}"


def member_among(enums: Mapping[str, type[enum.Enum]], recorded: Member, who: str) -> enum.Enum:
    """The member of the enum of this name."""
    cls = known(enums, "enum", recorded.enum, who)
    try:
        made = cls(recorded.value) if recorded.name is None else cls[recorded.name]
    except Exception:  # whatever somebody's enum raises
        members = ", ".join(cls.__members__)
        raise LookupError(f"{recorded!r} is no member; {recorded.enum} has {members}") from None
    if member_of(made) != recorded:
        raise LookupError(f"{recorded!r} is called {member_of(made)!r}")
    return made


def coded_among(codecs: Mapping[str, Codec], recorded: Coded, who: str) -> object:
    """The value that the codec of this name makes of the plain data."""
    if is_own(recorded):
        return own_value(recorded)
    codec = path_codec(recorded.codec) or known(codecs, "codec", recorded.codec, who)
    return freeze(decoded(codec, recorded))


def path_codec(name: str) -> Codec | None:
    """The codec of paths of this name, which everybody knows."""
    if name not in PATHS:
        return None
    import pathlib  # 5 ms that only values with paths need

    return codec_of(getattr(pathlib, name.partition(":")[2]))


def is_own(recorded: Coded) -> bool:
    """Whether it is a result or a fault, whose codecs are at hand wherever fwf is."""
    return recorded.codec.startswith("fwf.") and ":" not in recorded.codec


def own_value(recorded: Coded) -> object:
    """The result or fault that is written down; raises `LookupError` where it is none."""
    from fwf.algebra.result_values import codecs

    codec = codecs().get(recorded.codec)
    if codec is None:
        raise LookupError(f"there is no codec {recorded.codec!r}")
    return decoded(codec, recorded)


def decoded(codec: Codec, recorded: Coded) -> object:
    """What a codec makes of the plain data; raises `LookupError` if that is another value."""
    try:
        made: Any = codec.from_plain(thaw(recorded.plain))
        same = encode(freeze(made)) == encode(recorded)
    except Exception as error:  # whatever somebody's codec raises
        said = f"{type(error).__qualname__}: {error}"
        raise LookupError(f"the codec {recorded.codec!r} raises {said}") from error
    if not same:
        raise LookupError(f"the codec {recorded.codec!r} reads {made!r}, which is another value")
    return made
