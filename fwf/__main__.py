"""`fwf` and `python -m fwf`: the command line, or what to install for it."""

import atexit
import os
import sys
from importlib.util import find_spec
from typing import Any

from fwf import early


def main() -> None:
    """Run the command line; the process ends with its exit status."""
    if sys.argv[1:2] == ["worker"]:  # which an engine starts, where there may be no more than fwf
        words = sys.argv[2:]
        if words[:1] == ["argo"]:
            from fwf.interpreters.engines.argo.pod import main as worker

            words = words[1:]
        else:
            from fwf.interpreters.engines.worker.serve import main as worker
        early.left()
        status = worker(words)
        _end_cut_work(status)
        sys.exit(status)
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        needed = " and ".join(missing)
        print(f"fwf: the command line needs {needed}: pip install 'fwf[cli]'", file=sys.stderr)
        sys.exit(2)
    from fwf.cli import main as command_line

    early.left()  # from here on it is told in order
    try:
        command_line()
    except SystemExit as end:
        _end_cut_work(end.code)
        raise


def _end_cut_work(status: object) -> None:
    """End the process at once where a task that was cut still works on.

    Its thread may be in a library outside of Python, which comes back to an interpreter that is
    being taken down, and ends the process by a signal of its own.
    """
    runs = sys.modules.get("fwf.interpreters.run")
    if runs is not None and runs.still_at_work():
        exits: Any = atexit
        exits._run_exitfuncs()
        for stream in filter(None, (sys.stdout, sys.stderr)):
            if not stream.closed:
                stream.flush()
        os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    main()
