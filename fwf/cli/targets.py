"""TARGET, an attribute of a module or file, or a plan ⟶ the workflow, and what is beside it."""

import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module, invalidate_caches
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast, final

from returns.result import Failure

from fwf.algebra.nodes import Named, Task
from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.analysis.requirements import requirements
from fwf.cli.output import text_of
from fwf.cli.refused_commands import Misuse, behind, either
from fwf.faults import near
from fwf.records import record

if TYPE_CHECKING:
    from fwf.schedules import Timetable  # which most targets have none of

ATTRIBUTE: Final = "workflow"
FORMS: Final = "write module:attribute or path/to/file.py:attribute"
PACKAGE: Final = Path(__file__).resolve().parents[1]
BESIDE_ANOTHER: Final = "fwf_target_"
"""What a file's module is called before the file's own name, where that is another's or is none."""


@final
@record()
class Target:
    """A workflow, and the resources and pools that its module has for it."""

    text: str
    workflow: AnyWorkflow
    resources: Mapping[str, Any]
    pools: Mapping[str, Any]
    module: str = ""
    """The name of its module; a plan has none."""
    timetable: "Timetable[Any] | None" = None
    """The days or hours that it is for, where the attribute is a timetable."""

    @property
    def name(self) -> str:
        """What to call it: its own name if it has one, else as it was asked for."""
        w = self.workflow
        return w.name if isinstance(w, Named | Task) else self.text

    @property
    def address(self) -> str:
        """As what other processes import it: `module:attribute`; raises `Misuse` for none."""
        from fwf.interpreters.engines import is_importable

        address = f"{self.module}:{_parts(self.text)[1]}"
        if not is_importable(address):
            remedy = "name files and folders with letters, digits and _ alone"
        elif self.module.startswith(BESIDE_ANOTHER):
            other = self.module.removeprefix(BESIDE_ANOTHER)
            remedy = f"there is another module {other!r}; give the file a name of its own"
        else:
            return address
        raise Misuse(f"{self.text}: no other process can import it by its name: {remedy}")


def load(text: str, *, to_run: bool = False) -> Target:
    """TARGET ⟶ the workflow. Imports its module, with the current directory importable.

    A file inside packages is imported under its full name, so that its relative imports work. For
    a plan nothing is imported: its workflow is one of stand-ins.
    """
    if text.endswith(".json"):
        if to_run:
            raise Misuse(f"{text} is a plan, which has only the names of tasks; to run it, {FORMS}")
        return Target(text, _of_plan(text), {}, {})
    place, attribute = _parts(text)
    _importable(folder(), 0)
    is_file = place.endswith(".py") or "/" in place or os.sep in place
    module = _of_file(text, place) if is_file else _of_name(text, place)
    workflow, timetable = _workflow(module, place, attribute)
    resources, pools = _mapping(module, "resources"), _mapping(module, "pools")
    return Target(text, workflow, resources, pools, module.__name__, timetable)


def pools_beside(target: Target) -> set[str]:
    """The pools of all workflows in a target's module."""
    module = sys.modules.get(target.module)
    values: list[object] = [] if module is None else list(vars(module).values())
    workflows = [each.workflow if _is_timetable(each) else each for each in values]
    return {pool for each in workflows if _is_workflow(each) for pool in requirements(each).pools}


def timetables_beside(target: Target) -> list[str]:
    """The timetables in a target's module, as attributes."""
    module = sys.modules.get(target.module)
    names_there: Mapping[str, object] = {} if module is None else vars(module)
    return [name for name, each in names_there.items() if _is_timetable(each)]


def folder() -> Path:
    """The current folder, where modules are looked for first."""
    try:
        return Path.cwd()
    except OSError as error:
        raise Misuse("the current folder isn't there any more; go to one that is") from error


def _parts(text: str) -> tuple[str, str]:
    place, colon, attribute = text.rpartition(":")
    if not colon or "/" in attribute or os.sep in attribute:
        place, attribute = text, ATTRIBUTE
    if not place or not attribute.isidentifier():
        raise Misuse(f"{text!r} is no TARGET: {FORMS}")
    return place, attribute


def _importable(folder: Path, position: int) -> None:
    """Put a folder on `sys.path`."""
    if str(folder) not in sys.path[: position + 1]:
        sys.path.insert(position, str(folder))
        invalidate_caches()


