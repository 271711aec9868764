"""The command line: each command parses, calls one interpreter, and prints what it says."""

from fwf.cli.program import fwf, main

__all__ = ["fwf", "main"]
