"""What does another process do with a journal?

`python -m tests.crash.store_child PATH DURABILITY` reads one command a line and answers each with
one line; it ends with its input.

claim KEY: "won", or "held" and by whom · release · steps COUNT: append so many · fork: leave a
child that lives on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from fwf.journal.errors import Held, JournalError
from fwf.journal.opening import open_store
from fwf.journal.store import Claim, Holder, Store
from tests.crash.written import Story, following

ROOT = Path(__file__).parents[2]


class Child:
    """Another process with a journal, told what to do."""

    def __init__(self, path: Path, durability: str = "process") -> None:
        command = [sys.executable, "-m", "tests.crash.store_child", str(path), durability]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self.process.pid
        assert self.answer() == "ready"

    def tell(self, command: str) -> None:
        to = cast(IO[str], self.process.stdin)
        to.write(command + "\n")
        to.flush()

    def answer(self) -> str:
        return cast(IO[str], self.process.stdout).readline().strip()

    def ask(self, command: str) -> str:
        self.tell(command)
        return self.answer()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        with suppress(BrokenPipeError):
            cast(IO[str], self.process.stdin).close()
        self.process.wait()
        cast(IO[str], self.process.stdout).close()


def steps(store: Store, claim: Claim, key: str, count: int) -> str:
    """Append two records at a time to the newest run of a key, or to a new one."""
    found = store.generations(key)
    if found:
        row = found[-1]
        story = Story(key, row.generation, row.workflow, row.number, row.state)
        story.records = list(store.records(row))[-1:]
    else:
        story = Story(key, 1, "flow")
        first = [story.next("try")]
        story.number = store.begin(story.row(), first, claim)
        story.records = first
    for step in range(count):
        more = [story.next("ok", f"flow > step[{step}]", step)]
        more.append(following(more, "start", f"flow > step[{step + 1}]"))
        store.append(story.number, more, claim)
        story.records = more
    return f"run {story.number}"


def main() -> None:
    path, durability = sys.argv[1:]
    store: Store = open_store(path, durability=cast(Any, durability))
    me = Holder("here", os.getpid(), "etl", time.time_ns() // 1000)
    claim: Claim | None = None
    key = ""
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            match line.split():
                case ["claim", key]:
                    claim = store.claim(key, me)
                    said = "won"
                case ["release"] if claim:
                    claim.release()
                    said = "released"
                case ["steps", count] if claim:
                    said = steps(store, claim, key, int(count))
                case ["fork"]:
                    said = f"{_forked()}"
                case _:
                    said = "what?"
        except Held as error:
            said = f"held {error.holder.pid if error.holder else 0}"
        except JournalError as error:
            said = f"{type(error).__name__}: {error}"
        print(said, flush=True)
    store.close()


def _forked() -> int:
    child = os.fork()
    if child == 0:
        os.close(0)
        time.sleep(60)
        os._exit(0)
    return child


if __name__ == "__main__":
    main()
