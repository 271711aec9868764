"""How much does a test look at: how deep workflows, how many generated ones?"""

import pytest
from hypothesis import settings


def sizes(quick: int = 2_000, deep: int = 100_000) -> pytest.MarkDecorator:
    """Run a test with each `size`: the first always, the second in the deep tier (`make deep`).

    Python's stack ends at 1,000 calls, so what recurses fails with either; the second tells what
    takes quadratic time or memory.
    """
    return pytest.mark.parametrize("size", [quick, pytest.param(deep, marks=pytest.mark.deep)])


def examples(of_hundred: int) -> int:
    """How many examples a property looks at where others look at a hundred."""
    return of_hundred * settings().max_examples // 100
