"""Bits that flip and files cut short: all is read back as it was written, or told to be damaged."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from fwf.journal.opening import open_store
from tests.crash import figures
from tests.crash.written import Story, goes_on, look, memory_folder, salvaged, written

ROOT = Path(__file__).parents[2]
SEED = 12


class Base(NamedTuple):
    """A journal whose process was killed, the same after it was closed, and what is in it."""

    folder: Path
    closed: Path
    stories: list[Story]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    made = tmp_path_factory.mktemp("damage")
    folder = made / "base"
    command = [sys.executable, "-m", "tests.crash.written", str(folder / "runs.db"), str(SEED)]
    subprocess.run(command, cwd=ROOT, check=True)
    assert (folder / "runs.db-wal").stat().st_size > 100_000
    stories = written(made / "same" / "runs.db", SEED)
    shutil.copytree(folder, made / "closed")
    closed = open_store(made / "closed" / "runs.db")
    closed.runs()
    closed.close()
    assert not (made / "closed" / "runs.db-wal").exists()
    return Base(folder, made / "closed", stories)


@pytest.fixture
def place() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder / "case"


def flip(path: Path, chance: random.Random) -> str:
    """Flip a bit."""
    content = bytearray(path.read_bytes())
    bit = chance.randrange(len(content) * 8)
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return f"bit {bit % 8} of byte {bit // 8} of {len(content)} flipped"


def cut(path: Path, chance: random.Random) -> str:
    """Cut a file short."""
    size = path.stat().st_size
    left = chance.choice([0, chance.randrange(size), chance.randrange(size) // 4096 * 4096])
    os.truncate(path, left)
    return f"cut to {left} of {size} bytes"


def damaged(base: Base, place: Path, ending: str, damage: Callable[..., str], seed: int) -> str:
    """One case ⟶ when it was told, or "equal"; raises AssertionError with what repeats it."""
    shutil.rmtree(place, ignore_errors=True)
    whole = base.closed if ending != "-wal" and seed % 4 else base.folder
    shutil.copytree(whole, place)
    path = place / "runs.db"
    what = damage(place / f"runs.db{ending}", random.Random(seed))
    repeat = f"runs.db{ending}, {damage.__name__}, seed {seed}: {what}"
    try:
        seen = look(path, base.stories)
        assert not seen.silent, seen.silent
        if not seen.told:
            seen = goes_on(path, base.stories)
            assert not seen.silent, seen.silent
            return "told later" if seen.told else "equal"
        assert all("--salvage" in each for each in seen.told), seen.told
        kept, there = salvaged(path, base.stories)
        assert 0 <= kept <= there
    except Exception as error:
        raise AssertionError(f"{repeat}: {type(error).__name__}: {error}") from error
    return "told"


CASES = {
    ("-wal", flip): (40, 1000),
    ("", flip): (40, 1000),
    ("-heads", flip): (20, 250),
    ("-wal", cut): (15, 200),
    ("", cut): (15, 200),
    ("-heads", cut): (10, 100),
}


@pytest.mark.parametrize(
    ("ending", "damage"), CASES, ids=lambda each: getattr(each, "__name__", each)
)
def test_no_damage_is_silent_and_what_is_good_can_be_saved(
    base: Base, place: Path, ending: str, damage: Callable[..., str]
) -> None:
    quick, full = CASES[ending, damage]
    told = 0
    count = figures.amount(quick=quick, full=full)
    silent: list[str] = []
    for seed in range(count):
        try:
            told += damaged(base, place, ending, damage, seed) == "told"
        except AssertionError as error:
            silent.append(str(error))
    what = "bits flipped" if damage is flip else "files cut short"
    figures.add(f"{what}: runs.db{ending}", cases=count, told=told, zero={"silent": len(silent)})
    assert not silent, "\n".join(silent[:20])
    assert told or ending == "-heads"


def test_the_journal_that_is_damaged_was_whole(base: Base, tmp_path: Path) -> None:
    shutil.copytree(base.folder, tmp_path / "whole")
    seen = look(tmp_path / "whole" / "runs.db", base.stories)
    assert (seen.told, seen.silent) == ([], [])


@pytest.mark.parametrize("ending", ["", "-heads"])
def test_a_file_that_is_gone_is_told(base: Base, tmp_path: Path, ending: str) -> None:
    shutil.copytree(base.folder, tmp_path / "case")
    path = tmp_path / "case" / "runs.db"
    os.unlink(f"{path}{ending}")
    assert "is gone" in look(path, base.stories).told[0]
    assert "is gone" in look(path, base.stories).told[0]
    salvaged(path, base.stories)
