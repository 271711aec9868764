"""Timing against a baseline in the same run: figures that a noisy machine can't spoil alone."""

import os
import subprocess
import sys
import time
from collections.abc import Callable


def best(work: Callable[[], object], *, repeats: int = 7) -> float:
    """Seconds that the work takes at its quickest."""
    found = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
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


def report(what: str, ours: float, baseline: float, *, per: int = 1, unit: str = "µs") -> None:
    """Print one row: our figure, the baseline's, and their ratio."""
    scale = {"µs": 1e6, "ms": 1e3, "s": 1.0}[unit] / per
    print(
        f"\n{what:<44} {ours * scale:>10.2f} {unit}   "
        f"by hand {baseline * scale:>10.2f} {unit}   ratio {ours / baseline:>8.2f}",
        end="",
    )
