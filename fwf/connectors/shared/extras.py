"""Which `pip install` brings the library that a connector needs?

Libraries that take long to import are imported when something is opened: a workflow is defined,
checked and dry-run without them. That they are there is looked at when the connector is imported.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, final


def require(extra: str, *modules: str) -> None:
    """Raise `ImportError` saying how to install it where a module of an extra isn't there.

    >>> require("postgres", "no_such_driver")
    Traceback (most recent call last):
    ImportError: the module 'no_such_driver' is not installed: pip install 'fwf[postgres]'
    """
    for module in modules:
        if find_spec(module) is None:
            raise _absent(module, extra)


def library(module: str, extra: str) -> ModuleType:
    """A module of an extra; raises `ImportError` as `require` does."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise _absent(str(error.name), extra) from None


def late(module: str, extra: str) -> Any:
    """A module of an extra that is imported when something of it is first asked for."""
    return _Late(module, extra)


@final
class _Late:
    def __init__(self, module: str, extra: str) -> None:
        self._source = module, extra

    def __getattr__(self, name: str) -> Any:
        value = getattr(library(*self._source), name)
        setattr(self, name, value)
        return value


def _absent(module: str, extra: str) -> ImportError:
    return ImportError(f"the module {module!r} is not installed: pip install 'fwf[{extra}]'")
