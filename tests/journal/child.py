"""Another process with a store: `python -m tests.journal.child WHERE LEASE WORD…`."""

import os
import sys

from fwf.journal.errors import JournalError
from fwf.journal.store import Holder
from tests.journal.places import opened, row, some


def main(where: str, lease: str, word: str, *more: str) -> None:
    """What the word says; each line that is printed tells how far it has come."""
    store = opened(where, float(lease))
    mine = Holder("child", os.getpid(), "etl", 7)
    match word:
        case "hold":
            store.claim("k", mine)
            print("held", flush=True)
            sys.stdin.readline()
        case "write":  # a run of so many records, one after the other, then wait
            claim = store.claim("k", mine)
            records = some(int(more[0]))
            run = store.begin(row(), records[:1], claim)
            print(run, flush=True)
            for record in records[1:]:
                store.append(run, [record], claim)
            store.append(run, [], claim, state="ok")
            print("written", flush=True)
            sys.stdin.readline()
        case "wait":  # one record, and another whenever a line comes
            claim = store.claim("k", mine)
            last, run = some(1), 0
            run = store.begin(row(), last, claim)
            print(run, flush=True)
            while sys.stdin.readline():
                last = some(1, after=last[-1])
                try:
                    store.append(run, last, claim)
                except JournalError as error:
                    print(type(error).__name__, flush=True)
                else:
                    print("added", flush=True)
        case "claim":
            try:
                store.claim("k", mine)
            except JournalError as error:
                print(type(error).__name__, flush=True)
            else:
                print("held", flush=True)
                sys.stdin.readline()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
