"""Wrong interpreters that get failures, attempts, deadlines and finalisers wrong."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import Any

from returns.result import Failure, Result

from fwf.algebra.nodes import (
    Always,
    AsResult,
    Fallback,
    FromResult,
    Node,
    Par,
    Retry,
    Task,
    Timeout,
)
from fwf.algebra.schedule import Jitter, delays, each, every
from fwf.combinators import delay
from fwf.faults import BadInput, Both, Failed, Interrupted, Then, TimedOut
from fwf.records import changed

from . import always, fallback, par, results, retry, schedules, timeout
from .broken import Broken, Here, mutant
from .denotation import FOREVER, End, Err, Int, Ok, after, caught, finished, micros

# Side by side


@mutant(Par, par.all_parts_run_to_their_end)
def parts_never_settle(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """The first failure cuts all other parts, whether it should or not."""
    return m.page(changed(w, fail_fast=True), here)


@mutant(Par, par.fast_cuts)
def parts_always_settle(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """The first failure cuts nothing, though it should."""
    return m.page(changed(w, fail_fast=False), here)


@mutant(Par, par.both_causes_are_told)
def one_cause_is_told(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """Of the causes of several parts only the first is kept."""
    end = m.page(w, here)
    if isinstance(end.o, Err) and isinstance(end.o.cause, Both):
        return end._replace(o=Err(end.o.cause.causes[0]))
    return end


@mutant(Par, par.fast_unites_ties)
def ties_have_a_winner(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """Of failures at the same time the leftmost counts."""
    return one_cause_is_told.clause(m, w, here) if w.fail_fast else m.page(w, here)


@mutant(Par, par.a_cut_beats_a_failure)
def failures_beat_cuts(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """Parts that were cut don't matter beside one that failed."""
    end = m.page(w, here)
    failed = [part.o for part in (m.part(w, i, here) for i in range(len(w.parts)))
              if isinstance(part.o, Err)]  # fmt: skip
    return end._replace(o=failed[0]) if isinstance(end.o, Int) and failed else end


@mutant(Par, par.fast_tells_of_finalisers)
def finalisers_of_cut_parts_are_mute(m: Broken, w: Par[Any, Any], here: Here) -> End:
    """What fails while a part is being cut isn't told."""
    end = m.page(w, here)
    if w.fail_fast and isinstance(end.o, Err) and isinstance(end.o.cause, Then):
        return end._replace(o=Err(end.o.cause.causes[0]))
    return end


# Attempts


@mutant(Retry, retry.every_delay_passes)
def a_delay_is_forgotten(m: Broken, w: Retry[Any, Any], here: Here) -> End:
    """There is no wait before the second attempt."""
    later = islice(each(w.wait), 1, w.attempts - 1)
    return m.page(changed(w, wait=delays(timedelta(0), *later)), here)


@mutant(Retry, retry.every_delay_passes)
def delays_stay_the_same(m: Broken, w: Retry[Any, Any], here: Here) -> End:
    """Every wait is as long as the first one."""
    first = next(each(w.wait), None)
    return m.page(w if first is None else changed(w, wait=every(first)), here)


@mutant(Retry, schedules.jitter_is_no_longer)
def jitter_leaves_its_bounds(m: Broken, w: Retry[Any, Any], here: Here) -> End:
    """Jitter may make delays longer than its upper bound says."""
    wait = w.wait
    return m.page(changed(w, wait=changed(wait, high=3.0)) if isinstance(wait, Jitter) else w, here)


@mutant(Retry, schedules.jitter_nests)
def jitter_goes_by_outer_attempts(m: Broken, w: Retry[Any, Any], here: Here) -> End:
    """Another attempt of what is around draws other delays."""
    own_run, m.run = m.run, m.run + repr(here.at.tries).encode()
    end = m.page(w, here)
    m.run = own_run
    return end


@mutant(Retry, retry.once)
def one_attempt_too_many(m: Broken, w: Retry[Any, Any], here: Here) -> End:
    """There are as many retries as there should be attempts."""
    return m.page(changed(w, attempts=w.attempts + 1), here)


