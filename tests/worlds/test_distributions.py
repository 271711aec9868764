"""Durations drawn at random: how they spread, and that they are the same everywhere."""

from statistics import mean, median

import pytest

from fwf import seconds
from fwf.worlds.distributions import Distribution, draw, exponential, lognormal, normal, uniform


@pytest.mark.parametrize(
    ("distribution", "centre"),
    [
        (uniform(seconds(1), seconds(3)), 2.0),
        (normal(seconds(10), seconds(1)), 10.0),
        (lognormal(seconds(5), 0.5), 5.0),
        (exponential(seconds(4)), 4.0),
    ],
)
def test_draws_follow_their_distribution(distribution: Distribution, centre: float) -> None:
    found = [draw(distribution, 7, f"p > {n}", 0).total_seconds() for n in range(4_000)]
    assert min(found) >= 0
    middle = median(found) if "lognormal" in repr(distribution) else mean(found)
    assert abs(middle - centre) < 0.05 * centre


def test_a_draw_depends_on_seed_path_and_attempt_alone() -> None:
    d = normal(seconds(10), seconds(1))
    assert draw(d, 1, "p", 0) == draw(d, 1, "p", 0)
    assert len({draw(d, s, p, n) for s in (1, 2) for p in "pq" for n in (0, 1)}) == 8


@pytest.mark.parametrize(
    ("distribution", "low", "high", "share"),
    [
        (uniform(seconds(1), seconds(3)), 1.5, 2.5, 0.5),
        (normal(seconds(10), seconds(2)), 8, 12, 0.683),
        (normal(seconds(10), seconds(2)), 6, 14, 0.954),
        (lognormal(seconds(10), 0.5), 6.07, 16.49, 0.683),
        (exponential(seconds(10)), 0, 10, 0.632),
    ],
)
def test_draws_spread_as_their_distribution_says(
    distribution: Distribution, low: float, high: float, share: float
) -> None:
    found = [draw(distribution, 7, f"p > {n}", 0).total_seconds() for n in range(4_000)]
    assert abs(sum(low <= each <= high for each in found) / 4_000 - share) < 0.03


@pytest.mark.parametrize(
    ("distribution", "there"),
    [
        (uniform(seconds(1), seconds(3)), [1.252965, 1.174984, 2.048036]),
        (normal(seconds(10), seconds(2)), [11.032742, 9.172162, 12.231795]),
        (lognormal(seconds(10), 0.5), [12.94579, 8.130525, 17.470849]),
        (exponential(seconds(10)), [1.352273, 0.915582, 7.423751]),
    ],
)
def test_what_is_drawn_is_the_same_everywhere(
    distribution: Distribution, there: list[float]
) -> None:
    drawing = [(1, 1), (2, 1), (1, 2)]
    here = [draw(distribution, seed, "a > b", n).total_seconds() for seed, n in drawing]
    assert here == pytest.approx(there, abs=2e-6)  # the last bit of `exp` is the system's
