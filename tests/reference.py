"""What is public in fwf? `python -m tests.reference` writes examples/reference.md anew.

Signatures are read from the source, as they are written there: what Python makes of them differs
from version to version. A name without a sentence of its own is told by its class.
"""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import click

import fwf
from fwf.cli import fwf as program

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "examples" / "reference.md"
COMMAND = "python -m tests.reference"
MODULES = (
    "fwf.testing",
    "fwf.profiles",
    "fwf.connectors.postgres",
    "fwf.connectors.objects",
    "fwf.connectors.http",
    "fwf.connectors.dynamodb",
    "fwf.connectors.redshift",
    "fwf.connectors.sql",
)
INTRODUCTION = f"""\
# Reference: every public name, every command

Of each its signature and what it means in a line; `help(name)` tells all of it, with an example,
and so does `fwf COMMAND --help`. `(A → B) ⟶ …` is the type of what is given and made: a workflow
that takes an A and gives a B. This page is written by `{COMMAND}`.
"""


class Source(NamedTuple):
    """A definition, and the text that stands right behind it."""

    node: ast.stmt
    behind: str


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "## `fwf`", *_grouped()]
    for name in MODULES:
        module = import_module(name)
        first = (inspect.getdoc(module) or "").partition("\n")[0]
        entries = [_entry(module, each) for each in sorted(module.__all__)]
        parts += [f"## `{name}`\n\n{first}", "\n".join(entries)]
    return "\n\n".join([*parts, "## Commands", *_commands()]) + "\n"


def groups() -> dict[str, list[str]]:
    """The map that `help(fwf)` begins with: title ⟶ names, in their order."""
    names: dict[str, list[str]] = {}
    title = ""
    for line in (inspect.getdoc(fwf) or "").splitlines():
        if line.startswith(" " * 8):
            names.setdefault(title, []).extend(line.split())
        else:
            title = line.strip()
    return names


def _grouped() -> Iterator[str]:
    for title, names in groups().items():
        yield f"### {title}"
        yield "\n".join(_entry(fwf, name) for name in names)


def _entry(module: ModuleType, name: str) -> str:
    """A public name of a module ⟶ its line: the signature and what it means."""
    thing = getattr(module, name)
    source = _source(module.__name__, name)
    signature = _signature(source.node) if source else ""
    plain = isinstance(thing, str | int | float | tuple | dict)
    inherited = f"a {type(thing).__name__}" if plain else inspect.getdoc(thing) or ""
    said = _doc(source) or inherited.partition("\n")[0]
    return f"- `{name}{signature}`: {said}"


def _doc(source: Source | None) -> str:
    if source is None:
        return ""
    has_doc = isinstance(source.node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
    text = ast.get_docstring(source.node) if has_doc else source.behind  # type: ignore[arg-type]
    return (text or "").partition("\n")[0]


def _signature(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            result = f" -> {_plain(node.returns)}" if node.returns else ""
            return f"({_arguments(node.args)}){result}"
        case ast.ClassDef(body=body):
            made = next(
                (n for n in body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None
            )
            if made is not None:
                return f"({_arguments(made.args, but_self=True)})"
            fields = [n for n in body if isinstance(n, ast.AnnAssign) and _is_field(n)]
            return f"({', '.join(_field(each) for each in fields)})" if fields else ""
        case _:
            return ""


def _is_field(node: ast.AnnAssign) -> bool:
    name = ast.unparse(node.target)
    return not name.startswith("_") and "ClassVar" not in ast.unparse(node.annotation)


def _field(node: ast.AnnAssign) -> str:
    default = f" = {ast.unparse(node.value)}" if node.value is not None else ""
    return f"{ast.unparse(node.target)}: {_plain(node.annotation)}{default}"


def _arguments(given: ast.arguments, *, but_self: bool = False) -> str:
    positional = [*given.posonlyargs, *given.args]
    none: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    parts = [
        _argument(each, default)
        for each, default in zip(positional, [*none, *given.defaults], strict=True)
    ]
    if given.posonlyargs:
        parts.insert(len(given.posonlyargs), "/")
    if but_self:
        del parts[0]
    if given.vararg is not None:
        parts.append(f"*{_argument(given.vararg, None)}")
    elif given.kwonlyargs:
        parts.append("*")
    parts += map(_argument, given.kwonlyargs, given.kw_defaults)
    if given.kwarg is not None:
        parts.append(f"**{_argument(given.kwarg, None)}")
    return ", ".join(parts)


def _argument(each: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {_plain(each.annotation)}" if each.annotation is not None else ""
    return f"{each.arg}{annotation}{f' = {ast.unparse(default)}' if default is not None else ''}"


def _plain(annotation: ast.expr) -> str:
    """An annotation without the quotes that keep it from being read at import."""
    text = annotation.value if isinstance(annotation, ast.Constant) else None
    return text if isinstance(text, str) else ast.unparse(annotation)


def _source(module: str, name: str) -> Source | None:
    """Where a name is defined, followed through the imports by which it is public."""
    while module.startswith("fwf"):
        definitions, imports = _names(module)
        if name in definitions:
            return definitions[name]
        if name not in imports:
            return None
        module, name = imports[name]
    return None


@cache
def _names(module: str) -> tuple[dict[str, Source], dict[str, tuple[str, str]]]:
    """A module ⟶ what it defines, and what it imports from where, for type checkers too."""
    tree = ast.parse(Path(import_module(module).__file__ or "").read_text(encoding="utf-8"))
    definitions: dict[str, Source] = {}
    imports: dict[str, tuple[str, str]] = {}
    for node, after in _statements(tree.body):
        match node:
            case ast.ImportFrom(module=str(origin), names=names):
                imports |= {each.asname or each.name: (origin, each.name) for each in names}
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                definitions[node.name] = Source(node, "")
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                definitions[name] = Source(node, after)
            case _:
                pass
    return definitions, imports


def _statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """The statements of a module and of its `if`s, each with the text that stands behind it."""
    for node, after in zip(body, [*body, None][1:], strict=True):
        if isinstance(node, ast.If):
            yield from _statements(node.body)
            yield from _statements(node.orelse)
        match after:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node, inspect.cleandoc(text)
            case _:
                yield node, ""


def commands(group: click.Command = program, *above: str) -> Iterator[tuple[str, click.Command]]:
    """All commands with their words, `runs give-up`, and those in them."""
    if not isinstance(group, click.Group):
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield " ".join([*above, name]), command
            yield from commands(command, *above, name)


def _commands() -> Iterator[str]:
    for words, command in commands():
        context = click.Context(command, info_name=f"fwf {words}")
        options = [_option(each) for each in command.params if _is_public(each)]
        first = (command.help or "").strip().partition("\n")[0]
        told = f"\n\nOptions: {', '.join(options)}." if options else ""
        yield f"### `{' '.join(context.get_usage().split()[1:])}`\n\n{first}{told}"


def _is_public(option: Any) -> bool:
    return isinstance(option, click.Option) and not option.hidden


def _option(option: Any) -> str:
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(program))}"
    return f"`{option.opts[-1]}{value}`"


if __name__ == "__main__":
    PLACE.write_text(page(), encoding="utf-8")