@mutant(Retry, retry.an_empty_schedule)
def the_last_delay_repeats(m: Broken, w: Retry[Any, Any], here: Here) -> End:
    """A schedule that has ended goes on without delays."""
    word = islice(each(w.wait), w.attempts - 1)
    return m.page(changed(w, wait=delays(*word, *[timedelta(0)] * w.attempts)), here)


@mutant(Retry, retry.of_a_defect)
def defects_are_retried(m: Broken, w: Retry[Any, Any], here: Here) -> End:
    """Without a filter everything is retried, wrong programs too."""
    rest = islice(each(w.wait), 1, w.attempts - 1)
    first = next(each(w.wait), None)
    if w.on or w.attempts == 1 or first is None:
        return m.page(w, here)
    again: Any = delay(first) >> changed(w, attempts=w.attempts - 1, wait=delays(*rest))
    return m.of(Fallback[Any, Any](w.body, again, ()), *here)


@mutant(Retry, retry.another_error)
def every_error_is_retried(m: Broken, w: Retry[Any, Any], here: Here) -> End:
    """The filter is ignored."""
    return m.page(changed(w, on=()), here)


@mutant(object, retry.moves_across_pure_before)
def attempts_start_where_the_last_one_failed(m: Broken, w: Node, here: Here) -> End:
    """Another attempt gets the value that the failed one had got to."""
    if not isinstance(w, Retry) or w.attempts == 1 or next(each(w.wait), None) is None:
        m.memory["x"] = here.x
        return m.page(w, here)
    end = m.page(changed(w, attempts=1), here)
    if isinstance(end.o, Err) and caught(w.on, end.o.cause):
        rest = delays(*islice(each(w.wait), 1, w.attempts - 1))
        again: Any = delay(next(each(w.wait))) >> changed(w, attempts=w.attempts - 1, wait=rest)
        return after(end, m.of(again, *here._replace(x=m.memory["x"], s=end.e, h=end.h)))
    return end


# Other ways


@mutant(object, fallback.the_handler_gets_the_input)
def handlers_start_where_it_failed(m: Broken, w: Node, here: Here) -> End:
    """The handler gets the value that the first way had got to."""
    if not isinstance(w, Fallback):
        m.memory["x"] = here.x
        return m.page(w, here)
    end = m.part(w, 0, here)
    if isinstance(end.o, Err) and caught(w.on, end.o.cause, all_of_them=True):
        there = here._replace(x=m.memory["x"], s=end.e, h=end.h)
        return after(end, m.part(w, 1, there))
    return end


@mutant(Fallback, retry.without_delay)
def handlers_forget(m: Broken, w: Fallback[Any, Any], here: Here) -> End:
    """What the first way attempted isn't known to the handler."""
    end = m.part(w, 0, here)
    if isinstance(end.o, Err) and caught(w.on, end.o.cause, all_of_them=True):
        return after(end, m.part(w, 1, here._replace(s=end.e)))
    return end


@mutant(Fallback, timeout.cannot_be_caught_inside)
def cuts_are_caught(m: Broken, w: Fallback[Any, Any], here: Here) -> End:
    """A handler starts when its way is cut."""
    end = m.part(w, 0, here)
    if isinstance(end.o, Int):
        return after(end, m.part(w, 1, here._replace(s=end.e, h=end.h)))
    return m.page(w, here)


@mutant(Fallback, fallback.failing_first)
def the_first_cause_wins(m: Broken, w: Fallback[Any, Any], here: Here) -> End:
    """When both ways fail the cause is that of the first."""
    end, first = m.page(w, here), m.part(w, 0, here)
    return end._replace(o=first.o) if isinstance(end.o, Err) else end


@mutant(Fallback, fallback.another_error)
def every_error_is_caught(m: Broken, w: Fallback[Any, Any], here: Here) -> End:
    """The filter is ignored."""
    return m.page(changed(w, on=()), here)


