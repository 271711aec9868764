"""What can be done with objects? List, look, read, write, write once, remove; none of it twice.

Keys are relative to the store's URL. What is long is read in pieces, each by a request of its own,
so that a reader that takes its time is not cut off by the time that a request has.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Final, NamedTuple, Self

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import LocalStore, S3Store

from fwf.connectors.objects.keys import checked_object_key, checked_prefix
from fwf.connectors.shared.errors import BadData, Conflict, KeyReused, Missing, Refused, Transient
from fwf.connectors.shared.obstore_errors import NoBucket, connector_error
from fwf.connectors.shared.supply import Supply
from fwf.faults import Permanent

_obs: Final[Any] = obstore  # its stubs are of Python 3.12 in part
PART: Final = 8 << 20
"""Bytes of one request of an upload in parts: 10,000 of them are the most, so 80 GB."""
PIECE: Final = 8 << 20
"""Bytes of one request when an object is read."""
AT_ONCE: Final = 4
EMPTY: Final = "status code: 416"
"""No byte can be read of what has none."""
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


class StorePlace(NamedTuple):
    """What was opened: obstore's part, and where in it the objects are."""

    inner: Any
    prefix: str = ""
    root: Path | None = None
    """The folder, if it is one."""
    in_order: bool = False
    """Whether keys are listed in their order."""


