"""How is a long text put together of parts that hold parts, at any depth, in one go?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, TypeAlias

Rope: TypeAlias = "str | Sequence[Rope]"
"""A text, or texts one after another."""
FUNCTION: Final = "<function-arn>"
"""What stands for the function in a definition; no text of somebody's has it there."""
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode


def flat(rope: Rope) -> str:
    """Rope ⟶ its text. O(length), explicit stack."""
    texts: list[str] = []
    todo = [rope]
    while todo:
        each = todo.pop()
        if isinstance(each, str):
            texts.append(each)
        else:
            todo.extend(reversed(each))
    return "".join(texts)


def quoted(value: object) -> str:
    """A shallow value ⟶ its JSON, in ASCII, in which `FUNCTION` doesn't occur."""
    return _ENCODE(value).replace("<", "\\u003c")
