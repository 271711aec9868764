"""Timing against a baseline in the same run: figures that a noisy machine can't spoil alone."""

import os
import subprocess
import sys
import time
from collections.abc import Callable


def best(
    work: Callable[[], object],
    *,
    repeats: int = 7,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Seconds that the work takes at its quickest; by `process_time` other programs don't count."""
    found = float("inf")
    for _ in range(repeats):
        start = clock()
        work()
        found = min(found, clock() - start)
    return found


def best_of_process(source: str, *, repeats: int = 15) -> float:
    """Seconds that a whole Python process takes for a program, compiled files at hand."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", source]
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
    return best(
        lambda: subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL),
        repeats=repeats,
    )


PEAK = """
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from sys import platform

def peak():
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts what the parent had as the child's in getrusage
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    return getrusage(RUSAGE_SELF).ru_maxrss * (1 if platform == "darwin" else 1024)
"""


def bytes_of_process(source: str) -> float:
    """By how many bytes a process of its own grows from `before` to `told`, both of `peak()`."""
    return figures_of_process(f"{PEAK}{source}\nprint(told - before)")[0]


def figures_of_process(source: str) -> list[float]:
    """The figures that a process of its own prints; a test runner's heap makes others slower."""
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(each) for each in done.stdout.split()]


def report(what: str, ours: float, baseline: float, *, per: int = 1, unit: str = "µs") -> None:
    """Print one row: our figure, the baseline's, and their ratio."""
    scale = {"µs": 1e6, "ms": 1e3, "s": 1.0, "B": 1.0}[unit] / per
    print(
        f"\n{what:<44} {ours * scale:>10.2f} {unit}   "
        f"by hand {baseline * scale:>10.2f} {unit}   ratio {ours / baseline:>8.2f}",
        end="",
    )
