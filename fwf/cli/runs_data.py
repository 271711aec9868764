"""Runs as JSON has them: in a list, and one with all its tries and steps."""

from fwf.cli.told_runs import RunSummary, Whole, local
from fwf.durations import SECOND
from fwf.journal.story import Step
from fwf.telling.advice import advice


def as_data(run: RunSummary) -> dict[str, object]:
    """A run as JSON has it."""
    row = run.row
    places = run.story.inside if run.story is not None else ()
    return {
        "id": row.id,
        "state": run.state,
        "workflow": row.workflow,
        "parameters": row.facts.get("shown", {}),
        "generation": row.generation,
        "tries": row.tries,
        "started": local(row.started),
        "changed": local(row.changed),
        "ended": None if row.ended is None else local(row.ended),
        "seconds": None if run.took is None else run.took / SECOND,
        "inside": [{"path": each.path, "attempt": each.attempt} for each in places],
        "failed": None if run.degraded else run.first_failure or None,
        "degraded": list(run.degraded),
    }


def as_story(run: Whole, journal: str | None) -> dict[str, object]:
    """A run with all its tries and steps, as JSON has it."""
    story = run.story
    return {
        **as_data(RunSummary(run.row, run.state, story, "", story.degraded, run.overtaken)),
        "target": run.row.facts.get("target"),
        "attempts": [
            {
                "number": each.number,
                "started": local(each.started),
                "ended": None if each.ended is None else local(each.ended),
                "outcome": each.outcome,
                "by": each.who,
                "again": list(each.again),
                "why": each.why,
                "fault": each.fault,
            }
            for each in story.tries
        ],
        "steps": [_step_data(step) for step in story.steps.values()],
        "next": [
            each._asdict()
            for each in advice(run.row, story, overtaken=run.overtaken, journal=journal)
        ],
    }


def _step_data(step: Step) -> dict[str, object]:
    return {
        "path": step.path,
        "state": step.state,
        "from_try": step.value_try,
        "caught": step.caught,
        "resolved": step.decision and {**step.decision._asdict(), "at": local(step.decision.at)},
        "attempts": [
            {
                "try": each.number,
                "tries": each.tries,
                "task": each.task,
                "attempt": each.attempt,
                "start": local(each.start),
                "end": None if each.end is None else local(each.end),
                "ending": each.ending,
                "rows": each.rows,
                "fault": each.fault,
            }
            for each in step.attempts
        ],
    }