# Modules


def _of_name(text: str, name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise Misuse(f"{text!r} is no TARGET: {name!r} is no module's name; {FORMS}")
    return _imported(text, name, lambda: import_module(name))


def _imported(text: str, name: str, load: Callable[[], ModuleType]) -> ModuleType:
    """Import a module of the user's; whatever that raises is told in one line."""
    try:
        return _module(name, load())
    except (KeyboardInterrupt, Misuse):
        raise
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise Misuse(f"there is no module {missing!r}{_near_module(missing)}") from error
        remedy = f"; install what {missing!r} comes from, or correct the import"
        raise Misuse(_raised(text, error) + remedy) from error
    except BaseException as error:
        remedy = "; --debug shows the traceback"
        raise Misuse(behind(_raised(text, error), remedy)) from error


def _module(name: str, module: object) -> ModuleType:
    if not isinstance(module, ModuleType):
        raise Misuse(
            f"the module {name!r} has put {_kind(module)} in its place, which is no module"
        )
    return module


def _near_module(missing: str) -> str:
    """What a module that isn't there may have been meant to be."""
    parent, _, last = missing.rpartition(".")
    if not parent:
        siblings = [each.name for each in iter_modules([os.getcwd()])]
        return near(last, siblings) or f": {os.getcwd()} has none of that name; {FORMS}"
    folders = getattr(sys.modules.get(parent), "__path__", None)
    if folders is None:
        return f": {parent!r} is a module, not a package"
    siblings = [f"{parent}.{each.name}" for each in iter_modules(folders)]
    return near(missing, siblings) or f": it isn't in {parent!r}"


# Files


def _of_file(text: str, place: str) -> ModuleType:
    path = Path(place)
    if not os.path.isfile(path) or path.suffix != ".py":
        raise Misuse(_no_file(path))
    path = path.resolve()
    root, name = _full_name(path)
    if "." in name or path.name == "__init__.py":
        _importable(root, 1)
        module = _imported(text, name, lambda: import_module(name))
        file = vars(module).get("__file__")
        if file is None or Path(file).resolve() != path:
            raise Misuse(
                f"{place} is the module {name!r}, but another of that name comes first: {file}; "
                f"run fwf in {root}"
            )
        return module
    _importable(root, 1)
    return _imported(text, name, lambda: _by_path(path))


def _no_file(path: Path) -> str:
    if os.path.isdir(path):
        return f"{path} is a folder, not a Python file: {FORMS}"
    if os.path.exists(path):
        return f"{path} is not a Python file: its name must end in .py; {FORMS}"
    if os.path.islink(path):
        return f"{path} is a link to {os.readlink(path)}, which isn't there"
    if path.name and os.path.isfile(path.with_suffix(".py")):
        return f"there is no file {path}; did you mean '{path.with_suffix('.py')}'?"
    if not os.path.isdir(path.parent):
        return f"there is no file {path}: there is no folder {path.parent}"
    files = [each.name for each in path.parent.glob("*.py")]
    return f"there is no file {path}{near(path.name, files) or f'; {FORMS}'}"


def _full_name(path: Path) -> tuple[Path, str]:
    """File ⟶ the folder that its outermost package is in, and its module's full name."""
    names = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    if not all(name.isidentifier() for name in names):
        return path.parent, path.stem
    return folder, ".".join(names)


def _by_path(path: Path) -> ModuleType:
    """Import a file that is in no package, under its own name unless that is another's.

    Once in a process: a journal knows classes by the name of their module.
    """
    own, other = path.stem, f"{BESIDE_ANOTHER}{path.stem}"
    for name in (own, other):
        if _is_of(sys.modules.get(name), path):
            return sys.modules[name]
    name = other if own in sys.modules or _is_taken(own, path) else own
    spec = spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None, "a .py file has a loader"
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_of(module: ModuleType | None, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve() == path


def _is_taken(name: str, path: Path) -> bool:
    if not name.isidentifier():
        return True
    spec = find_spec(name)
    return spec is not None and (spec.origin is None or Path(spec.origin).resolve() != path)


# Plans


def _of_plan(place: str) -> AnyWorkflow:
    from fwf.interpreters.plan import load as loaded

    path = Path(place)
    if not os.path.isfile(path):
        here = os.path.isdir(path.parent)
        files = [each.name for each in path.parent.glob("*.json")] if here else []
        raise Misuse(f"there is no file {place}{near(path.name, files)}")
    try:
        result = loaded(path.read_bytes())
    except OSError as error:
        raise Misuse(f"{place} can't be read: {error.strerror or error}") from error
    if isinstance(result, Failure):
        raise Misuse(f"{place} is no plan that can be read: {result.failure()}")
    return result.unwrap()


# Attributes


def _workflow(
    module: ModuleType, place: str, attribute: str
) -> "tuple[AnyWorkflow, Timetable[Any] | None]":
    """The attribute's workflow, and its timetable if it is one."""
    names = vars(module)
    if attribute not in names:
        raise Misuse(_no_attribute(module, place, attribute))
    value = names[attribute]
    if _is_workflow(value):
        return value, None
    if _is_timetable(value):
        return value.workflow, value
    raise Misuse(f"{place}:{attribute} is {_kind(value)}, not a workflow{_remedy(module, value)}")


def _no_attribute(module: ModuleType, place: str, attribute: str) -> str:
    message = f"{place} has no attribute {attribute!r}"
    inside = f"{module.__name__}.{attribute}"
    if "__path__" in vars(module) and find_spec(inside) is not None:
        return f"{message}; did you mean {inside!r}, the module in it?"
    close = near(attribute, [name for name in vars(module) if not name.startswith("_")])
    return f"{message}{close}{_workflows(module)}"


def _remedy(module: ModuleType, value: Any) -> str:
    if isinstance(value, ModuleType):
        return f"; did you mean {value.__name__!r}?"
    if callable(value) and not isinstance(value, type):
        return f"; if it is to be one, write @task above it{_workflows(module)}"
    return _workflows(module)


def _workflows(module: ModuleType) -> str:
    """The workflows of a module's own, those that are more than a task first."""
    import fwf

    workflows = {
        name: each
        for name, each in vars(module).items()
        if (_is_workflow(each) or _is_timetable(each))
        and not name.startswith("_")
        and each is not vars(fwf).get(name)
    }
    names = sorted(workflows, key=lambda name: isinstance(workflows[name], Task))
    return f"; its workflows are {either(names)}" if names else "; there is no workflow in it"


def _is_timetable(value: object) -> "TypeGuard[Timetable[Any]]":
    """Asks for the class only where a module has asked for it before."""
    module = sys.modules.get("fwf.schedules.timetable")
    return module is not None and isinstance(value, module.Timetable)


def _is_workflow(value: object) -> TypeGuard[AnyWorkflow]:
    return isinstance(value, Workflow)


def _kind(value: Any) -> str:
    if isinstance(value, ModuleType):
        return "a module"
    if isinstance(value, type):
        return "a class"
    if isinstance(value, FunctionType):
        return "a plain function"
    name = type(value).__qualname__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _mapping(module: ModuleType, name: str) -> Mapping[str, Any]:
    value = vars(module).get(name)
    if value is None or isinstance(value, ModuleType):
        return {}
    if isinstance(value, Mapping):
        return cast(Mapping[str, Any], value)
    what = "a name to its opener" if name == "resources" else "a pool's name to its size"
    raise Misuse(
        f"{module.__name__}:{name} is {_kind(value)}; beside a workflow it is a mapping from {what}"
    )


# What an import raised, and where


def _raised(text: str, error: BaseException) -> str:
    message = text_of(error) if not isinstance(error, SyntaxError) else error.msg
    name = type(error).__qualname__
    return f"{text} can't be imported: {_line(error)} raises {name}{message and f': {message}'}"


def _line(error: BaseException) -> str:
    """`file:line` of the last of the user's own lines that an exception came through."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename)}:{error.lineno}"
    lines = [
        (frame.f_code.co_filename, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
    ]
    lines = [line for line in lines if not _of_machinery(line[0])]
    own = [line for line in lines if not _installed(line[0])] or lines
    return f"{_relative(own[-1][0])}:{own[-1][1]}" if own else "its import"


def _of_machinery(file: str) -> bool:
    return file.startswith("<") or Path(file).resolve().is_relative_to(PACKAGE)


def _installed(file: str) -> bool:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}
    return any(Path(file).resolve().is_relative_to(Path(each).resolve()) for each in folders)


def _relative(file: str) -> str:
    path = Path(file).resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
