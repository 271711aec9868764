"""What is a large value called, such as a table? By the digest of its content."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

DIGEST: Final = 16
SUFFIX: Final = ".arrow"
NAME: Final = re.compile(r"[0-9a-f]{32}\.arrow")


def name_of(content: memoryview | bytes) -> str:
    """Content ⟶ what it is kept by."""
    return blake2b(content, digest_size=DIGEST).hexdigest() + SUFFIX


def check_name(name: str) -> None:
    """Raise `ValueError` for what no value is called by."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r}: a value's name is 32 hexadecimal digits and .arrow")


def check_content(name: str, content: memoryview | bytes) -> None:
    """Raise `ValueError` unless a name is the digest of a content."""
    check_name(name)
    if name != name_of(content):
        raise ValueError(f"put({name!r}): isn't the digest of this content")
