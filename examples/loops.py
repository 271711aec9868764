"""Loops and recursion: a part on its own output, with a bound, so that every analysis ends."""

from fwf import Workflow, branch, const, identity, it, loop_until, pure, recursive, run, task


@task(effect="pure")
def guess(root: float) -> float:
    """A better guess at the square root of 2 (Heron)."""
    return (root + 2 / root) / 2


close = (it * it > 1.999999) & (it * it < 2.000001)
workflow = const(1.0) >> loop_until(guess, close, limit=20)
two_rounds = const(1.0) >> loop_until(guess, close, limit=2, on_limit="stop")  # what is there then
halve = pure(it * 0.5)
halves: Workflow[float, float] = recursive(
    lambda again: branch(it < 1, then=identity, otherwise=halve >> again), limit=10
)

if __name__ == "__main__":
    print(f"{run(workflow).unwrap():.6f}, {run(two_rounds).unwrap():.6f}")
    print(run(halves, 20.0).unwrap())
    print(run(halves, 1e9).failure())
