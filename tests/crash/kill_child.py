"""What is started and killed: one run of a shape, with a journal, in a process of its own.

    python -m tests.crash.kill_child JOURNAL    of the shape that CRASH_SHAPE names

It says "ready" when all is imported, and how the run ended. The exit status is 0, 1 for a run that
failed, 75 for one that somebody else goes on with. CRASH_BUG names a mistake to be made.
"""

import json
import os
import sys
from typing import Any

from returns.result import Failure

from fwf import run
from tests.crash.kill_effects import STARTER
from tests.crash.kill_shapes import SHAPE, shaped

KEY = "night"
"""What all runs are named by, so that their keys are those of the run that isn't killed."""
BUG = "CRASH_BUG"
NONE = "none"
"""In place of a journal: none."""


def main(journal: str) -> int:
    os.environ[STARTER] = str(os.getpid())
    w = shaped(os.environ[SHAPE])
    bug = os.environ.get(BUG)
    if bug:
        from tests.crash.kill_bugs import BUGS

        BUGS[bug]()
    given: dict[str, Any] = {} if journal == NONE else {"journal": journal}
    print("ready", flush=True)
    ended = run(w, key=KEY, **given)
    if isinstance(ended, Failure):
        print(ended.failure(), file=sys.stderr)
        return 1
    print(json.dumps(ended.unwrap()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
