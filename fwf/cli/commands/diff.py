"""`fwf diff`: what changed between two workflows, and whether behaviour did."""

import click

from fwf.cli.output import complain, stdout_kept_for, tell, write_file
from fwf.cli.program import options
from fwf.cli.refused_commands import Misuse


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--html", "page", metavar="FILE",
    help="Also write both pictures, side by side; - is stdout, and the lines go to stderr.",
)  # fmt: skip
@options
def command(old: str, new: str, page: str | None, as_json: bool) -> int:
    """Tell what changed from one workflow to another.

    OLD and NEW are each a TARGET, the file of a plan, or REV:TARGET, where REV is whatever git
    takes for a commit. The work tree stays as it is.

    \b
    fwf diff HEAD:examples.daily.workflow examples.daily.workflow
    fwf diff main:shop:daily shop:daily --html change.html
    fwf diff plan.json shop:daily --json

    Each change stands behind its level: "!" for behaviour, "~" where the laws say that the work is
    the same, "." for notes. Function bodies aren't looked at. A class or function that both files
    define themselves, under one name, counts as the same.

    With one colon, as in main:shop, what stands before it is a module if there is one of that
    name, else a revision; main:shop.py and main:shop:daily are always revisions.

    Exit status: 0 the same behaviour; 1 behaviour changed; 2 the command can't be done.

    JSON: old, new, workflow, level (none, refactoring, behaviour), and changes: kind (added,
    removed, replaced, moved, renamed, changed, wrapped, unwrapped, notes), level, old and new (its
    paths, null where it has none), reason.
    """
    from fwf.cli.differing import page_of, status_of, tell_diff
    from fwf.cli.sides import sides
    from fwf.interpreters.diff import diff

    with stdout_kept_for(as_json or page == "-"):
        before, after = sides(old, new)
        comparison = diff(before, after)
    if page == "-":
        if as_json:
            raise Misuse("--html - and --json both go to stdout: leave out one, or name a file")
        tell(page_of(before, after, comparison).rstrip())
        complain(str(comparison))
        return status_of(comparison)
    if page is not None:
        write_file(page, page_of(before, after, comparison))
    return tell_diff(comparison, old, new, as_json=as_json)
