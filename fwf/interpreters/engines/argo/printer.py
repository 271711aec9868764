"""What does an export for Argo write, and what is one to do with it?"""

from __future__ import annotations

import json
import sys
from collections.abc import Hashable, Mapping
from typing import Any, Final

from fwf.analysis.identity import definition_digest
from fwf.analysis.requirements import requirements
from fwf.interpreters.engines.argo.flows import Flows
from fwf.interpreters.engines.argo.manifest import manifest
from fwf.interpreters.engines.argo.table import ITEMS, MOST_ITEMS, SMALL, size
from fwf.interpreters.engines.cut import Cut
from fwf.interpreters.engines.engine_names import Alphabet
from fwf.interpreters.engines.exports import ExportFiles, ExportRequest, check_importable
from fwf.interpreters.engines.sizes import size_of
from fwf.types.hints import ANY

WORKFLOWS: Final = Alphabet(30, "-", lower=True, letter=True)
"""The names of workflows: what Argo adds has to go into a label of 63 characters."""
MANIFEST: Final = "workflow.yaml"
DOCKERFILE: Final = "Dockerfile"
_TAG: Final = 12


def export_files(cut: Cut, request: ExportRequest) -> ExportFiles:
    """A cut, what is asked for ⟶ the manifest, a Dockerfile for the worker, and the commands.

    Raises `ValueError` for a target that a pod can't import.
    """
    check_importable(request.target, "a pod")
    name = WORKFLOWS.name(request.name)
    digests: dict[Hashable, bytes] = {}
    made_from = definition_digest(cut.workflow, digests).hex()
    image = f"{name}:{made_from[:_TAG]}"
    dags = Flows(cut, most_items(cut), sizes_of(request.pools), digests).made()
    text = manifest(dags, name=name, target=request.target, image=image, made_from=made_from)
    files = {MANIFEST: text, DOCKERFILE: _dockerfile()}
    return ExportFiles(files, (*_commands(cut.workflow, image), *_large(cut)))


def most_items(cut: Cut) -> int:
    """How many items a map may do each by itself: its share of the nodes that a run may have."""
    nodes = max(1, size_of(cut, size).events)
    return max(1, min(MOST_ITEMS, ITEMS * SMALL // nodes))


def sizes_of(pools: Mapping[str, Any]) -> dict[str, int]:
    """Pools ⟶ how much each lets be at work at once; a rate bounds nothing here."""
    sizes = {name: getattr(pool, "at_once", pool) for name, pool in pools.items()}
    return {name: size for name, size in sizes.items() if type(size) is int}


def _dockerfile() -> str:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"""\
# The worker. It is built in a folder where Python finds the workflow's module, and which has fwf's
# own wheel: in an index of packages that name may be another's. What else the module imports stands
# in requirements.txt.
FROM python:{python}-slim
WORKDIR /workflow
COPY . .
RUN pip install --no-cache-dir "$(echo ./fwf-*.whl)[engines]" \\
 && if [ -f requirements.txt ]; then pip install --no-cache-dir -r requirements.txt; fi
ENV PYTHONPATH=/workflow PYTHONUNBUFFERED=1
USER 1000
"""


def _large(cut: Cut) -> list[str]:
    nodes = size_of(cut, size).events
    hint = (
        f"A run may have {nodes:,} nodes: over about {SMALL:,}, Argo has to keep their state in a "
        "database (nodeStatusOffLoad in the controller's configuration)"
    )
    return [hint] if nodes > SMALL else []


def _commands(w: Any, image: str) -> tuple[str, ...]:
    """What builds the worker and starts a run. Parameters go in as base64, whatever is in them."""
    params = {each.name: "..." for each in requirements(w).parameters}
    value = {} if w.edge.accepts in (object, ANY) else {"value": "..."}
    start = json.dumps({"params": params, **value})
    return (
        "Checked against Argo's schema, and by a likeness of its controller; never run on one. DIR "
        "is the folder of these files:",
        f"docker build -f DIR/{DOCKERFILE} -t {image} . && docker push {image}",
        f"argo submit DIR/{MANIFEST} -p image={image} -p store=s3://BUCKET/PREFIX "
        f"-p run=\"$(printf %s '{start}' | base64 | tr -d '\\n')\"",
    )
