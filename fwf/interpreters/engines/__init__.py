"""Somebody else's runtime: what of a workflow becomes which of an engine's tasks, and what differs.

No engine can say everything that a workflow says, and none has to: any part of it can run inside
one task of an engine, by our own runner. So an engine is a table of what it can do; a workflow is
cut by that table into as small parts as it allows, and what isn't the engine's own is told.
"""

from fwf.interpreters.engines.cut import Cut, EngineTask, Inner, Piece, PieceAt, cut
from fwf.interpreters.engines.cut_marks import mark_cut
from fwf.interpreters.engines.engines import (
    ENGINES,
    Engine,
    ExportFiles,
    ExportRequest,
    Printer,
    engine_of,
    exportable,
)
from fwf.interpreters.engines.exports import is_importable
from fwf.interpreters.engines.gaps import Gap, gaps, gaps_of
from fwf.interpreters.engines.readme_table import table_text
from fwf.interpreters.engines.support import SUPPORT, Support

__all__ = [
    "ENGINES",
    "SUPPORT",
    "Cut",
    "Engine",
    "EngineTask",
    "ExportFiles",
    "ExportRequest",
    "Gap",
    "Inner",
    "Piece",
    "PieceAt",
    "Printer",
    "Support",
    "cut",
    "engine_of",
    "exportable",
    "gaps",
    "gaps_of",
    "is_importable",
    "mark_cut",
    "table_text",
]
