"""`fwf rerun`: do again what failed, or a step and what depends on it."""

import click

from fwf.cli.journals import journal_options
from fwf.cli.profile_option import profile_options
from fwf.cli.program import options, strict_option, target_option
from fwf.cli.refused_commands import Misuse
from fwf.cli.run_observers import Telling, telling_options


@click.command("rerun")
@click.argument("run")
@click.option("--failed", is_flag=True, help="Do again what failed, was cut or never reached.")
@click.option("--from", "start", metavar="PATH", help="Do again this step, and all that is in it.")
@click.option("--item", metavar="KEY", help="Do again the items of this key, of every map.")
@target_option
@click.option(
    "--workers", type=click.IntRange(min=1), help="So many tasks at once; as before if not given."
)
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Do steps again whose task is another than when they were done.",
)
@profile_options
@journal_options
@strict_option
@telling_options
@click.option("--anyway", is_flag=True, help="Run it though `fwf check` finds errors.")
@options
def command(
    run: str,
    failed: bool,
    start: str | None,
    item: str | None,
    target: str | None,
    workers: int | None,
    accept_changes: bool,
    profile: str | None,
    profiles: str | None,
    journal: str | None,
    strict: bool,
    telling: Telling,
    anyway: bool,
    as_json: bool,
) -> int:
    """Do a part of a run again, and what depends on it.

    \b
    fwf rerun 8a1b44c0 --failed
    fwf rerun daily+day=2026-06-01 --from 'daily > clean'
    fwf rerun 8a1b44c0 --item acme

    RUN is any part of a run's id, or its workflow's name, as fwf runs takes it. PATH is a step's,
    as fwf runs RUN tells it, or its end if that is unique.

    What is done again has its idempotency key; a step after it is done again where its input
    changes, and then with a new key, so that a target sees that it is other data. Where its input
    is the same it is kept. Finalisers are done once more, and what they give back is made anew.
    """
    from fwf.cli.resuming import earlier_run
    from fwf.cli.starting import Start, start_run
    from fwf.interpreters.run import Again

    choices = (("--failed", failed), ("--from", start is not None), ("--item", item is not None))
    names = [name for name, each in choices if each]
    if len(names) != 1:
        both = " and ".join(names) if names else "none of them"
        raise Misuse(f"fwf rerun: say one of --failed, --from PATH and --item KEY; {both} is given")
    return start_run(
        Start(
            target=target,
            workers=workers,
            profile=profile,
            profiles=profiles,
            anyway=anyway,
            telling=telling,
            as_json=as_json,
            journal=journal,
            accept_changes=accept_changes,
            resumed=earlier_run(journal, run),
            take_back=Again(failed=failed, start=start, item=item),
            strict=strict,
        )
    )
