"""How a scenario is written down: JSON or TOML, read strictly.

    seed = 7

    [tasks.orders]
    gives = {row_count = 3}
    takes = "5s"

    [tasks.rates]
    fails = ["shop.VendorDown", {tag = "shop.RateLimited", message = "slow", retry_after = "30s"}]
    takes = {normal = ["2s", "500ms"]}
    when_cut = "stops"

    [tasks.load.items.acme]
    fails = "shop.VendorDown"

    [paths."daily > par > visits"]
    takes = ["1m", "5m"]

Durations are texts such as "1m 30s", or numbers of seconds. `gives_each` and the lists in `fails`
and `takes` go attempt by attempt; `fails` may hold `null`, in TOML "", for an attempt that
succeeds. `when_cut`, "stops" or "works on", is what an attempt does that is cut.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast, final

from returns.result import safe

from fwf.faults import near
from fwf.forms.documents import as_written, json_of, text_of
from fwf.forms.duration_text import duration_of
from fwf.worlds.scenario import (
    Distribution,
    Failing,
    Scenario,
    ScenarioError,
    exponential,
    failing,
    lognormal,
    normal,
    uniform,
)

MAX_BYTES = 10_000_000
_ABSENT = object()


@safe(exceptions=(ScenarioError,))
def load(path: str) -> Scenario:
    """Path of a `.json` or `.toml` file ⟶ its scenario, or why it can't be read."""
    read = {".json": _from_json, ".toml": _from_toml}.get(path[-5:].lower())
    if read is None:
        raise ScenarioError(path, ["a scenario is a .json or a .toml file"])
    return read(text_of(path, MAX_BYTES, ScenarioError), path)


@safe(exceptions=(ScenarioError,))
def from_json(text: str) -> Scenario:
    """JSON ⟶ scenario, or why it can't be read."""
    return _from_json(text, "scenario")


@safe(exceptions=(ScenarioError,))
def from_toml(text: str) -> Scenario:
    """TOML ⟶ scenario, or why it can't be read."""
    return _from_toml(text, "scenario")


def _from_json(text: str, source: str) -> Scenario:
    return _read(json_of(text, source, ScenarioError), source)


def _from_toml(text: str, source: str) -> Scenario:
    import tomllib

    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(source, [f"isn't TOML: {error}"]) from None
    return _read(data, source)


def _read(data: Any, source: str) -> Scenario:
    reader = _ScenarioReader()
    scenario = reader.scenario(data)
    if reader.problems:
        raise ScenarioError(source, reader.problems)
    return scenario


_TOP = ("seed", "tasks", "paths")
_ENTRY = ("gives", "gives_each", "fails", "takes", "when_cut")


