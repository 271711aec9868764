"""Engines: what one can't say in its own language becomes a block inside one of its tasks."""

from collections import Counter

from examples import night
from fwf import gaps

ENGINES = "airflow", "argo", "dask", "step-functions"

if __name__ == "__main__":
    for engine in ENGINES:
        kinds = Counter(gap.support for gap in gaps(night.workflow, engine))
        print(f"{engine}:", ", ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds)))
