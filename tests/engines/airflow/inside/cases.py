"""The cases that Airflow is tried on, by their seeds; each is made once in a process."""

import os
from functools import cache

from tests.engines.kit import Case, case_of, options

HOSTILE = "FWF_HOSTILE"
"""A variable; where it is set, texts look like what an engine would obey."""
WAITS = (0, 0, 1)


@cache
def case_of_seed(seed: int) -> Case:
    return case_of(seed, options(waits=WAITS, hostile=HOSTILE in os.environ))