@mutant(Fallback, par.both_causes_are_told)
def one_matching_cause_will_do(m: Broken, w: Fallback[Any, Any], here: Here) -> End:
    """A filter matches when it matches one of several causes."""
    end = m.part(w, 0, here)
    if isinstance(end.o, Err) and set(w.on) & set(end.o.cause.tags):
        return m.page(changed(w, on=()), here)
    return m.page(w, here)


@mutant(Fallback, fallback.a_defect_is_caught)
def defects_are_not_caught(m: Broken, w: Fallback[Any, Any], here: Here) -> End:
    """Without a filter a handler passes wrong programs on."""
    end = m.part(w, 0, here)
    return m.page(w, here) if not isinstance(end.o, Err) or caught(w.on, end.o.cause) else end


# Results


@mutant(AsResult, results.a_cut_stays_cut)
def cuts_are_failures(m: Broken, w: AsResult[Any, Any], here: Here) -> End:
    """What is cut gives a result as well."""
    end = m.part(w, 0, here)
    if isinstance(end.o, Int):
        return end._replace(o=Ok(Failure(Interrupted())))
    return m.page(w, here)


@mutant(AsResult, results.of_a_failure)
def only_the_tag_is_kept(m: Broken, w: AsResult[Any, Any], here: Here) -> End:
    """A failure loses what it says."""
    end = m.part(w, 0, here)
    if isinstance(end.o, Err):
        return end._replace(o=Ok(Failure(Failed("", end.o.cause.tags, ""))))
    return m.page(w, here)


@mutant(AsResult, results.twice)
def results_are_not_wrapped_again(m: Broken, w: AsResult[Any, Any], here: Here) -> End:
    """The result of a result is that result."""
    end = m.part(w, 0, here)
    nested = isinstance(end.o, Ok) and isinstance(end.o.value, Result)
    return end if nested else m.page(w, here)


@mutant(FromResult, results.there_and_back)
def opened_faults_are_new(m: Broken, w: FromResult[Any, Any], here: Here) -> End:
    """A fault that was data is another one afterwards."""
    end = m.page(w, here)
    wrong = isinstance(end.o, Err) and not isinstance(end.o.cause, BadInput)
    return end._replace(o=Err(Failed("", ("Failure",), ""))) if wrong else end


@mutant(FromResult, results.of_what_is_no_result)
def what_is_no_result_passes(m: Broken, w: FromResult[Any, Any], here: Here) -> End:
    """A value that is no result comes out as it is."""
    end = m.page(w, here)
    wrong = isinstance(end.o, Err) and isinstance(end.o.cause, BadInput)
    return end._replace(o=Ok(here.x)) if wrong else end


# Deadlines


@mutant(Timeout, timeout.just_in_time)
def deadlines_are_exclusive(m: Broken, w: Timeout[Any, Any], here: Here) -> End:
    """What ends at its deadline is too late."""
    end = m.page(w, here)
    late = isinstance(end.o, Ok) and end.e == here.s + micros(w.within)
    return end._replace(o=Err(TimedOut("", w.within))) if late else end


@mutant(Task, timeout.ends_in_time)
def tasks_ignore_deadlines(m: Broken, w: Task[Any, Any], here: Here) -> End:
    """A task that has started isn't cut."""
    return m.page(w, here if here.s > here.D else here._replace(D=FOREVER))


@mutant(Timeout, timeout.of_all_attempts)
def each_attempt_has_its_own_clock(m: Broken, w: Timeout[Any, Any], here: Here) -> End:
    """A deadline around a retry starts again with each attempt."""
    body = w.body
    if isinstance(body, Retry):
        return m.of(changed(body, body=changed(w, body=body.body)), *here)
    return m.page(w, here)


@mutant(Timeout, timeout.nested)
def inner_deadlines_win(m: Broken, w: Timeout[Any, Any], here: Here) -> End:
    """An inner deadline replaces the one around it."""
    return m.page(w, here._replace(D=FOREVER))


@mutant(Timeout, timeout.a_later_one_inside)
def inner_deadlines_take_the_blame(m: Broken, w: Timeout[Any, Any], here: Here) -> End:
    """What an outer deadline cuts fails already at the inner one, where it can be caught."""
    end = m.page(w, here)
    return end._replace(o=Err(TimedOut("", w.within))) if isinstance(end.o, Int) else end


