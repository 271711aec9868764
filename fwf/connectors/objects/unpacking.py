"""What is in an object that is packed, or isn't? Its first bytes say, not its name or a header."""

import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa

from fwf.connectors.shared.errors import BadData

MAGIC: Final[dict[bytes, Any]] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
STEP: Final = 1 << 20
MOST_BYTES: Final = 16 << 30
"""A few kilobytes can be unpacked to more than any disk holds."""


def unpack(chunks: Iterable[bytes], key: str, *, most_bytes: int = MOST_BYTES) -> Iterator[bytes]:
    """Bytes ⟶ what they hold: gzip and zstd, of any number of members, are unpacked.

    Raises `BadData` for what is cut or damaged, and past `most_bytes`.
    """
    source = iter(chunks)
    begin = b""
    for chunk in source:
        begin += chunk
        if len(begin) >= 4:
            break
    name = next((name for magic, name in MAGIC.items() if begin.startswith(magic)), None)
    if name is None:
        yield begin
        yield from source
        return
    file = _Chunks(begin, source)
    size = 0
    with pa.CompressedInputStream(pa.PythonFile(file, "r"), name) as stream:
        while piece := _read(stream, file, name, key):
            size += len(piece)
            if size > most_bytes:
                raise BadData(f"{key}: unpacked it has more than {most_bytes} bytes")
            yield piece


def _read(stream: Any, file: "_Chunks", name: str, key: str) -> bytes:
    try:
        return bytes(stream.read(STEP))
    except OSError:
        trouble = file.trouble or BadData(f"{key}: its {name} is cut or damaged")
    raise trouble


class _Chunks(io.RawIOBase):
    """Chunks as a file; `trouble` is what was raised when it asked for one."""

    def __init__(self, begin: bytes, rest: Iterator[bytes]) -> None:
        self._rest = rest
        self._left = memoryview(begin)
        self.trouble: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            try:
                chunk = next(self._rest, None)
            except Exception as error:
                self.trouble = error
                raise OSError from None
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
