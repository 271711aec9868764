"""What can be done with objects? List, look, read, write, write once, remove; none of it twice.

Keys are relative to the store's URL. What is long is read in pieces, each by a request of its own,
so that a reader that takes its time is not cut off by the time that a request has.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import LocalStore, S3Store

from fwf.connectors.objects.answers import translated
from fwf.connectors.objects.keys import checked, checked_prefix
from fwf.connectors.shared.errors import BadData, Conflict, KeyReused, Missing, Refused, Transient
from fwf.faults import Permanent

_obs: Final[Any] = obstore  # its stubs are of Python 3.12 in part
PART: Final = 8 << 20
"""Bytes of one request of an upload in parts: 10,000 of them are the most, so 80 GB."""
PIECE: Final = 8 << 20
"""Bytes of one request when an object is read."""
AT_ONCE: Final = 4
MARKER: Final = re.compile(r"(?:^|/)_(?:SUCCESS|started_\d+|committed_\d+)$|_\$folder\$$")
"""What other programs leave beside data, and is none (Hadoop, Spark, Databricks)."""


class Found(NamedTuple):
    """An object that is there."""

    key: str
    size: int
    modified: datetime
    etag: str | None


class Listing(NamedTuple):
    """The objects below a prefix, by key, and how many markers were left out."""

    objects: list[Found]
    skipped: int


class Objects:
    """The objects below a URL. Several threads may use it at once; it has nothing to close."""

    per_run = True

    def __init__(self, url: str, inner: Any, prefix: str, *, root: Path | None = None) -> None:
        self.url = url
        """Where it is, for people."""
        self._inner = inner
        self._prefix = f"{prefix}/" if prefix else ""
        self._root = root

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"

    def list(self, prefix: str = "") -> list[Found]:
        """The objects whose key begins with this text, by key, without markers."""
        return self.listed(prefix).objects

    def listed(self, prefix: str = "") -> Listing:
        """The same, with the number of markers.

        These are `_SUCCESS`, `…_$folder$`, and empty ones that are named like a folder of others.
        Other empty objects are data.
        """
        everything = sorted(self._below(checked_prefix(prefix)))
        folders = {folder for each in everything for folder in _folders(each.key)}
        objects = [
            each
            for each in everything
            if not MARKER.search(each.key) and (each.size or each.key not in folders)
        ]
        return Listing(objects, len(everything) - len(objects))

    def _below(self, prefix: str) -> Iterator[Found]:
        """Whatever key begins with the prefix.

        obstore's prefix is whole segments: so of the folder above, what begins so; from just
        before the prefix on, so that a long past isn't read.
        """
        whole = self._prefix + prefix
        folder = whole.rpartition("/")[0]
        before = whole[:-1] if len(whole) > len(folder) + 1 else None
        with self._asking(prefix, wrote=False):
            for chunk in _obs.list(self._inner, folder or None, offset=before, chunk_size=1000):
                for meta in chunk:
                    if meta["path"].startswith(whole):
                        yield self._found(meta)
                if before and self._sorted and chunk[-1]["path"] > f"{whole}\U0010ffff":
                    return

    @property
    def _sorted(self) -> bool:
        """Whether keys come in their order, as from S3 but not from its directory buckets."""
        return isinstance(self._inner, S3Store) and "--x-s3" not in self.url

    def _found(self, meta: Any) -> Found:
        key = meta["path"].removeprefix(self._prefix)
        return Found(key, meta["size"], meta["last_modified"], meta["e_tag"])

    def head(self, key: str) -> Found | None:
        """The object of this key, None while there is none."""
        try:
            with self._asking(key, wrote=False):
                return self._found(_obs.head(self._inner, self._at(key)))
        except Missing as error:
            if "bucket" in str(error):
                raise
            return None

    def exists(self, key: str) -> bool:
        """Whether there is an object of this key."""
        return self.head(key) is not None

    def get(self, key: str, *, at_most: int | None = None) -> bytes:
        """An object's bytes; raises `Missing`, and `BadData` for more bytes than `at_most`."""
        found = self._present(key)
        if at_most is not None and found.size > at_most:
            raise BadData(f"{self.where(key)}: {found.size} bytes, of at most {at_most}")
        return b"".join(self._pieces(found))

    def chunks(self, key: str) -> Iterator[bytes]:
        """An object's bytes, some megabytes at a time.

        Raises `Missing`, and `Conflict` if it is written anew meanwhile.
        """
        yield from self._pieces(self._present(key))

    def _present(self, key: str) -> Found:
        found = self.head(key)
        if found is None:
            raise Missing(f"{self.where(key)}: not there")
        return found

    def _pieces(self, found: Found) -> Iterator[bytes]:
        for start in range(0, found.size, PIECE):
            end = min(start + PIECE, found.size)
            options = {"range": (start, end), "if_match": found.etag}
            with self._asking(found.key, wrote=False):
                answer = _obs.get(self._inner, self._at(found.key), options=options)
                piece = bytes(answer.bytes())
            if len(piece) != end - start:
                raise Conflict(f"{self.where(found.key)}: it changed while it was read")
            yield piece

    def put(self, key: str, data: bytes | Iterable[Any]) -> None:
        """Write an object, in place of any other of this key. It is there whole, or not at all.

        data: bytes, or an iterable of such, which is sent in parts and never held as a whole.
        """
        chunks: Any = data
        parts = not isinstance(data, bytes)
        with self._asking(key, wrote=True):
            _obs.put(
                *(self._inner, self._at(key), chunks),
                use_multipart=parts,
                chunk_size=PART,
                max_concurrency=AT_ONCE,
            )

    def put_once(self, key: str, data: bytes) -> None:
        """Write an object where there is none, by one conditional request (`If-None-Match`).

        If there is one with these very bytes, it is taken for this one, whose answer was lost.
        Raises `KeyReused` if there is one with others, and `Conflict` if by now there is none.
        """
        if self.create(key, data):
            return
        found = self.head(key)
        if found is None:
            raise Conflict(f"{self.where(key)}: it was there a moment ago; now it isn't")
        if found.size != len(data) or self.get(key) != data:
            raise KeyReused(f"{self.where(key)}: there are other data under this key")

    def create(self, key: str, data: bytes) -> bool:
        """The conditional request alone ⟶ whether it was written; if not, something is there."""
        try:
            with self._asking(key, wrote=True, passed=(AlreadyExistsError,)):
                _obs.put(self._inner, self._at(key), data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True

    def replace(self, found: Found, data: bytes) -> bool:
        """Write an object in place of the very one that was found (`If-Match`) ⟶ whether it was.

        Files have no such request: of two that do this at one moment, the later one stays.
        """
        if isinstance(self._inner, LocalStore):
            self.put(found.key, data)
            return True
        try:
            with self._asking(found.key, wrote=True, passed=(PreconditionError,)):
                mode: Any = {"e_tag": found.etag}
                _obs.put(self._inner, self._at(found.key), data, mode=mode, use_multipart=False)
        except PreconditionError:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that isn't there is no error."""
        for key in keys:
            try:
                with self._asking(key, wrote=True):
                    _obs.delete(self._inner, self._at(key))
            except Missing as error:
                if "bucket" in str(error):
                    raise

    def where(self, key: str) -> str:
        """The URL of an object."""
        return f"{self.url.rstrip('/')}/{key}"

    def _at(self, key: str) -> str:
        inside = self._prefix + checked(key)
        if self._root is not None and not _within(self._root, inside):
            raise Refused(f"{self.where(key)}: a link leads out of the store")
        return inside

    @contextmanager
    def _asking(
        self, key: str, *, wrote: bool, passed: tuple[type[Exception], ...] = ()
    ) -> Iterator[None]:
        try:
            yield
            return
        except _OURS:
            raise
        except _RAISED as error:
            if isinstance(error, passed):
                raise
            said = translated(error, self.where(key), wrote=wrote)
        raise said from None


_OURS: Final = (Transient, Permanent)
_RAISED: Final = (BaseError, OSError, ValueError, NotImplementedError)


def _folders(key: str) -> Iterator[str]:
    """`a/b/c` ⟶ `a/b`, `a`."""
    while folder := key.rpartition("/")[0]:
        yield folder
        key = folder


def _within(root: Path, key: str) -> bool:
    return Path(os.path.realpath(root / key)).is_relative_to(root)