@mutant(Timeout, timeout.caught_around_it)
def outer_deadlines_take_the_blame(m: Broken, w: Timeout[Any, Any], here: Here) -> End:
    """Of two deadlines at one instant the outer one strikes first."""
    end = m.page(w, here)
    both_strike = here.s + micros(w.within) == here.D
    cut = both_strike and isinstance(end.o, Err) and "Timeout" in end.o.cause.tags
    return end._replace(o=Int()) if cut else end


@mutant(Timeout, timeout.too_late)
def deadlines_have_no_tag(m: Broken, w: Timeout[Any, Any], here: Here) -> End:
    """What isn't done in time stops like any cut, without an error."""
    end = m.page(w, here)
    struck = isinstance(end.o, Err) and "Timeout" in end.o.cause.tags
    return end._replace(o=Ok(here.x)) if struck else end


@mutant(Timeout, timeout.is_a_timeout_error)
def deadlines_have_one_tag(m: Broken, w: Timeout[Any, Any], here: Here) -> End:
    """What isn't done in time is no TimeoutError."""
    end = m.page(w, here)
    struck = isinstance(end.o, Err) and isinstance(end.o.cause, TimedOut)
    return end._replace(o=Err(Failed("", ("Timeout",), ""))) if struck else end


# Finalisers


@mutant(Always, always.in_a_row)
def finalisers_only_clean_up_failures(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """A finaliser doesn't run after success."""
    end = m.part(w, 0, here)
    return end if isinstance(end.o, Ok) else m.page(w, here)


@mutant(Always, always.runs_on_failure)
def finalisers_need_success(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """A finaliser doesn't run after a failure."""
    end = m.part(w, 0, here)
    return end if isinstance(end.o, Err) else m.page(w, here)


@mutant(Always, always.runs_on_interruption)
def finalisers_are_cut_too(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """A finaliser doesn't run after a cut."""
    end = m.part(w, 0, here)
    return end if isinstance(end.o, Int) else m.page(w, here)


@mutant(Always, always.cannot_be_interrupted)
def finalisers_obey_deadlines(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """A finaliser runs under the deadline of its work."""
    end = m.part(w, 0, here)
    final = after(end, m.part(w, 1, here._replace(s=end.e, h=end.h)))
    o = final.o if isinstance(final.o, Int) else finished(end.o, final.o)
    return final._replace(o=o)


@mutant(Always, always.the_first_cause_is_told)
def the_finaliser_has_the_last_word(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """The failure of a finaliser hides that of the work."""
    end = m.page(w, here)
    if isinstance(end.o, Err) and isinstance(end.o.cause, Then):
        return end._replace(o=Err(end.o.cause.causes[-1]))
    return end


@mutant(Always, always.after_pure)
def finalisers_fail_silently(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """The failure of a finaliser isn't one."""
    return m.page(w, here)._replace(o=m.part(w, 0, here).o)


@mutant(Always, timeout.finalisers_pass_it)
def a_cut_hides_the_finaliser(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """The failure of a finaliser after a cut isn't told."""
    end = m.page(w, here)
    return end._replace(o=Int()) if isinstance(end.o, Int) else end


@mutant(Always, always.pure_finaliser)
def finalisers_give_the_value(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """The value is that of the finaliser."""
    end, body = m.page(w, here), m.part(w, 0, here)
    final = m.part(w, 1, here._replace(s=body.e, h=body.h, D=FOREVER))
    return end._replace(o=final.o) if isinstance(end.o, Ok) else end


@mutant(Always, always.in_a_row)
def finalisers_get_the_output(m: Broken, w: Always[Any, Any], here: Here) -> End:
    """A finaliser gets what its work gave."""
    end = m.part(w, 0, here)
    if not isinstance(end.o, Ok):
        return m.page(w, here)
    then = here._replace(x=end.o.value, s=end.e, h=end.h, D=FOREVER)
    final = m.part(w, 1, then)
    return after(end, final)._replace(o=finished(end.o, final.o))
