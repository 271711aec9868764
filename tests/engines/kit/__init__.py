"""Generated workflows for tests of engines: what runs, what should happen, and what differs.

options.py     what may be in them, and how long they may take
cases.py       a case: a workflow, what its tasks do, what a run is given; by a seed, in any process
drawing.py     the workflows; values.py: what goes between their tasks
acting.py      tasks that do what is said of their places, and leave lines in a log
scripting.py   what is said of them
shapes.py      what must have come up, and a tally of it
agreeing.py    how an engine's run is compared with the dry run
texts.py       texts that look like what an engine would obey; deck.py: the tasks
"""

from tests.engines.kit.agreeing import (
    assert_same,
    differences,
    end_of,
    end_of_outcome,
    end_of_result,
)
from tests.engines.kit.cases import Case, case_of, cases
from tests.engines.kit.options import FULL, Options, how_many, options
from tests.engines.kit.shapes import SHAPES, Tally

__all__ = [
    "FULL", "SHAPES", "Case", "Options", "Tally", "assert_same", "case_of", "cases", "differences",
    "end_of", "end_of_outcome", "end_of_result", "how_many", "options",
]  # fmt: skip
