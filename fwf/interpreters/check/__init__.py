"""What is wrong with a workflow, found without running it: all at once, each with its path."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, cast

from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.faults import Issue, near
from fwf.interpreters.check import (
    control,
    data,
    effects,
    journal_rules,
    mark_rules,
    name_rules,
    tags,
)
from fwf.interpreters.check.silence import is_silent, silent_paths, unknown_rule
from fwf.interpreters.check.subject import Subject
from fwf.records import changed

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RULES", "check"]

RULES: dict[str, Callable[[Subject], Iterable[Issue]]] = {
    "parameter-type": name_rules.parameter_type,
    "untyped-parameter": name_rules.untyped_parameter,
    "unused-binding": name_rules.unused_binding,
    "two-functions": name_rules.two_functions,
    "unnamed-keys": name_rules.unnamed_keys,
    "unreachable-arm": control.unreachable_arm,
    "unreachable-handler": control.unreachable_handler,
    "misspelt-tag": tags.misspelt_tag,
    "waits-exceed-timeout": control.waits_exceed_timeout,
    "short-schedule": control.short_schedule,
    "repeated-unrepeatable": effects.repeated_unrepeatable,
    "cut-writer": effects.cut_writer,
    "concurrent-writes": effects.concurrent_writes,
    "untimed-finaliser": effects.untimed_finaliser,
    "loose-mark": mark_rules.loose_mark,
    "undeclared-effect": effects.undeclared_effect,
    "positional-join": data.positional_join,
    "crossed-join": data.crossed_join,
    "dropped-value": data.dropped_value,
    "local-file": journal_rules.local_file,
    "unkept-result": journal_rules.unkept_result,
    "unknown-rule": lambda subject: unknown_rule(subject, RULES),
}
"""Every rule by the name that its issues carry, and that silences it."""
MAX_ISSUES = 100
"""Of one rule; a path in a deep workflow is long, and nobody reads on."""


def check(
    w: AnyWorkflow,
    /,
    *,
    silence: str | Sequence[str] = (),
    strict: bool = False,
    journal: "str | Path | None" = None,
) -> tuple[Issue, ...]:
    """Workflow ⟶ everything that is wrong or doubtful, ordered by path.

    An issue is an `error` (a run would go wrong), a `warning` (it may) or a `note` (worth
    knowing). A part that occurs in many places is reported at the first.

    silence: names of rules to leave out; an issue names its rule. For a part of the workflow alone
        it is a note of its name: `named("load", w, silence="concurrent-writes")`.
    strict: makes an error of tasks that don't declare their effect.
    journal: where its runs will be kept, if that is known: what a task gives must be such as a
        journal can keep. At an address, `postgresql://…`, it is for machines that don't keep their
        disks, so that no step may leave a file for another.

    >>> from fwf import branch, const, fail, param
    >>> for issue in check(branch(param("day") == "today", then=const(1), otherwise=fail("Late"))):
    ...     print(issue)
    then: the type of 'day' is not known, so what is given can't be checked: annotate it in the
    task, or write param('day', type) [untyped-parameter]
    """
    silent = _silent_rules((silence,) if isinstance(silence, str) else silence)
    subject = Subject(as_workflow(w, "check"), journal=None if journal is None else str(journal))
    quiet = silent_paths(subject)
    issues = [
        issue
        for name in RULES
        if name not in silent
        for issue in _issues(name, subject, quiet.get(name, ()))
    ]
    if strict:
        issues = [_strictly(issue) for issue in issues]
    return tuple(sorted(dict.fromkeys(issues), key=_order))


def _issues(name: str, subject: Subject, quiet: Collection[str]) -> Iterator[Issue]:
    issues = (issue for issue in RULES[name](subject) if not is_silent(issue, quiet))
    yield from islice(issues, MAX_ISSUES)
    if next(issues, None) is not None:
        yield Issue("", name, f"there are more than {MAX_ISSUES:,} of these", "note")


def _silent_rules(silence: Sequence[str]) -> frozenset[str]:
    if not isinstance(cast(object, silence), Iterable):
        raise TypeError(f"check(silence={silence!r}): needs the name of a rule, or several")
    for name in silence:
        if name not in RULES:
            remedy = near(str(name), RULES) or f"; rules are {', '.join(RULES)}"
            raise ValueError(f"check(silence={name!r}): there is no such rule{remedy}")
    return frozenset(silence)


def _strictly(issue: Issue) -> Issue:
    return changed(issue, severity="error") if issue.rule == "undeclared-effect" else issue


def _order(issue: Issue) -> tuple[str, str, str]:
    return (issue.path, issue.rule, issue.message)
