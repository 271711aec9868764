"""The issues of a target, as lines for people or as JSON."""

from collections.abc import Sequence
from typing import Final

from fwf.cli import resources_beside
from fwf.cli.output import tell, tell_json
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target
from fwf.faults import Issue, counted, near
from fwf.interpreters.check import RULES, check
from fwf.printing import one_line

_NAMES: Final = (*RULES, *resources_beside.RULES)
_ALL: Final = f"the rules are {', '.join(_NAMES)}"
SEVERITIES: Final = ("error", "warning", "note")


def refuse_unknown(silence: Sequence[str]) -> None:
    """Raise `Misuse` for rules that there are not."""
    wrong = [
        f"--silence {name}: there is no such rule{near(name, _NAMES) or f'; {_ALL}'}"
        for name in silence
        if name not in _NAMES
    ]
    if wrong:
        raise Misuse(*wrong)


def tell_issues(target: Target, issues: Sequence[Issue], *, as_json: bool) -> int:
    """Write a line for each issue and one that counts them ⟶ the exit status: 1 for errors."""
    counts = {f"{each}s": _count(issues, each) for each in SEVERITIES}
    if as_json:
        each_issue = list(map(as_data, issues))
        tell_json({"target": target.text, "workflow": target.name, "issues": each_issue, **counts})
    else:
        for issue in issues:
            tell(one_line(f"{issue.severity}: {issue}"))
        totals = [counted(_count(issues, each), each) for each in SEVERITIES if counts[f"{each}s"]]
        tell(f"{target.name}: {', '.join(totals) or 'no issues'}")
    return 1 if counts["errors"] else 0


def errors_of(target: Target, journal: str | None) -> list[Issue]:
    """What `check` calls an error, so that a run isn't started."""
    issues = check(target.workflow, journal=journal)
    return [issue for issue in issues if issue.severity == "error"]


def refuse_errors(
    target: Target, errors: Sequence[Issue], others: Sequence[str], *, as_json: bool
) -> None:
    """Raise `Misuse` if a workflow has errors, or if there is other misuse; in JSON the errors."""
    if errors and as_json:
        about = {"target": target.text, "workflow": target.name, "outcome": "refused"}
        tell_json({**about, "issues": list(map(as_data, errors))})
    lines = [one_line(str(each)) for each in errors if one_line(_unnamed(each)) not in others]
    if errors:
        lines.append(f"{target.name} isn't run: {counted(len(errors), 'error')}; --anyway runs it")
    if others or errors:
        raise Misuse(*others, *lines)


def _unnamed(issue: Issue) -> str:
    """An issue without its rule, as misuse tells of what a run can't be given."""
    return str(issue).removesuffix(f" [{issue.rule}]")


def as_data(issue: Issue) -> dict[str, object]:
    """An issue as JSON has it."""
    return {
        "path": issue.path,
        "rule": issue.rule,
        "severity": issue.severity,
        "message": issue.message,
    }


def _count(issues: Sequence[Issue], severity: str) -> int:
    return sum(issue.severity == severity for issue in issues)
