"""Which mistakes would no test notice: `python -m tests.mutation.sample LOG`, with cosmic-ray.

A random sample of small changes to the code, each tried on the tests that name its module, and
those of its folder, in a copy of the checkout. LOG gets a line of JSON for each; those that it
says were killed are not tried again.
"""

import ast
import json
import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import suppress
from difflib import unified_diff
from itertools import chain, islice
from pathlib import Path
from random import Random
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[2]
RUNS = "laws/test_agreement.py"
DRY_RUNS = [
    f"tests/interpreters/test_dry_run{of}.py" for of in ("", "_prints", "_unknown", "_agrees")
]
TESTS = {
    "fwf/algebra": ["tests/algebra", "tests/test_combinators.py", RUNS],
    "fwf/types": ["tests/types", "tests/algebra", "tests/interpreters/test_check.py"],
    "fwf/analysis": ["tests/analysis", "tests/algebra", RUNS],
    "fwf/worlds": ["tests/worlds", *DRY_RUNS],
    "fwf/interpreters/run": ["tests/interpreters/run", RUNS],
    "fwf/interpreters/dry_run": [*DRY_RUNS, RUNS],
    "fwf/machine": ["tests/machine", "tests/interpreters/run", *DRY_RUNS, RUNS],
    "fwf/interpreters/check": ["tests/interpreters/test_check.py"],
    "fwf/interpreters/diff": ["tests/interpreters/diff"],
    "fwf/forms": ["tests/forms", "tests/interpreters/plan"],
    "fwf/interpreters/plan": ["tests/interpreters/plan"],
}  # fmt: skip
SIZES = "million or thousand or 100_000 or deep or depth or bytes or sharing or wide"
PYTEST = ["-m", "pytest", "-xqp", "no:cacheprovider", "--hypothesis-profile", "quick"]
PYTEST += ["-k", f"not ({SIZES})"]
OPERATORS = [
    *("ReplaceComparisonOperator_" + swap for swap in (
        "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt",
    )),
    *("ReplaceBinaryOperator_" + swap for swap in (
        "Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul", "Mod_FloorDiv", "BitOr_BitAnd",
        "BitAnd_BitOr", "LShift_RShift", "RShift_LShift",
    )),
    "AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "NumberReplacer", "ExceptionReplacer",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop",
    "RemoveDecorator", "RemoveStatement",
]  # fmt: skip
"""The subtle ones of many: a test that tells `<` from `<=` tells it from `>` too."""


class RemoveStatement(Operator):
    """Leaves out a call, or a change of something: does anybody miss it?"""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if node.type == "simple_stmt" and node.search_ancestor("funcdef") is not None:
            said = node.children[0]
            target = said.children[0] if said.type == "expr_stmt" else said
            if target.type in ("atom_expr", "power"):
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        return parso.parse(f"{node.get_first_leaf().prefix}pass\n").children[0]

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class Mutant(NamedTuple):
    """One change: the n-th that an operator can make in a file."""

    file: str
    line: int
    operator: str
    nth: int

    def code(self) -> tuple[str, str | None]:
        """The file, and what becomes of it: None if that is no Python, or says the same."""
        source = (ROOT / self.file).read_text(encoding="utf-8")
        changed = mutate_code(source, operator(self.operator), self.nth)
        try:
            return source, None if meant(changed or source) == meant(source) else changed
        except SyntaxError:
            return source, None


def operator(name: str) -> Any:
    return RemoveStatement() if name == "RemoveStatement" else get_operator(f"core/{name}")()


def meant(source: str) -> str:
    """What a module says at run time: type hints, `final` and `overload` aside."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for hint in {"annotation", "returns"} & set(node._fields):
            setattr(node, hint, ast.Constant(None))
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            all_ = node.decorator_list
            node.decorator_list = [d for d in all_ if ast.unparse(d) not in ("final", "overload")]
    return ast.dump(tree)


def mutants(file: Path) -> Iterator[Mutant]:
    """All changes to a file."""
    nodes = list(ast_nodes(get_ast(file.read_text(encoding="utf-8"))))
    for name in OPERATORS:
        places = chain.from_iterable(map(operator(name).mutation_positions, nodes))
        for nth, (start, _) in enumerate(places):
            yield Mutant(str(file.relative_to(ROOT)), start[0], name, nth)


def sample(files: list[Path], n: int, seed: int) -> list[Mutant]:
    """Some of all changes to some files."""
    every = [mutant for file in files for mutant in mutants(file)]
    mixed = Random(seed).sample(every, len(every))
    return list(islice((mutant for mutant in mixed if mutant.code()[1] is not None), n))


def naming(file: str) -> list[str]:
    """The tests that name a module: most likely to tell."""
    module = file.removesuffix(".py").replace("/", ".")
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(test.relative_to(ROOT)) for test in tests if f"from {module} " in test.read_text()]


def tried(mutant: Mutant, tests: list[str], seconds: int) -> dict[str, Any]:
    """A change ⟶ what it is; killed, survived or timeout; the last that the tests said."""
    source, code = mutant.code()
    change = list(unified_diff(source.split("\n"), (code or "").split("\n"), n=1, lineterm=""))[3:]
    with TemporaryDirectory() as place:
        copy = Path(place, "copy")
        copytree(ROOT, copy, ignore=ignore_patterns(".*", "dist", "__pycache__"))
        (copy / mutant.file).write_text(code or "", encoding="utf-8")
        with Path(place, "said").open("w+", encoding="utf-8") as said:
            env = {**os.environ, "CI": "1", "PYTHONPATH": str(copy)}
            command = [sys.executable, *PYTEST, *tests]
            verdict = run(command, seconds, cwd=copy, env=env, stdout=said, stderr=said)
            said.seek(0)
            return {"verdict": verdict, "change": change, "said": said.read()[-400:]}


def run(command: list[str], seconds: int, **options: Any) -> str:
    """Time is the processor's: what else the machine does must not look like an endless loop."""
    limited = ["sh", "-c", 'ulimit -St "$0"; exec "$@"', str(seconds), *command]
    process = subprocess.Popen(limited, start_new_session=True, **options)
    try:
        status = process.wait(20 * seconds)
        return {0: "survived", -signal.SIGXCPU: "timeout"}.get(status, "killed")
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--parts", nargs="+", default=[*TESTS], choices=[*TESTS])
    parser.add_argument("--files", nargs="+", default=["*"], help="which of their files: patterns")
    parser.add_argument("-n", type=int, default=30, help="how many of each part")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=120, help="of a processor for each")
    options = parser.parse_args()
    options.log.touch()
    told = map(json.loads, options.log.open())
    killed = {tuple(each["mutant"]) for each in told if each["verdict"] == "killed"}
    for part in options.parts:
        files = {path for name in options.files for path in (ROOT / part).rglob(f"{name}.py")}
        for mutant in sample(sorted(files), options.n, options.seed):
            if mutant not in killed:
                came = tried(mutant, [*naming(mutant.file), *TESTS[part]], options.seconds)
                with options.log.open("a") as log:
                    print(json.dumps({"mutant": mutant, **came}), file=log)
                print(came["verdict"], *mutant, *came["change"], sep="\n  ", flush=True)


if __name__ == "__main__":
    main()
