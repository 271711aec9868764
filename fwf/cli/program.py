"""The program `fwf`: its commands, its exit status, what every command takes.

Exit status: 0 fine; 1 the workflow failed or has issues; 2 the command can't be done as it is
written (one line a problem, on stderr); 128 + N stopped by signal N (130: ctrl-C, 143: SIGTERM,
129: SIGHUP). Results go to stdout, everything else to stderr.
"""

import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn, TypeVar

import click

from fwf.analysis.extent import TooLarge
from fwf.cli.output import complain, ready_streams, silence, tell, text_of
from fwf.cli.refused_commands import Misuse, status_of_signal
from fwf.cli.targets import FORMS
from fwf.printing import one_line

F = TypeVar("F", bound=Callable[..., Any])
MISUSE: Final = 2
DEBUG: Final = "fwf.debug"
COMMANDS: Final = (
    "show", "check", "needs", "lineage", "plan", "diff", "export", "dry-run", "run", "runs",
    "report", "rerun", "resolve", "state", "backfill", "pause", "unpause", "late",
)  # fmt: skip
"""In the order of help: each is `command` in the module of its name (`-` being `_`)."""


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the command that the words ask for; the process ends with its exit status."""
    ready_streams()
    try:
        status = fwf.main(words, prog_name="fwf", standalone_mode=False)
    except (Misuse, click.ClickException) as error:
        status = _misused(error)
    except (click.Abort, KeyboardInterrupt) as error:
        status = status_of_signal(_signal(error))
    for stream in filter(None, (sys.stdout, sys.stderr)):  # a module may have taken them away
        try:
            stream.flush()
        except (OSError, ValueError):
            silence(stream)
    sys.exit(status)


class Program(click.Group):
    """The group of commands: gives every way in which one can end its exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command's own module and no other."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"fwf.cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> NoReturn:
        try:
            status = super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except (click.Abort, KeyboardInterrupt) as error:
            complain(f"fwf: stopped by {_signal(error)}")
            status = status_of_signal(_signal(error))
        except (Misuse, click.ClickException) as error:
            status = _misused(error)
            _trace(ctx, error.__cause__)
        except TooLarge as error:
            status = _misused(Misuse(str(error)))
        except BaseException as error:  # of a module's own code, which may end in any way
            message = f"{type(error).__qualname__}: {text_of(error)}".removesuffix(": ")
            complain(one_line(f"fwf: {message}; --debug shows where"))
            status = MISUSE
            _trace(ctx, error)
        ctx.exit(status or 0)


def _signal(error: BaseException) -> str:
    """The signal that ended a command; ctrl-C's if it doesn't say."""
    return str(error) if str(error).startswith("SIG") else "SIGINT"


def _misused(error: Misuse | click.ClickException) -> int:
    lines = error.lines if isinstance(error, Misuse) else (_of_click(error),)
    for line in lines:
        complain(f"fwf: {line}")
    return MISUSE


def _of_click(error: click.ClickException) -> str:
    message = one_line(error.format_message()).rstrip(".")
    if isinstance(error, click.MissingParameter):
        return f"{message}: {FORMS}"
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    link = " See" if message.endswith("?") else "; see"
    return f"{message}{link} {ctx.command_path} --help" if ctx else message


def _trace(ctx: click.Context, error: BaseException | None) -> None:
    if error is not None and debugging(ctx):
        complain("".join(traceback.format_exception(error)).rstrip())


def debugging(ctx: click.Context | None = None) -> bool:
    """Whether `--debug` was given."""
    return bool((ctx or click.get_current_context()).find_root().meta.get(DEBUG))


def _debug(ctx: click.Context, option: click.Parameter, is_given: bool) -> None:
    if is_given:
        ctx.find_root().meta[DEBUG] = True


def _version(ctx: click.Context, option: click.Parameter, is_given: bool) -> None:
    if is_given and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            line = f"fwf {version('fwf')}"
        except PackageNotFoundError:
            line = "fwf, not installed: run from its source"
        tell(line)
        ctx.exit()


