"""Which objects are a table? Those that a manifest names, and no others.

Parts are written under keys that no other attempt has, and seen by nobody. One conditional request
publishes a manifest that names them: all of it, or nothing. What no manifest names was left by an
attempt that was cut.
"""

import json
import re
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final, NamedTuple

from fwf.connectors.shared.errors import BadData

MANIFEST: Final = "manifest.json"
PART_NAME: Final = re.compile(r"part-[0-9a-f]{16}-[0-9a-f]{16}\.parquet")
LARGEST: Final = 64 << 20
"""Bytes of a manifest, which is sent in one request: some 300,000 parts."""


class Part(NamedTuple):
    """An object that holds rows, and how many; its size is in bytes."""

    key: str
    rows: int
    size: int


class Manifest(NamedTuple):
    """What is published in a folder, and the idempotency key of the step that did it."""

    folder: str
    by: str
    rows: int
    parts: list[Part]


class Swept(NamedTuple):
    """How many parts were removed, and how many bytes they were."""

    removed: int
    size: int


def part_key(folder: str, by: str) -> str:
    """A new key in the folder; it begins alike for all attempts of a step."""
    return f"{folder}/part-{sha256(by.encode()).hexdigest()[:16]}-{token_hex(8)}.parquet"


def manifest_key(folder: str) -> str:
    """The key of what names a folder's parts."""
    return f"{folder}/{MANIFEST}"


def folder_of(key: str) -> str:
    """The key without its last segment."""
    return key.rpartition("/")[0]


def name_of(key: str) -> str:
    """The last segment of a key."""
    return key.rpartition("/")[2]


def is_part(key: str) -> bool:
    """Whether an object is a part, by its name: no other one is ever swept."""
    return PART_NAME.fullmatch(name_of(key)) is not None


def manifest_of(folder: str, parts: list[Part], by: str, where: str) -> Manifest:
    """The manifest of parts; raises `BadData` for those that lie elsewhere, or stand twice."""
    keys = [part.key for part in parts]
    strangers = [key for key in keys if folder_of(key) != folder or not is_part(key)]
    if strangers:
        raise BadData(f"{where}: {strangers[0]!r} is no part that was written to {folder!r}")
    if len(set(keys)) < len(keys):
        raise BadData(f"{where}: a part is given twice")
    return Manifest(folder, by, sum(part.rows for part in parts), sorted(parts))


def manifest_bytes(manifest: Manifest, where: str) -> bytes:
    """Manifest ⟶ its bytes, always the same; raises `BadData` for too many parts."""
    parts = [
        {"name": name_of(part.key), "rows": part.rows, "size": part.size} for part in manifest.parts
    ]
    content = {"fwf": 1, "by": manifest.by, "rows": manifest.rows, "parts": parts}
    data = json.dumps(content, indent=1, sort_keys=True).encode()
    if len(data) > LARGEST:
        raise BadData(f"{where}: {len(parts)} parts are too many: write larger ones")
    return data


def read(content: bytes, folder: str, where: str) -> Manifest:
    """The opposite of `manifest_bytes`; raises `BadData` for anything else."""
    try:
        manifest: Any = json.loads(content)
        parts = [
            Part(f"{folder}/{each['name']}", int(each["rows"]), int(each["size"]))
            for each in manifest["parts"]
        ]
        if manifest["fwf"] == 1 and all(
            PART_NAME.fullmatch(each["name"]) for each in manifest["parts"]
        ):
            return Manifest(folder, str(manifest["by"]), sum(part.rows for part in parts), parts)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise BadData(f"{where}: it is no manifest of parts")
