"""`fwf resolve`: say how an attempt ended that nobody knows about."""

import click

from fwf.cli.journals import journal_options, open_journal, refusals
from fwf.cli.output import tell
from fwf.cli.program import options, target_option
from fwf.cli.refused_commands import Misuse
from fwf.printing import one_line


@click.command("resolve")
@click.argument("run")
@click.argument("path")
@click.option("--value", metavar="VALUE", help="It was done, and gave this, as for --param.")
@click.option("--again", is_flag=True, help="It wasn't done, or may be done twice: start it anew.")
@click.option("--skip", is_flag=True, help="It isn't to be done: go on as if it had given None.")
@target_option
@journal_options
@options
def command(
    run: str,
    path: str,
    value: str | None,
    again: bool,
    skip: bool,
    target: str | None,
    journal: str | None,
    as_json: bool,
) -> int:
    """Decide about a step that holds a run.

    \b
    fwf resolve 8a1b44c0 'daily > transfer' --value '{"id": 17}'
    fwf resolve 8a1b44c0 'daily > transfer' --again
    fwf resolve daily+day=2026-06-01 transfer --skip

    An unrepeatable task whose process died in its middle may have been done or not: look at its
    target, and say which. VALUE is read by the type that the task declares, as by fwf run --param:
    a text as it is, without quotes, lists and records as JSON. A step that ended its process five
    times is given up; --again counts its starts from none. fwf run then goes on.
    """
    from fwf.cli.resolved_value import result_reader
    from fwf.cli.resuming import earlier_run
    from fwf.interpreters.run import How, resolve

    ways = [name for name, each in (("--value", value is not None), ("--again", again),
                                     ("--skip", skip)) if each]  # fmt: skip
    if len(ways) != 1:
        both = " and ".join(ways) if ways else "none of them"
        raise Misuse(f"fwf resolve: say one of --value VALUE, --again and --skip; {both} is given")
    before = earlier_run(journal, run)
    loaded = before.load(target)
    store = open_journal(journal)
    try:
        with refusals():
            how: How = "again" if again else "skip" if skip else "value"
            read = result_reader(value)
            where = resolve(store, before.row, loaded.workflow, path, how, read)
    finally:
        store.close()
    outcome = {"again": "is started anew", "skip": "is skipped", "value": "is done"}[how]
    resume = f"fwf run {'' if target is None else f'{target} '}--resume {before.short}"
    tell(one_line(f"{where} {outcome}; {resume} goes on"))
    return 0
