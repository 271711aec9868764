"""`fwf plan`: a workflow written down as JSON."""

import click

from fwf.cli.output import stdout_kept_for, tell, write_file
from fwf.cli.program import common, output_option
from fwf.cli.targets import load


def _print_schema(ctx: click.Context, option: click.Parameter, is_given: bool) -> None:
    if is_given and not ctx.resilient_parsing:
        from fwf.interpreters.plan import schema

        tell(schema().rstrip())
        ctx.exit()


@click.command("plan")
@output_option("Write it to")
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of plans, and nothing else.",
)
@common
def command(target: str, output: str | None, as_json: bool) -> None:
    """Write a workflow down as JSON.

    \b
    fwf plan examples.daily.workflow -o plan.json
    fwf show plan.json
    fwf plan --schema

    The same workflow gives the same text on every machine, so plans can be kept in git and
    compared line by line. Reading one back imports and runs nothing.

    JSON: what is written is JSON, with or without --json; --schema says what it holds.
    """
    from fwf.interpreters.plan import plan

    with stdout_kept_for(True):
        text = plan(load(target).workflow)
    if output is None:
        tell(text.rstrip())
    else:
        write_file(output, text, remark=f": {len(text):,} bytes")
