"""What is kept where all workers see it? Objects in a bucket or a folder, through obstore."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, TypeVar, final

T = TypeVar("T")
_FORMS: Final = "needs s3://bucket/prefix, gs://bucket/prefix, az://… or file:///folder"


@final
class StoreError(Exception):
    """A store that can't be opened, read or written."""


@final
class Objects:
    """The objects below a URL. Credentials are the machine's, as obstore finds them.

    Several threads may use it at once; it has nothing to close.
    """

    def __init__(self, url: str) -> None:
        self.where = _told(url.rstrip("/"))
        self._obstore = _obstore()
        options = {"mkdir": True} if url.startswith("file:") else {}
        try:
            self._inner: Any = self._obstore.store.from_url(url, **options)
        except Exception as error:  # whatever the driver raises, whose text may have a password
            reason = type(error).__name__
            raise StoreError(
                f"the store {_told(url)} can't be opened ({reason}): {_FORMS}"
            ) from None

    def create(self, key: str, content: bytes) -> bool:
        """Write an object where there is none, by one conditional request ⟶ whether it was."""
        put = self._obstore.put
        exists = self._obstore.exceptions.AlreadyExistsError
        try:
            put(self._inner, key, content, mode="create", use_multipart=False)
        except exists:
            return False
        except Exception as error:
            raise self._trouble(key, error) from None
        return True

    def write(self, key: str, content: bytes) -> None:
        """Write an object, in place of any other."""
        self._ask(key, lambda: self._obstore.put(self._inner, key, content))

    def read(self, key: str) -> bytes | None:
        """An object's bytes; None if there is none."""
        try:
            return bytes(self._obstore.get(self._inner, key).bytes())
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._trouble(key, error) from None

    def keys(self, folder: str) -> Sequence[str]:
        """The keys of the objects in a folder."""
        chunks = self._ask(folder, lambda: [*self._obstore.list(self._inner, folder)])
        return sorted(each["path"] for chunk in chunks for each in chunk)

    # Large values, by the digest of their content

    def put(self, name: str, content: bytes) -> None:
        """Keep a content by its name; one that is there is the same."""
        self.create(f"values/{name}", content)

    def get(self, name: str) -> bytes:
        """What is kept by a name."""
        content = self.read(f"values/{name}")
        if content is None:
            raise StoreError(f"{self.where}/values/{name}: there is nothing")
        return content

    def _ask(self, key: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except Exception as error:
            raise self._trouble(key, error) from None

    def _trouble(self, key: str, error: Exception) -> StoreError:
        """The error in our words: the driver's may hold what it was given."""
        return StoreError(f"{self.where}/{key}: {type(error).__name__}")


def _told(url: str) -> str:
    """A URL without user and password; one that can have neither is told as it is."""
    scheme, there, rest = url.partition("://")
    host = rest.partition("/")[0]
    place = rest.rpartition("@")[2] if "@" in host or ":" in host else rest
    return f"{scheme}{there}{place}"


def _obstore() -> Any:
    try:
        import obstore
    except ModuleNotFoundError as error:
        missing = str(error.name)
    else:
        for part in ("exceptions", "store"):
            import_module(f"obstore.{part}")
        return obstore
    raise StoreError(
        f"a store for values and claims: the module {missing!r} is not installed: "
        "pip install 'fwf[engines]'"
    )
