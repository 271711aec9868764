"""What does an exception say, whatever its own methods do? And those in a group; and its pickle."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, cast

from fwf.faults.error_tags import tag_of
from fwf.secrets import masked

MOST_PARTS: Final = 5
"""So many exceptions of a group are told in a text; the values have them all."""
_parts = vars(BaseExceptionGroup)["exceptions"]


def text(error: object) -> str:
    """What an error says, whatever its `__str__` may do; nothing if it is its own tag."""
    if issubclass(type(error), str):
        return ""
    try:
        return masked(str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as another:
        return f"(its text is unknown: __str__ raised {tag_of(type(another))})"


def named_text(error: BaseException) -> str:
    """Exception ⟶ `ValueError: bad`, its tag and what it says."""
    tag, message = tag_of(type(error)), text(error)
    return f"{tag}: {message}" if message else tag


def full_text(error: object) -> str:
    """`text` and, of a group of exceptions, what they say, which the group itself only counts."""
    kind, group = cast(Any, type(error)), cast(Any, BaseExceptionGroup)
    if not issubclass(kind, group) or kind.__str__ is not group.__str__:
        return text(error)
    texts = list(map(named_text, islice(_singles(cast(BaseException, error)), MOST_PARTS + 1)))
    return f"{text(error)}: {'; '.join([*texts[:MOST_PARTS], *('…' for _ in texts[MOST_PARTS:])])}"


def singles(error: object) -> tuple[BaseException, ...]:
    """The exceptions of a group and of the groups in it, each once; none of what is no group."""
    if not issubclass(cast(Any, type(error)), BaseExceptionGroup):
        return ()
    return tuple(_singles(cast(BaseException, error), set()))


def _singles(group: BaseException, seen_ids: set[int] | None = None) -> Iterator[BaseException]:
    """Those of a group in their order; with `seen_ids`, what stands in many places comes once."""
    todo = [group]
    while todo:
        one = todo.pop()
        if seen_ids is not None and id(one) in seen_ids:
            continue
        if not (parts := parts_of(one)):
            yield one
        if seen_ids is not None:
            seen_ids.add(id(one))
        todo.extend(reversed(parts))


def parts_of(error: BaseException) -> tuple[BaseException, ...]:
    """The exceptions of a group; none of others."""
    return _parts.__get__(error) if issubclass(type(error), BaseExceptionGroup) else ()


def pickle_of(error: object) -> bytes | None:
    """An error ⟶ its pickle; None if it has none, or arrives as something else."""
    import pickle

    try:
        content = pickle.dumps(error)
        there = pickle.loads(content)  # noqa: S301 (we have just written it)
        return content if type(there) is type(error) else None
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever somebody's `__reduce__` or `__init__` raises
        return None


def error_in(content: bytes | None) -> object:
    """The pickle of an error ⟶ the error; None where there is none, or its class isn't here."""
    import pickle

    try:
        return None if content is None else pickle.loads(content)  # noqa: S301 (in a pickle)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return None
