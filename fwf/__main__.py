"""`fwf` and `python -m fwf`: the command line, or what to install for it."""

import sys
from importlib.util import find_spec


def main() -> None:
    """Run the command line; the process ends with its exit status."""
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        needed = " and ".join(missing)
        print(f"fwf: the command line needs {needed}: pip install 'fwf[cli]'", file=sys.stderr)
        sys.exit(2)
    from fwf.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
