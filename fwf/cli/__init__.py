"""The command line: each command parses, calls one interpreter, and prints what it says.

Exit status: 0 fine; 1 the workflow failed or has issues; 2 the command can't be done as it is
written (one line a problem, on stderr); 130 stopped by ctrl-C. Results go to stdout, everything
else to stderr.
"""

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeVar

import click

from fwf.cli.misuse import Misuse, one_line
from fwf.cli.output import complain, ready_streams, silence, stdout_kept_for, tell, tell_json
from fwf.cli.targets import FORMS, load

F = TypeVar("F", bound=Callable[..., Any])
MISUSE: Final = 2
INTERRUPTED: Final = 130
DEBUG: Final = "fwf.debug"


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the command that the words ask for; the process ends with its exit status."""
    ready_streams()
    try:
        status = fwf.main(words, prog_name="fwf", standalone_mode=False)
    except click.ClickException as error:
        status = _misused(error)
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            silence(stream)
    sys.exit(status)


class Program(click.Group):
    """The group of commands: gives every way in which one can end its exit status."""

    def invoke(self, ctx: click.Context) -> NoReturn:
        try:
            status = super().invoke(ctx)
        except (click.exceptions.Exit, BrokenPipeError):
            raise
        except (click.Abort, KeyboardInterrupt):
            complain("fwf: stopped by ctrl-C")
            status = INTERRUPTED
        except (Misuse, click.ClickException) as error:
            status = _misused(error)
            _trace(ctx, error.__cause__)
        except Exception as error:
            complain(one_line(f"fwf: {type(error).__qualname__}: {error}; --debug shows where"))
            status = 1
            _trace(ctx, error)
        ctx.exit(status or 0)


def _misused(error: Misuse | click.ClickException) -> int:
    lines = error.lines if isinstance(error, Misuse) else (_of_click(error),)
    for line in lines:
        complain(f"fwf: {line}")
    return MISUSE


def _of_click(error: click.ClickException) -> str:
    said = one_line(error.format_message()).rstrip(".")
    if isinstance(error, click.MissingParameter):
        return f"{said}: {FORMS}"
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    link = " See" if said.endswith("?") else "; see"
    return f"{said}{link} {ctx.command_path} --help" if ctx else said


def _trace(ctx: click.Context, error: BaseException | None) -> None:
    if error is not None and _debugging(ctx):
        complain("".join(traceback.format_exception(error)).rstrip())


def _debugging(ctx: click.Context) -> bool:
    return bool(ctx.find_root().meta.get(DEBUG))


def _debug(ctx: click.Context, option: click.Parameter, given: bool) -> None:
    if given:
        ctx.find_root().meta[DEBUG] = True


def _version(ctx: click.Context, option: click.Parameter, given: bool) -> None:
    if given and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            tell(f"fwf {version('fwf')}")
        except PackageNotFoundError:
            tell("fwf, not installed: run from its source")
        ctx.exit()


def common(function: F) -> F:
    """The argument and the options that every command takes."""
    debug = click.option(
        "--debug", is_flag=True, is_eager=True, expose_value=False, callback=_debug,
        help="Show tracebacks.",
    )  # fmt: skip
    as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON, for machines.")
    return click.argument("target")(as_json(debug(function)))


@click.group(
    cls=Program,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version.",
)  # fmt: skip
def fwf() -> None:
    """Batch workflows as immutable values: show them, check them, run them.

    TARGET is module:attribute or path/to/file.py:attribute; the attribute is "workflow" if none
    is given. Its resources and pools stand beside it in the module.

    \b
    fwf show examples/daily/workflow.py
    fwf check examples.daily.workflow
    fwf needs examples.daily.workflow
    fwf run examples.daily.workflow --param day=1995-09-16

    Exit status: 0 fine; 1 the workflow failed or has issues; 2 the command can't be done as it
    is written; 130 stopped by ctrl-C.
    """


@fwf.command()
@click.option("--width", type=click.IntRange(min=1), help="So many columns, not the terminal's.")
@common
def show(target: str, width: int | None, as_json: bool) -> None:
    """Print a workflow as a tree.

    \b
    fwf show examples/daily/workflow.py
    fwf show examples.daily.workflow:rates --width 60

    JSON: target, workflow (its name), definition_id, text (the tree), source.
    """
    from fwf.algebra.identity import definition_id
    from fwf.interpreters.pretty import pretty

    with stdout_kept_for(as_json):
        found = load(target)
        text = pretty(found.workflow, width=width)
    if as_json:
        source = {"definition_id": definition_id(found.workflow), "source": repr(found.workflow)}
        tell_json({"target": target, "workflow": found.name, **source, "text": text})
    else:
        tell(text)


@fwf.command()
@click.option("--strict", is_flag=True, help="Take undeclared effects for errors.")
@click.option("--silence", multiple=True, metavar="RULE", help="Leave a rule out; repeatable.")
@common
def check(target: str, strict: bool, silence: tuple[str, ...], as_json: bool) -> int:
    """Find what is wrong with a workflow.

    Tells every issue at once, each with its path and with the rule that --silence takes.

    \b
    fwf check examples/daily/workflow.py
    fwf check examples.daily.workflow --strict --silence untimed-finaliser

    JSON: target, workflow, issues (path, rule, severity, message), errors, warnings, notes.
    """
    from fwf.cli.checking import refuse_unknown, tell_issues
    from fwf.interpreters.check import check as issues_of

    refuse_unknown(silence)
    with stdout_kept_for(as_json):
        found = load(target)
        issues = issues_of(found.workflow, strict=strict, silence=silence)
    return tell_issues(found, issues, as_json=as_json)


@fwf.command()
@common
def needs(target: str, as_json: bool) -> None:
    """List what a workflow takes and touches.

    \b
    fwf needs examples/daily/workflow.py

    JSON: target, workflow, parameters, resources, secrets and undecided (each a list of name,
    type, optional, used_by), facts, reads, writes, pools.
    """
    from fwf.interpreters.needs import needs as needs_of

    with stdout_kept_for(as_json):
        found = load(target)
        needed = needs_of(found.workflow)
    if as_json:
        tell_json({"target": target, "workflow": found.name, **needed.to_json()})
    else:
        tell(str(needed))


@fwf.command()
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the run; repeatable, and repeated for the items of a list.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), help="So many tasks at once; no bound if not given."
)
@click.option(
    "--pool",
    "pools",
    multiple=True,
    metavar="NAME=N",
    help="The size of a pool that the workflow names by limit; repeatable.",
)
@common
def run(
    target: str,
    params: tuple[str, ...],
    workers: int | None,
    pools: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run a workflow.

    Progress and faults go to stderr, the result to stdout.

    \b
    fwf run examples.daily.workflow --param day=1995-09-16 --param min_amount=1000
    fwf run load.py --param tags=a --param tags=b --param pause=1h30m --workers 4

    Values are read by the parameter's type: dates and times as ISO 8601, durations as 90s, 1h30m
    or PT90S, enums by name, null for None, lists as JSON or by repeating the option.

    Ctrl-C stops the run in order: finalisers still run, and the exit status is 130. A second
    ctrl-C ends it at once.

    \b
    JSON: target, workflow, outcome (ok, failed, interrupted), value, fault (path, tags, message,
    leaves: kind, path, tags, message), started, ended, seconds, and events: every attempt of a
    task with task, path, tries, ending (ok, failed, cut), start and end (seconds from started).
    """
    from fwf.cli import running
    from fwf.cli.params import given

    with stdout_kept_for(as_json):
        found = load(target)
        values, sizes = given(found, params, pools)
        went, started = running.ran(found, values, sizes, workers)
    if as_json:
        tell_json(running.report(found, went, started))
    else:
        running.tell_outcome(went.outcome, debug=_debugging(click.get_current_context()))
    return running.status_of(went.outcome)
