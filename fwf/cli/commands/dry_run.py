"""`fwf dry-run`: what would happen if a workflow ran."""

from typing import Literal

import click

from fwf.cli.output import stdout_kept_for
from fwf.cli.program import common, output_option, run_options
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

    Exit status: 0 if the workflow would end well, 1 if it would fail.

    \b
    JSON, times in seconds from the start: target, workflow, unit (seconds), started, seconds,
    outcome (ok, or faults: path, tags, message), attempts, by_task (attempts, failed, cut, busy),
    critical_path (numbers of events), assumed (path, what), and events: task, path, tries, ending,
    result or fault, start, end.
    """
    from fwf.cli import dry_runs

    chosen = dry_runs.form_of(form, output, as_json=as_json)
    with stdout_kept_for(chosen != "text" and output is None):
        found = load(target)
        given = dry_runs.Given(params, pools, key, workers, scenario, seed, start)
        run = dry_runs.made(found, given)
        text = dry_runs.told(found, run, chosen, coloured=output is None)
    return dry_runs.delivered(run, text, output)
