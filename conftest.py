"""What every test shares: how hard Hypothesis searches, and that the blocks of pages run."""

import doctest
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from hypothesis import Phase, settings
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parent

# Some are written to fail, for the type checkers alone; the others need packages of their own.
collect_ignore_glob = ["tests/typing/rejects*.py"]
collect_ignore = ["tests/fuzz", "tests/mutation"]

# Locally every run looks somewhere new; in CI (the variable that CI systems set) every run looks in
# the same places, so that a red build can be repeated. `--hypothesis-profile` overrides either.
# Neither explains what fails: that may take longer than a test may take before it counts as hung.
PHASES = [each for each in Phase if each is not Phase.explain]
settings.register_profile("local", deadline=None, max_examples=50, derandomize=False, phases=PHASES)
settings.register_profile(
    "ci", settings.get_profile("local"), derandomize=True, database=None, print_blob=True
)
settings.register_profile("thorough", deadline=None, max_examples=5_000)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=10)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# Tests run one workflow many times; those that are of journals name theirs.
os.environ["FWF_JOURNAL"] = "off"

# A shell has what it starts in the background ignore ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_teardown() -> None:
    """Forget the secrets that a test revealed: texts of the next ones are searched for each."""
    secrets = sys.modules.get("fwf.secrets")
    if secrets is not None:
        secrets._revealed.clear()


def run_console_block(example: Example) -> str | None:
    """Run each `$ fwf …` or `$ python …` line of a console block and compare what it prints.

    A command that shows no output must succeed. `...` in the output stands for anything.
    Blocks in another language (`sh`), or after `<!--- skip: next -->`, are left alone.
    """
    lines = str(example.parsed).splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        expected = "\n".join(lines[start + 1 : end]).rstrip()
        status, printed = run_command(lines[start][2:])
        if not expected:
            if status != 0:
                return f"{lines[start]}\nended with status {status}:\n{printed}"
        elif not same_output(expected, printed):
            return f"{lines[start]}\nshould print:\n{expected}\nbut prints:\n{printed}"
    return None


def run_command(command: str) -> tuple[int, str]:
    """The exit status and the whole output of one command, on a plain terminal of 100 columns."""
    program, *arguments = shlex.split(command)
    interpreter = {"fwf": [sys.executable, "-m", "fwf"], "python": [sys.executable]}.get(program)
    if interpreter is None:
        return 1, f"a console block runs `fwf` or `python`; for `{program}` use a `sh` block"
    done = subprocess.run(
        [*interpreter, *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, "\n".join(line.rstrip() for line in done.stdout.splitlines()).rstrip()


def same_output(expected: str, printed: str) -> bool:
    return doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS)


def enter_page(namespace: dict[str, Any]) -> None:
    """Give a page's code a module name, which dataclasses and tasks look up, and a journal."""
    namespace["__name__"] = "page"
    sys.modules["page"] = ModuleType("page")
    namespace["__environment"] = dict(os.environ)
    namespace["__folder"] = folder = TemporaryDirectory()
    os.environ["FWF_JOURNAL"] = str(Path(folder.name, "runs.db"))
    # Where examples, each in a process of its own, have their switches and drops.
    os.environ["TMPDIR"] = folder.name


def leave_page(namespace: dict[str, Any]) -> None:
    del sys.modules["page"]
    os.environ.clear()
    os.environ.update(namespace["__environment"])
    namespace["__folder"].cleanup()


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
        CodeBlockParser(language="console", evaluator=run_console_block),
        SkipParser(),
    ],
    patterns=["README.md", "examples/*.md"],
    setup=enter_page,
    teardown=leave_page,
).pytest()
