"""Which `pip install` brings the library that a connector needs?"""

from importlib import import_module
from types import ModuleType


def library(module: str, extra: str) -> ModuleType:
    """A module of an extra; raises `ImportError` saying how to install it.

    >>> library("no_such_driver", "postgres")
    Traceback (most recent call last):
    ImportError: the module 'no_such_driver' is not installed: pip install 'fwf[postgres]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the module {error.name!r} is not installed: pip install 'fwf[{extra}]'"
        ) from None
