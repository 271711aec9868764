"""`fwf dry-run`: what would happen if a workflow ran."""

from typing import Literal

import click
from click.core import ParameterSource

from fwf.cli.journals import journal_options
from fwf.cli.output import stdout_kept_for
from fwf.cli.program import common, output_option, run_options
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import load


@click.command("dry-run")
@run_options
@click.option(
    "--scenario", metavar="FILE",
    help="What tasks give, how they fail, how long they take: a .toml or .json file.",
)  # fmt: skip
@click.option(
    "--seed", type=int, help="Of durations drawn at random; the scenario's own if not given."
)
@click.option(
    "--from-history", "from_history", is_flag=True,
    help="Let tasks take as long as in the workflow's last 20 runs in the journal, their median.",
)  # fmt: skip
@click.option(
    "--quantile", type=click.FloatRange(0, 1), metavar="PART",
    help="With --from-history: not the median, but what so many of them didn't exceed, as in 0.95.",
)  # fmt: skip
@journal_options
@click.option("--start", metavar="TIME", help="When it starts, in ISO 8601, for the timeline.")
@click.option(
    "--as", "form", type=click.Choice(["text", "json", "svg"]),
    help="The form; that of FILE's ending, or text, if not given.",
)  # fmt: skip
@output_option("Write it to")
@common
def command(
    target: str,
    params: tuple[str, ...],
    key: str | None,
    workers: int | None,
    pools: tuple[str, ...],
    scenario: str | None,
    seed: int | None,
    from_history: bool,
    quantile: float | None,
    journal: str | None,
    start: str | None,
    form: Literal["text", "json", "svg"] | None,
    output: str | None,
    as_json: bool,
) -> int:
    """Tell what would happen if a workflow ran.

    Nothing is touched and no task is called: each gives what the scenario says, or what it
    declares as its example, and takes as long as they say. Resources and secrets aren't asked for.

    \b
    fwf dry-run examples.daily.workflow --param day=1995-09-16
    fwf dry-run examples.daily.workflow --param day=1995-09-16 \\
        --scenario examples/daily/rates_down.toml --workers 4 -o night.svg

    A scenario, attempt by attempt where it holds lists:

    \b
    [tasks.rates]
    fails = ["ConnectionError", {tag = "RateLimited", retry_after = "30s"}]
    takes = "2s"
    gives = 1.1

    What a scenario says goes before what the journal does; whether tasks fail isn't taken from it.

    Exit status: 0 if the workflow would end well, 1 if it would fail.

    \b
    JSON, times in seconds from the start: target, workflow, unit (seconds), started, seconds,
    outcome (ok, or faults: path, tags, message), attempts, by_task (attempts, failed, cut, busy),
    critical_path (numbers of events), assumed (path, what), and events: task, path, tries, ending,
    result or fault, start, end. With --from-history also history (runs, attempts).
    """
    from fwf.cli import dry_runs

    output_form = dry_runs.form_of(form, output, as_json=as_json)
    part = _part(from_history, quantile)
    with stdout_kept_for(output_form != "text" and output is None):
        subject = load(target)
        options = dry_runs.Options(
            params, pools, key, workers, scenario, seed, start, part, journal
        )
        planned = dry_runs.dry_run_of(subject, options)
        text = dry_runs.text_in_form(subject, planned, output_form, coloured=output is None)
    return dry_runs.deliver(planned.run, text, output)


def _part(from_history: bool, quantile: float | None) -> float | None:
    """Which quantile of the durations in the journal is asked for; None if they aren't."""
    if not from_history:
        source = click.get_current_context().get_parameter_source("journal")
        for name, is_given in (
            ("--quantile", quantile is not None),
            ("--journal", source is ParameterSource.COMMANDLINE),
        ):
            if is_given:
                raise Misuse(f"{name} is of --from-history, which isn't given")
        return None
    return 0.5 if quantile is None else quantile
