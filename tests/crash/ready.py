"""TEMPORARY: which parts of what is to be tried are there already?"""

from importlib.util import find_spec

import pytest

from fwf.cli.commands.run import command

commanded = pytest.mark.skipif(
    not any("--journal" in each.opts for each in command.params)
    or find_spec("fwf.cli.commands.resolve") is None,
    reason="no command yet",
)
journaled = pytest.mark.skipif(
    find_spec("fwf.journal.values") is None or find_spec("fwf.interpreters.run.journaled") is None,
    reason="no journal yet",
)
