"""What is wrong with how a run went that crashed, beside one that never did?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from returns.result import Failure

from fwf.algebra.nodes import Always, LoopUntil, MapEach, Retry, Task, Timeout
from fwf.algebra.traverse import children
from fwf.algebra.workflow import Workflow
from fwf.derived import OnFailure
from fwf.durations import MICROSECOND
from fwf.faults import leaves
from laws.agreement import same_result

from .simulated_outside import NEAR, Doing, Step
from .simulated_runs import Story, uninterrupted
from .simulated_tasks import plain


def faults_of(story: Story, *, certain: bool = True) -> list[str]:
    """What is wrong with how a run went. `certain`: what was committed stayed so.

    One that had failed before it went on has another budget, and may end as it likes.
    """
    found = [*_keys(story, changed=story.outside.forgiven > 0)]
    found += _again(story) if certain else ()
    if story.outside.forgiven:
        return found
    return [*_outcome(story), *_lost(story), *found, *(_late(story) if certain else ())]


def _late(story: Story) -> Iterator[str]:
    """Nothing was waited for again, or for less long: where nothing else decides how long it takes.

    After a crash what was at work takes its time once more; all else goes on where it was.
    """
    case, took = story.case, story.outside.now
    if case.workers is not None or case.pools or story.deaths.jump or not _is_steady(case.w):
        return
    least, most = story.undisturbed.now, story.undisturbed.now + story.outside.lost
    if not least <= took <= most:
        yield f"time: it took {took} µs, not {least} to {most}"


def _is_steady(w: Workflow[Any, Any]) -> bool:
    """Whether how long a workflow takes is how long its parts do, each once for the run."""
    if isinstance(w, Always | OnFailure) or getattr(w, "fail_fast", False):
        return False
    if isinstance(w, MapEach) and (w.on_error == "fail_fast" or w.at_once is not None):
        return False
    if isinstance(w, Timeout) and w.within // MICROSECOND < NEAR:
        return False
    return all(_is_steady(part) for part in children(w))


def faults_after_failure(story: Story) -> list[str]:
    """What is wrong with a run that failed, and was gone on with after its tasks were mended.

    Nothing is done again that was done, and all that counts makes one run: that of tasks which do
    at once what they did the last time.
    """
    found = [*_keys(story, changed=True), *_again(story)]
    case, results = story.case, story.outside.results

    def plays(step: Step, task: Task[Any, Any]) -> Doing:
        known = results.get((step.path, step.tries))
        return case.plays(step, task) if known is None else known

    if not _has_budgets(case.w):
        whole, _ = uninterrupted(replace(case, plays=plays))
        if not same_result(whole.result, story.ran.result):
            found.append(f"wrong: it ended as {story.ran.result!r}, not as {whole.result!r}")
        elif story.ran.degraded != whole.degraded:
            found.append(f"wrong: degraded at {story.ran.degraded!r}, not at {whole.degraded!r}")
    elif isinstance(story.ran.result, Failure):
        tags = {tag for leaf in leaves(story.ran.result.failure()) for tag in leaf.tags}
        found += [f"held: {tag}" for tag in sorted(tags & {"Changed", "InDoubt", "Unreadable"})]
    return found


def _has_budgets(w: Workflow[Any, Any]) -> bool:
    """Whether anything in it begins with a fresh budget after a failure."""
    if isinstance(w, Retry) or (isinstance(w, LoopUntil) and _begins_anew(w)):
        return True
    return any(_has_budgets(part) for part in children(w))


def _begins_anew(loop: LoopUntil[Any, Any]) -> bool:
    """Whether a loop that failed for its limit has as many rounds, or as much time, again."""
    if loop.within is not None and loop.within // MICROSECOND < NEAR:
        return True
    return loop.on_limit == "fail"


def _outcome(story: Story) -> Iterator[str]:
    if not same_result(story.ran.result, story.once.result):
        yield f"wrong: it ended as {story.ran.result!r}, not as {story.once.result!r}"
    elif story.ran.degraded != story.once.degraded:
        yield f"wrong: degraded at {story.ran.degraded!r}, not at {story.once.degraded!r}"


def _keys(story: Story, *, changed: bool = False) -> Iterator[str]:
    """Each step has one key, which no other has, in every run; `changed`: one for each input."""
    of: dict[tuple[str, str], str] = {}
    whose: dict[str, str] = {}
    for effect in (*story.undisturbed.effects, *story.outside.effects):
        if effect.lent:  # another one once it has been given back
            continue
        step = effect.path, repr(plain(effect.value)) if changed else ""
        if of.setdefault(step, effect.key) != effect.key:
            yield f"key: {effect.path} came with another one"
        if whose.setdefault(effect.key, effect.path) != effect.path:
            yield f"key: {effect.path} has that of {whose[effect.key]}"
        if not effect.key:
            yield f"key: {effect.path} came without one"


def _lost(story: Story) -> Iterator[str]:
    """What is done in every run was done in this one, on the same input, and nothing else was."""
    wanted, found = (
        {(each.path, each.tries, repr(each.value)) for each in outside.effects if each.free}
        for outside in (story.undisturbed, story.outside)
    )
    for path, tries, value in sorted(wanted - found):
        yield f"lost: {path} {tries} on {value}"
    for path, tries, value in sorted(found - wanted):
        yield f"beside: {path} {tries} on {value}, which it would never have done"


def _again(story: Story) -> Iterator[str]:
    outside = story.outside
    for start, ended in outside.again:
        yield f"again, though {ended}: {start.path} {start.tries}, process {start.process}"
    for start in outside.undone:
        yield f"finalised again: {start.path} {start.tries}, process {start.process}"
    for start in outside.dead:
        yield f"given back: {start.path} {start.tries}, process {start.process}"
    for start in outside.late:
        yield f"late: {start.path} {start.tries}, process {start.process}"
