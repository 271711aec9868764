"""Modules that were imported from files which no search would find, for other processes too."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType
from typing import final


@final
class ModuleFiles(MetaPathFinder):
    """Finds modules by the files that another process imported them from."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module of a name, if it is one of these."""
        file = self.files.get(name)
        return None if file is None else spec_from_file_location(name, file)


def files_of(modules: Iterable[str]) -> dict[str, str]:
    """Names of modules ⟶ the files of those that can't be imported by their names alone."""
    files = {name: _file(name) for name in modules}
    return {name: file for name, file in files.items() if file is not None}


def _file(name: str) -> str | None:
    """The file of a module that was imported from there, and can't be by its name alone."""
    file: str | None = getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        return None
    parent = name.rpartition(".")[0]
    path = getattr(sys.modules.get(parent), "__path__", None)
    for finder in sys.meta_path:
        if isinstance(finder, ModuleFiles):
            continue
        with suppress(Exception):  # whatever somebody's finder raises
            spec = finder.find_spec(name, path)
            if spec is not None:
                same = spec.origin is not None and os.path.realpath(spec.origin)
                return None if same == os.path.realpath(file) else os.path.abspath(file)
    return os.path.abspath(file)
