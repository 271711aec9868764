"""`fwf lineage`: what a workflow's datasets are made of."""

import json
from datetime import UTC, datetime

import click

from fwf.cli.output import stdout_kept_for, tell, tell_json
from fwf.cli.program import common
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import load

PRODUCER = "https://pypi.org/project/fwf/"


@click.command("lineage")
@click.option("--openlineage", is_flag=True, help="Write OpenLineage job events, a JSON list.")
@click.option("--namespace", default="fwf", show_default=True, help="Of the OpenLineage jobs.")
@click.option("--columns", is_flag=True, help="Insist on columns of SQL, which need fwf[lineage].")
@common
def command(target: str, openlineage: bool, namespace: str, columns: bool, as_json: bool) -> None:
    """Tell which datasets may be in which.

    \b
    fwf lineage examples/daily/workflow.py
    fwf lineage examples.daily.workflow --openlineage --namespace airflow-prod

    JSON: target, workflow, sources, intermediates, products (dataset, written_by, sources: data and
    control), tasks (path, task, reads, writes and, where something tells of columns, columns and
    columns_missing).
    """
    from fwf.interpreters.lineage import lineage as lineage_of

    with stdout_kept_for(as_json or openlineage):
        subject = load(target)
        try:
            datasets = lineage_of(subject.workflow, columns=columns or None)
        except ImportError as error:
            raise Misuse(str(error)) from error
    if openlineage:
        events = datasets.openlineage(
            time=datetime.now(UTC), namespace=namespace, producer=PRODUCER
        )
        tell(json.dumps(events, indent=2))
    elif as_json:
        tell_json({"target": target, "workflow": subject.name, **datasets.to_json()})
    else:
        tell(str(datasets))
