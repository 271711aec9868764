"""What a run and its steps are named by: alike whenever the same work is done, and only then.

A run's key is made of

- the workflow's name; of one without a name, its `definition_id`, which any edit changes;
- the parameters that had to be given (those with a default tune a run, and don't rename it); or the
  text that the caller gave as `key=`;
- the input, where it has a canonical form.

A step's key is made of that and its path, with the items and rounds that it is in. Attempts are not
in it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, final

from fwf.algebra.contract import IdempotencyKey, RunInfo
from fwf.algebra.nodes import AsResult, InPool, Named, Retry, Task, Timeout, WithParams
from fwf.algebra.plain_values import digest, encode
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.canonical import Nameless, canonical
from fwf.analysis.identity import definition_id
from fwf.analysis.requirements import Requirements
from fwf.analysis.wants import places
from fwf.faults import Issue

KEYED: Final = IdempotencyKey.__name__
_TOLD: Final = frozenset({KEYED, RunInfo.__name__})
"""Facts of which the run's key is a part."""


def name_of(w: AnyWorkflow) -> str | None:
    """Workflow ⟶ what its runs are known by: its name, or that of the task that it is.

    Wrappers that add nothing to paths are looked through, so that a retry more renames nothing.
    """
    while isinstance(w, Retry | Timeout | AsResult | InPool | WithParams):
        w = w.body
    return w.name if isinstance(w, Named | Task) else None


def required_names(required: Requirements) -> list[str]:
    """What names a run of the parameters: those that had to be given."""
    return [each.name for each in (*required.parameters, *required.unknown) if not each.optional]


def check_key(where: str, key: object) -> None:
    """Raise unless what the caller names a run by is a text, or nothing."""
    if key is not None and (not isinstance(key, str) or not key.strip()):
        error = ValueError if isinstance(key, str) else TypeError
        raise error(f"{where}(key={key!r}): needs a text that names the run, such as '2026-06-01'")


@final
class RunName:
    """What one run is named by. Costs nothing until somebody asks."""

    __slots__ = (
        "_generation", "_key", "_own_key", "_params", "_required", "_spread", "_text", "_value",
    )  # fmt: skip

    def __init__(
        self, required: Requirements, params: Mapping[str, object], value: object, key: str | None
    ) -> None:
        self._required = required
        self._params = params
        self._value = value
        self._own_key = key
        self._generation = 1
        self._key: str | None = None
        self._text: bytes | None = None
        self._spread: bytes | None = None

    @classmethod
    def of_other_process(cls, required: Requirements, key: str | None, spread: bytes) -> "RunName":
        """The name of a run of which another process knows what it is named by."""
        name = cls(required, {}, None, None)
        name._key, name._text, name._spread = key, b"", spread
        return name

    @property
    def required(self) -> Requirements:
        """What the workflow requires."""
        return self._required

    @property
    def own_key(self) -> str | None:
        """The text that the caller named it by."""
        return self._own_key

    @property
    def key(self) -> str | None:
        """The run's key; None where a parameter or the input has no canonical form."""
        if self._key is None and self._values_text:
            try:
                key = digest(encode(self._whose()), self._values_text).hex()
            except Nameless:
                return None
            again = self._generation > 1
            self._key = digest(encode((key, self._generation))).hex() if again else key
        return self._key

    def again(self, generation: int) -> "RunName":
        """The name of the same run, done anew for so many times: what it writes has other keys."""
        name = RunName(self._required, self._params, self._value, self._own_key)
        name._generation = generation
        return name

    def _whose(self) -> tuple[str, str]:
        """Which workflow's run it is; raises `Nameless` where a codec in its definition raises."""
        w = self._required.workflow
        name = name_of(w)
        if name is not None:
            return "name", name
        try:
            return "definition", definition_id(w)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever somebody's codec raises
            error_name = type(error).__qualname__
        raise Nameless(None, f"holds a value whose codec raised {error_name}")

    def settle(self) -> None:
        """Work the key out now if a task is told it: a task may change the input meanwhile."""
        if not _TOLD.isdisjoint(self._required.facts):
            _ = self.key

    @property
    def spread(self) -> bytes:
        """What jitter draws by: the same without the definition, as far as it is known.

        A workflow whose tasks are played by a script has another, and waits as long.
        """
        if self._spread is not None:
            return self._spread
        return digest(encode(name_of(self._required.workflow)), self._values_text)

    @property
    def _values_text(self) -> bytes:
        """What tells the runs of one workflow apart; nothing where that can't be said."""
        if self._text is None:
            try:
                self._text = self._text_of_values()
            except Nameless:
                self._text = b""
        return self._text

    def _text_of_values(self) -> bytes:
        """Parameters or the caller's key, then the input; raises `Nameless`."""
        if self._own_key is None:
            params = [(name, canonical(self._params[name])) for name in self._names]
            return encode(("params", *params)) + canonical(self._value)
        try:
            value = canonical(self._value)
        except Nameless:  # the caller's key stands for it
            value = b""
        return encode(("key", self._own_key)) + value

    @property
    def _names(self) -> list[str]:
        return sorted(name for name in required_names(self._required) if name in self._params)

    def problems(self) -> Iterator[Issue]:
        """All that keeps the run from having a key, if a task asks for its own."""
        if KEYED not in self._required.facts or self.key is not None:
            return
        parts: list[tuple[str, Callable[[], object]]] = [("its definition", self._whose)]
        if self._own_key is None:
            parts.append(("the input", partial(canonical, self._value)))
            parts += [
                (f"parameter {name!r}", partial(canonical, self._params[name]))
                for name in self._names
            ]
        for what, look in parts:
            try:
                look()
            except Nameless as error:
                yield self._nameless(what, error)

    def _nameless(self, what: str, error: Nameless) -> Issue:
        path, task = next(
            (here.path, here.node.name)
            for here in places(self._required.workflow)
            if isinstance(here.node, Task) and here.node.contract.keyed
        )
        remedy = "name it with key='…', or give plain data or a dataclass, or register a codec"
        if what == "its definition":
            remedy = "name the workflow: named('daily', …)"
        return Issue(
            path,
            "nameless-run",
            f"{task} asks for an {KEYED}, but nothing names this run: {what}{error}; {remedy}",
        )


def step_key(run_key: str, path: str) -> IdempotencyKey:
    """Run's key, path of a step ⟶ the step's: alike for every attempt and every repeated run."""
    where = path.encode("utf-8", "surrogatepass")
    return IdempotencyKey(digest(run_key.encode(), b"\0", where).hex())
