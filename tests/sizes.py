"""How large is what a test builds: too deep for any stack, or as deep as is promised?"""

import pytest


def sizes(quick: int = 2_000, deep: int = 100_000) -> pytest.MarkDecorator:
    """Run a test with each `size`: the first always, the second in the deep tier (`make deep`).

    Python's stack ends at 1,000 calls, so what recurses fails with either; the second tells what
    takes quadratic time or memory.
    """
    return pytest.mark.parametrize("size", [quick, pytest.param(deep, marks=pytest.mark.deep)])
