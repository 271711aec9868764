"""The cases that Airflow is tried on, by their seeds; each is made once in a process."""

from functools import cache

from tests.engines.kit import Case, case_of, options

GIVEN = options(waits=(0, 0, 1))


@cache
def case_of_seed(seed: int) -> Case:
    return case_of(seed, GIVEN)