@final
class _ScenarioReader:
    """Reads on after a mistake, so that all of them are told."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def wrong(self, where: str, problem: str) -> None:
        self.problems.append(f"{where}: {problem}" if where else problem)

    def scenario(self, data: Any) -> Scenario:
        top = self.table("", data, _TOP)
        seed = top.get("seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int):
            self.wrong("seed", f"{seed!r} is not a whole number")
            seed = 0
        scenario = Scenario(seed)
        for name, entry in self.table("tasks", top.get("tasks", {})).items():
            at = f"tasks.{name}"
            fields = self.table(at, entry, (*_ENTRY, "items"))
            items = self.table(f"{at}.items", fields.pop("items", {}))
            scenario = self.build_script(at, scenario.task, name, fields) or scenario
            for item, inner in items.items():
                there = f"{at}.items.{item}"
                fields = self.table(there, inner, _ENTRY)
                scenario = (
                    self.build_script(there, scenario.task, name, fields, item=item) or scenario
                )
        for path, entry in self.table("paths", top.get("paths", {})).items():
            fields = self.table(f"paths.{path}", entry, _ENTRY)
            scenario = self.build_script(f"paths.{path}", scenario.at, path, fields) or scenario
        return scenario

    def table(self, where: str, data: Any, keys: tuple[str, ...] = ()) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.wrong(where, f"needs a table of keys and values, not {as_written(data)}")
            return {}
        fields = dict(cast("dict[str, Any]", data))
        for key in list(fields):
            if keys and key not in keys:
                close = near(key, keys) or f"; there are {', '.join(keys)}"
                self.wrong(where, f"there is no key {key!r}{close}")
                del fields[key]
        return fields

    def build_script(
        self,
        where: str,
        build: Callable[..., Scenario],
        name: str,
        fields: dict[str, Any],
        **more: Any,
    ) -> Scenario | None:
        if "gives_each" in fields and not isinstance(fields["gives_each"], list):
            self.wrong(f"{where}.gives_each", "needs a list, one output for each attempt")
            return None
        before = len(self.problems)
        if "fails" in fields:
            fields["fails"] = self.fails(f"{where}.fails", fields["fails"])
        if "takes" in fields:
            fields["takes"] = self.takes(f"{where}.takes", fields["takes"])
        if len(self.problems) > before:
            return None
        try:
            return build(name, **fields, **more)
        except (TypeError, ValueError) as error:
            self.wrong(where, str(error))
            return None

    def fails(self, where: str, data: Any) -> Any:
        if isinstance(data, list):
            each = enumerate(cast("list[object]", data), 1)
            return [
                None if one in (None, "") else self.failing(f"{where}[{n}]", one) for n, one in each
            ]
        return self.failing(where, data)

    def failing(self, where: str, data: Any) -> Failing | None:
        if isinstance(data, str) and data:
            return failing(data)
        if not isinstance(data, dict):
            self.wrong(where, f"needs an error's tag, not {as_written(data)}")
            return None
        fields = self.table(where, data, ("tag", "tags", "message", "retry_after"))
        tags = fields.get("tags", fields.get("tag"))
        tags = [tags] if isinstance(tags, str) else tags
        message = fields.get("message", "")
        if not isinstance(tags, list) or not isinstance(message, str):
            self.wrong(where, "needs a tag, which is a text, or a list of tags")
            return None
        after = fields.get("retry_after", _ABSENT)
        wait = None if after is _ABSENT else self.duration(f"{where}.retry_after", after)
        try:
            return failing(cast("list[str]", tags), message, retry_after=wait)
        except TypeError:
            self.wrong(where, "needs a tag, which is a text, or a list of tags")
            return None

    def takes(self, where: str, data: Any) -> Any:
        if isinstance(data, list):
            each = enumerate(cast("list[object]", data), 1)
            return [self.duration(f"{where}[{n}]", one) for n, one in each]
        if isinstance(data, dict):
            return self.distribution(where, cast("dict[str, Any]", data))
        return self.duration(where, data)

    def distribution(self, where: str, data: dict[str, Any]) -> Distribution | None:
        fields = self.table(where, data, tuple(_DISTRIBUTIONS))
        if len(fields) != 1:
            self.wrong(where, f"needs one of {', '.join(_DISTRIBUTIONS)}")
            return None
        ((name, arguments),) = fields.items()
        build, names = _DISTRIBUTIONS[name]
        several = cast("list[object]", arguments) if isinstance(arguments, list) else [arguments]
        if len(several) != len(names):
            self.wrong(f"{where}.{name}", f"needs {' and '.join(names)}")
            return None
        before = len(self.problems)
        read = [
            self.number(f"{where}.{name}", one) if kind == "sigma" else self.duration(where, one)
            for kind, one in zip(names, several, strict=True)
        ]
        if len(self.problems) > before:
            return None
        try:
            return build(*read)
        except ValueError as error:
            self.wrong(where, str(error))
            return None

    def number(self, where: str, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.wrong(where, f"needs a number, not {as_written(data)}")
            return 0
        return data

    def duration(self, where: str, data: Any) -> timedelta:
        duration_or_problem = duration_of(data)
        if isinstance(duration_or_problem, timedelta):
            return duration_or_problem
        self.wrong(where, duration_or_problem)
        return timedelta(0)


_DISTRIBUTIONS: dict[str, tuple[Callable[..., Distribution], tuple[str, ...]]] = {
    "uniform": (uniform, ("low", "high")),
    "normal": (normal, ("mean", "deviation")),
    "lognormal": (lognormal, ("median", "sigma")),
    "exponential": (exponential, ("mean",)),
}