def _help(ctx: click.Context, option: click.Parameter, is_given: bool) -> None:
    if is_given and not ctx.resilient_parsing:
        tell(ctx.get_help())
        ctx.exit()


helped: Final = click.option(
    "-h", "--help", is_flag=True, is_eager=True, expose_value=False, callback=_help,
    help="Show this message and exit.",
)  # fmt: skip
"""Not click's own, which can't tell a reader that has gone from a disk that is full."""


def common(function: F) -> F:
    """The target and the options that commands on one workflow take."""
    return click.argument("target")(options(function))


def options(function: F) -> F:
    """The options that every command takes."""
    debug = click.option(
        "--debug", is_flag=True, is_eager=True, expose_value=False, callback=_debug,
        help="Show tracebacks.",
    )  # fmt: skip
    as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON, for machines.")
    return as_json(debug(helped(function)))


def _file(ctx: click.Context, option: click.Parameter, path: str | None) -> str | None:
    if path == "":
        raise click.BadParameter("it names no file", ctx, option)
    return None if path == "-" else path


def _key(ctx: click.Context, option: click.Parameter, key: str | None) -> str | None:
    if key is not None and not key.strip():
        raise click.BadParameter("it names no run", ctx, option)
    return key


def output_option(what: str) -> Callable[[F], F]:
    """`-o FILE`; None stands for stdout, which is also what `-` means."""
    return click.option(
        "-o", "--output", metavar="FILE", callback=_file,
        help=f"{what} a file, all of it or nothing; stdout if not given, or if it is -.",
    )  # fmt: skip


def run_options(function: F) -> F:
    """What a run is given, and a dry run."""
    key = click.option(
        "--key", metavar="TEXT", callback=_key,
        help="Names the run, in place of its required parameters: of one name, one work.",
    )  # fmt: skip
    workers = click.option(
        "--workers", type=click.IntRange(min=1),
        help="So many tasks at once; no bound if not given.",
    )  # fmt: skip
    pools = click.option(
        "--pool", "pools", multiple=True, metavar="NAME=SIZE",
        help="The size of a pool that in_pool names: so many tasks at once, so many starts in a "
        "time, or both, as in 2, 100/1m and 2,100/1m; repeatable.",
    )  # fmt: skip
    return param_option(key(workers(pools(function))))


def param_option(function: F) -> F:
    """The parameters of a run."""
    return click.option(
        "--param", "params", multiple=True, metavar="NAME=VALUE",
        help="A parameter of the run; repeatable, and repeated for the items of a list.",
    )(function)  # fmt: skip


def target_option(function: F) -> F:
    """Where the workflow is of a run of which the journal doesn't say it."""
    return click.option(
        "--target", metavar="TARGET",
        help="The workflow of a run that Python code began, such as jobs.py:daily.",
    )(function)  # fmt: skip


def strict_option(function: F) -> F:
    """Whether a run that is degraded is told by the exit status."""
    return click.option(
        "--strict", is_flag=True,
        help="Exit with 3 where a run is done, but took a fallback or tolerated failures.",
    )(function)  # fmt: skip


@click.group(
    cls=Program,
    no_args_is_help=False,
    context_settings={"max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version.",
)  # fmt: skip
@helped
def fwf() -> None:
    """Batch workflows as immutable values: show, check, compare, dry-run and run them.

    TARGET is module:attribute or path/to/file.py:attribute; the attribute is "workflow" if none
    is given. Its resources and pools stand beside it in the module; or its resources in a profile
    of fwf.toml. What only looks at a workflow also takes the file of a plan, path/to/plan.json.

    \b
    fwf show examples/daily/workflow.py
    fwf check examples.daily.workflow
    fwf needs examples.daily.workflow
    fwf diff HEAD:examples.daily.workflow examples.daily.workflow
    fwf dry-run examples.daily.workflow --param day=1995-09-16
    fwf run examples.daily.workflow --param day=1995-09-16

    Exit status: 0 fine; 1 the workflow failed or has issues; 2 the command can't be done as it
    is written; 128 + N stopped by signal N (130: ctrl-C, 143: SIGTERM, 129: SIGHUP).
    """
