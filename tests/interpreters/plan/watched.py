"""Loads plans in a process of its own, and tells what an audit hook saw while it did."""

import sys
from pathlib import Path

from fwf.interpreters.plan import load, registry
from tests import samples

FORBIDDEN = ("import", "exec", "compile", "open", "socket", "subprocess", "os.", "ctypes", "pickle")


def main() -> None:
    """One line for each forbidden event while the plans named in the arguments are loaded."""
    texts = [Path(name).read_bytes() for name in sys.argv[1:]]
    known = registry(samples, *samples.KNOWN)
    seen: list[str] = []
    watching = [False]

    def hook(event: str, _: object) -> None:
        if watching[0] and event.startswith(FORBIDDEN):
            seen.append(event)

    sys.addaudithook(hook)
    watching[0] = True
    for text in texts:
        load(text)
        load(text, known)
    watching[0] = False
    print("\n".join(seen), end="")


if __name__ == "__main__":
    main()
