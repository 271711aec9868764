"""What the tests of commands on timetables share: each has a module of its own."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """What a test has imported of its own folder isn't there for the next one."""
    path = [*sys.path]
    yield
    sys.path[:] = path
    for name in ("jobs", "fwf_target_jobs"):
        sys.modules.pop(name, None)
