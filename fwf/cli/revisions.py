"""REV:TARGET ⟶ the workflow as it was at a revision in git, the work tree and index untouched.

The revision is written to a temporary folder, and a Python process of its own loads the workflow
there, since one process can't hold two versions of a module. What comes back is the plan.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple, NoReturn

from returns.result import Failure

from fwf.cli.output import stdout_kept_for, tell
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import PACKAGE, Target, folder, load
from fwf.faults import near
from fwf.printing import one_line

_CHILD: Final = """\
import sys
sys.path.insert(0, sys.argv[1])
from fwf.cli.revisions import answer
answer()
"""


class Revision(NamedTuple):
    """A target at a revision: as it was written, the commit that it is, the target there."""

    rev: str
    commit: str
    target: str

    @property
    def text(self) -> str:
        """As it was given."""
        return f"{self.rev}:{self.target}"


def revision(text: str) -> Revision | None:
    """Text ⟶ the revision and the target in it; None for what is a plain TARGET.

    Up to its first colon that makes one, the text is a revision if git knows a commit by it. With
    a single colon, a module or file of that name comes first, unless a file follows the colon.
    """
    folder()  # git and modules are looked for there
    for rev, rest in _splits(text):
        sure = ":" in rest or _is_file(rest)
        if (sure or not _is_module(rev)) and (commit := _commit(rev)):
            return Revision(rev, commit, rest)
    rev, _, rest = text.partition(":")
    if rest and (":" in rest or (_is_file(rest) and not _is_file(rev))):
        raise Misuse(_unknown(rev, text))
    return None


def _splits(text: str) -> Iterator[tuple[str, str]]:
    for at, character in enumerate(text):
        if character == ":" and text[:at] and text[at + 1 :]:
            yield text[:at], text[at + 1 :]


def _is_file(place: str) -> bool:
    return place.partition(":")[0].endswith((".py", ".json")) or "/" in place


def _is_module(name: str) -> bool:
    """Whether a module or file of this name is here; the current folder is looked at first."""
    if Path(name).is_file():
        return True
    from importlib.machinery import PathFinder

    top = name.partition(".")[0]
    return name.isidentifier() and PathFinder.find_spec(top, [os.getcwd(), *sys.path]) is not None


# git


def _commit(rev: str) -> str | None:
    """The commit that a text stands for, if any."""
    if rev.startswith("-"):
        return None
    process = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    return process.stdout.strip() if process is not None and process.returncode == 0 else None


def _git(
    *words: str, cwd: Path | None = None, index: Path | None = None
) -> "subprocess.CompletedProcess[str] | None":
    """Run git; None where there is none."""
    env = os.environ if index is None else {**os.environ, "GIT_INDEX_FILE": str(index)}
    try:
        return subprocess.run(
            ["git", *words], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, encoding="utf-8", errors="surrogateescape", check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return None


def _git_output(text: str, *words: str, cwd: Path | None = None, index: Path | None = None) -> str:
    """What git writes; raises `Misuse` where it fails."""
    process = _git(*words, cwd=cwd, index=index)
    if process is None:
        raise Misuse(f"{text}: git isn't installed, or isn't on the PATH")
    if process.returncode:
        raise Misuse(f"{text}: git {words[0]} fails: {one_line(process.stderr)}")
    return process.stdout.rstrip("\n")


def _unknown(rev: str, text: str) -> str:
    process = _git(
        "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"
    )
    if process is None:
        return f"{text}: git isn't installed, or isn't on the PATH, so {rev!r} can't be looked up"
    if process.returncode:
        return f"{text}: {os.getcwd()} isn't in a git checkout, so {rev!r} is no revision"
    close = near(rev, process.stdout.split())
    return (
        f"{text}: {rev!r} is no revision that git knows here{close or '; git log --all has them'}"
    )


# The workflow at a revision


def target_at(revision: Revision) -> Target:
    """Revision and target ⟶ its workflow, of stand-ins that equal its tasks."""
    from fwf.interpreters.plan import load as from_plan

    top = Path(_git_output(revision.text, "rev-parse", "--show-toplevel"))
    with TemporaryDirectory(prefix="fwf-") as folder:
        there = Path(folder).resolve() / "tree"
        there.mkdir()
        _write_tree(revision, top, there)
        here = there / Path.cwd().resolve().relative_to(top.resolve())
        if not here.is_dir():
            raise Misuse(
                f"{revision.text}: there is no folder {here.relative_to(there)} at {revision.rev}"
            )
        plan, module = _plan(revision, top, there, here)
        read = from_plan(plan)
    if isinstance(read, Failure):
        raise Misuse(f"{revision.text}: its plan can't be read back: {read.failure()}")
    return Target(revision.text, read.unwrap(), {}, {}, module)


def _write_tree(revision: Revision, top: Path, there: Path) -> None:
    """Write a commit's files to a folder, by way of an index of their own."""
    index = there.parent / "index"
    _git_output(revision.text, "read-tree", revision.commit, cwd=top, index=index)
    _git_output(
        revision.text,
        "checkout-index",
        "--all",
        "--quiet",
        f"--prefix={there}/",
        cwd=top,
        index=index,
    )


def _plan(revision: Revision, top: Path, there: Path, here: Path) -> tuple[str, str]:
    """The plan that a process of its own writes of the target, and the name of its module."""
    words = [str(PACKAGE.parent), str(top.resolve()), str(there), revision.target]
    process = subprocess.run(
        [sys.executable, "-P", "-c", _CHILD, *words],
        cwd=here, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    try:
        answered: dict[str, Any] = json.loads(process.stdout)
    except ValueError:
        status = process.returncode
        raise Misuse(
            f"{revision.text}: the process that loads it ended with status {status}"
        ) from None
    if "plan" not in answered:
        raise Misuse(*(f"{revision.rev}: {line}" for line in answered["lines"]))
    return str(answered["plan"]), str(answered["module"])


# In that process


def answer() -> NoReturn:
    """Write the plan of the target, or what is wrong with it, as JSON to stdout."""
    _, top, there, target = sys.argv[1:]
    sys.path[:] = _paths_there(sys.path[1:], Path(top), Path(there))
    try:
        from fwf.interpreters.plan import plan

        with stdout_kept_for(True):
            target_there = load(target)
            _refuse_strangers(Path(top), Path(there))
            answered: dict[str, object] = {
                "plan": plan(target_there.workflow),
                "module": target_there.module,
            }
    except Misuse as error:
        answered = {"lines": [line.replace(f"{there}/", "") for line in error.lines]}
    tell(json.dumps(answered))
    sys.exit(0)


def _paths_there(entries: list[str], top: Path, there: Path) -> list[str]:
    """`sys.path` with the folders of the work tree exchanged for those of the revision.

    Environments inside the work tree stay: they are in no revision.
    """
    paths: list[str] = []
    for entry in entries:
        path = Path(entry).resolve()
        if not path.is_relative_to(top) or path.is_relative_to(Path(sys.prefix).resolve()):
            paths.append(entry)
        elif (moved := there / path.relative_to(top)).exists():
            paths.append(str(moved))
    return paths


def _refuse_strangers(top: Path, there: Path) -> None:
    """Raise `Misuse` for modules that came from the work tree after all."""
    allowed = (PACKAGE, Path(sys.prefix).resolve(), there)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if not isinstance(file, str):
            continue
        path = Path(file).resolve()
        if path.is_relative_to(top) and not any(path.is_relative_to(each) for each in allowed):
            raise Misuse(
                f"the module {name!r} comes from {path}, which is the work tree and not that "
                "revision; it is installed from there by an import hook: take that out"
            )