class Objects:
    """The objects below a URL. Several threads may use it at once; it has nothing to close.

    url: where it is, for people.
    opener: is called when it is entered, or first used.
    """

    per_run: ClassVar[bool] = True
    native: ClassVar[bool] = True

    def __init__(self, url: str, opener: Callable[[], StorePlace]) -> None:
        self.url = url
        self._open = opener
        self._opened_place: StorePlace | None = None
        self._lock = Lock()

    @property
    def _place(self) -> StorePlace:
        with self._lock:
            if self._opened_place is None:
                self._opened_place = self._open()
            return self._opened_place

    def __enter__(self) -> Self:
        _ = self._place
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
        whole = self._place.prefix + prefix
        folder = whole.rpartition("/")[0]
        before = whole[:-1] if len(whole) > len(folder) + 1 else None
        chunks = _obs.list(self._place.inner, folder or None, offset=before, chunk_size=1000)
        while chunk := self._ask(prefix, partial(next, chunks, None)):
            for meta in chunk:
                if meta["path"].startswith(whole):
                    yield self._object(meta)
            if before and self._place.in_order and chunk[-1]["path"] > f"{whole}\U0010ffff":
                return

    def _object(self, meta: Any) -> Found:
        key = meta["path"].removeprefix(self._place.prefix)
        return Found(key, meta["size"], meta["last_modified"], meta["e_tag"])

    def head(self, key: str) -> Found | None:
        """The object of this key, None while there is none."""
        try:
            return self._object(self._ask(key, partial(self._meta, self._at(key))))
        except NoBucket:
            raise
        except Missing:
            return None

    def _meta(self, path: str) -> Any:
        """What is known of an object.

        S3 says only to who reads whether it's the bucket that isn't there, or why something is not
        allowed: so a byte is read.
        """
        if isinstance(self._place.inner, S3Store):
            try:
                return _obs.get(self._place.inner, path, options={"range": (0, 1)}).meta
            except BaseError as error:
                if EMPTY not in str(error):
                    raise
        return _obs.head(self._place.inner, path)

    def exists(self, key: str) -> bool:
        """Whether there is an object of this key."""
        return self.head(key) is not None

    def get(self, key: str, *, at_most: int | None = None) -> bytes:
        """An object's bytes; raises `Missing`, and `BadData` for more bytes than `at_most`."""
        return self.read(self._present(key), at_most=at_most)

    def read(self, entry: Found, *, at_most: int | None = None) -> bytes:
        """The bytes of an object as it was found; raises `Conflict` if it was written anew."""
        if at_most is not None and entry.size > at_most:
            raise BadData(f"{self.where(entry.key)}: {entry.size} bytes, of at most {at_most}")
        return b"".join(self._pieces(entry))

    def chunks(self, key: str) -> Iterator[bytes]:
        """An object's bytes, some megabytes at a time.

        Raises `Missing`, and `Conflict` if it is written anew meanwhile.
        """
        yield from self._pieces(self._present(key))

    def _present(self, key: str) -> Found:
        entry = self.head(key)
        if entry is None:
            raise Missing(f"{self.where(key)}: not there")
        return entry

    def _pieces(self, entry: Found) -> Iterator[bytes]:
        for start in range(0, entry.size, PIECE):
            end = min(start + PIECE, entry.size)
            options = {"range": (start, end), "if_match": entry.etag}
            ask = partial(self._piece, self._at(entry.key), options)
            piece = self._ask(entry.key, ask)
            if len(piece) != end - start:
                raise Conflict(f"{self.where(entry.key)}: it changed while it was read")
            yield piece

    def _piece(self, path: str, options: Any) -> bytes:
        return bytes(_obs.get(self._place.inner, path, options=options).bytes())

    def put(self, key: str, data: bytes | Iterable[Any]) -> None:
        """Write an object, in place of any other of this key. It is there whole, or not at all.

        data: bytes, or an iterable of such, which is sent in parts and never held as a whole. What
            it raises is raised.
        """
        supply = None if isinstance(data, bytes) else Supply(data)
        how = {"use_multipart": supply is not None, "chunk_size": PART, "max_concurrency": AT_ONCE}
        ask = partial(_obs.put, self._place.inner, self._at(key), supply or data, **how)
        try:
            self._ask(key, ask, wrote=True)
        except Exception as error:
            trouble = (supply and supply.trouble) or error
        else:
            return
        raise trouble

    def put_once(self, key: str, data: bytes) -> None:
        """Write an object where there is none, by one conditional request (`If-None-Match`).

        If there is one with these very bytes, it is taken for this one, whose answer was lost.
        Raises `KeyReused` if there is one with others, and `Conflict` if by now there is none.
        """
        if self.create(key, data):
            return
        other = self.head(key)
        if other is None:
            raise Conflict(f"{self.where(key)}: it was there a moment ago; now it isn't")
        if other.size != len(data) or self.get(key) != data:
            raise KeyReused(f"{self.where(key)}: there are other data under this key")

    def create(self, key: str, data: bytes) -> bool:
        """The conditional request alone ⟶ whether it was written; if not, something is there."""
        return self._put_if(key, data, "create", AlreadyExistsError)

    def replace(self, entry: Found, data: bytes) -> bool:
        """Write an object in place of the very one that was found (`If-Match`) ⟶ whether it was.

        Files have no such request: of two that do this at one moment, the later one stays.
        """
        if isinstance(self._place.inner, LocalStore):
            self.put(entry.key, data)
            return True
        return self._put_if(entry.key, data, {"e_tag": entry.etag}, PreconditionError)

    def _put_if(self, key: str, data: bytes, mode: Any, unmet: type[Exception]) -> bool:
        how = {"mode": mode, "use_multipart": False}
        ask = partial(_obs.put, self._place.inner, self._at(key), data, **how)
        try:
            self._ask(key, ask, wrote=True, expected=unmet)
        except unmet:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that isn't there is no error."""
        for key in keys:
            try:
                self._ask(key, partial(_obs.delete, self._place.inner, self._at(key)), wrote=True)
            except NoBucket:
                raise
            except Missing:
                continue

    def where(self, key: str) -> str:
        """The URL of an object."""
        return f"{self.url.rstrip('/')}/{key}"

    def _at(self, key: str) -> str:
        inside = self._place.prefix + checked_object_key(key)
        root = self._place.root
        if root is not None and not _within(root, inside):
            raise Refused(f"{self.where(key)}: a link leads out of the store")
        return inside

    def _ask(
        self,
        key: str,
        call: Callable[[], Any],
        *,
        wrote: bool = False,
        expected: type[Exception] | None = None,
    ) -> Any:
        """What a call gives, or its error in our words: what the driver raises holds too much."""
        try:
            return call()
        except _OURS:
            raise
        except _RAISED as error:
            if expected and isinstance(error, expected):
                raise
            trouble = connector_error(error, self.where(key), wrote=wrote)
        raise trouble


_OURS: Final = (Transient, Permanent)
_RAISED: Final = (BaseError, OSError, ValueError, NotImplementedError)


def _folders(key: str) -> Iterator[str]:
    """`a/b/c` ⟶ `a/b`, `a`."""
    while folder := key.rpartition("/")[0]:
        yield folder
        key = folder


def _within(root: Path, key: str) -> bool:
    return Path(os.path.realpath(root / key)).is_relative_to(root)
