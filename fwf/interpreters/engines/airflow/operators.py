"""Our operator: it looks at what came, asks the worker in its own process, hands on the answer.

What goes from task to task is the text of the worker's JSON, so that nothing of Airflow's reads
anything into it. There are no fields that are templates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final, NoReturn, cast, final

from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.airflow.doing import (
    ABSENT,
    CAME,
    Context,
    Ended,
    Missing,
    begun,
    chunks,
    done,
    gathered,
    item_done,
    listed,
)
from fwf.interpreters.engines.airflow.installed import Sdk
from fwf.interpreters.engines.airflow.steps import Plan, Step
from fwf.interpreters.engines.airflow.told import Log, fault_in
from fwf.interpreters.engines.worker.call_forms import Unclear
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.printing import printable
from fwf.records import changed, record
from fwf.secrets import masked

VALUE: Final = "fwf_value"
KEY: Final = "fwf_key"
GENERATION: Final = "fwf_generation"
"""Parameters of a DAG that aren't the workflow's: its input, what names the run in place of its
parameters, and how often that is done anew."""
ITEM: Final = "fwf_item"
"""By which a mapped task's key is shown."""
FAILED: Final = "fwf-failed"
"""The key by which a task that has failed hands on how; for people, since no task starts."""
_AGAIN: Final = "fwf-again"


@final
class Again(Exception):
    """A task is tried again, in so many seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"tried again in {wait} s, as its retry says; what failed stands above")
        self.wait = wait


@final
@record(eq=False)
class Worker:
    """What the tasks of one DAG go by: the plan, the workflow with what there is for it.

    start: what of a start isn't a parameter, such as the store.
    params: from a run's data interval to the parameters that it gives.
    """

    plan: Plan
    loaded: Loaded
    start: Mapping[str, Json]
    params: Callable[[datetime | None, datetime | None], Mapping[str, Json]]

    def asking(self, step: Step, log: Log, again: int) -> Callable[[Mapping[str, Any]], Context]:
        """What asks the worker, in this process, for one task.

        again: how many times it was cleared, or a number that grows with that.
        """
        loaded = self.loaded
        if step.pool is not None:  # of which the task has one slot, and no more
            loaded = changed(loaded, pools=dict.fromkeys(loaded.required.pools, 1))

        def ask(call: Mapping[str, Any]) -> Context:
            more = {"again": again} if again and call["do"] == "run" else {}
            return answer_call({**call, **more}, load=lambda _: loaded, observe=log.note)

        return ask


def operator_class(air: Sdk, worker: Worker) -> Any:
    """Airflow, what the tasks go by ⟶ the class of all operators of one DAG."""
    steps = {step.id: step for step in worker.plan.steps}
    base: Any = air.sdk.BaseOperator

    class FwfTask(base):  # type: ignore[misc]
        """A task of a workflow; which one, its id says."""

        template_fields = ()
        ui_color = "#e8f0e4"

        def __init__(self, *, at: Any = None, **options: Any) -> None:
            super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]
            self.at = at

        def execute(self, context: Any) -> Any:
            """Do it; what it gives is handed on, and how it failed stands in the log."""
            return _Doing(air, worker, steps[self.task_id], context, self.log).execute()

    return FwfTask


def policy_of(air: Sdk) -> Any:
    """Airflow ⟶ a retry policy that does as the worker says."""
    base: Any = air.policy
    decision = air.sdk.RetryDecision

    class AsTheWorkerSays(base):  # type: ignore[misc]
        """A task is tried again when its retry says so, and else not."""

        def evaluate(self, exception: BaseException, *_: Any, **__: Any) -> Any:
            """What becomes of a task that has raised this."""
            if isinstance(exception, Again):
                return decision.retry(timedelta(seconds=exception.wait))
            return decision.fail()

        def serialize(self) -> dict[str, Any]:
            return {}

    return AsTheWorkerSays()


@final
class _Doing:
    """One try of one task."""

    def __init__(self, air: Sdk, worker: Worker, step: Step, context: Any, log: Any) -> None:
        self._air = air
        self._worker = worker
        self._step = step
        self._context = context
        self._ti = context["ti"]
        self._log = Log(log)
        self._again, self._remembered = self._before()
        self._ask = worker.asking(step, self._log, self._again)

    def execute(self) -> Any:
        try:
            end = self._ended()
        except (Missing, Unclear) as error:
            raise self._air.failed(str(error)) from None
        match end.how:
            case "ok":
                return self._hand_on(end)
            case "absent":
                return self._skip()
            case "again":
                self._remember(end.context)
                raise Again(end.wait)
            case "failed":
                self._fail(end.context)

    def _ended(self) -> Ended:
        step, pull, ask = self._step, self._pull, self._ask
        match step.kind:
            case "begin":
                return begun(step, ask, self._start())
            case "call":
                return done(step, pull, ask, again=self._remembered)
            case "spread":
                return listed(step, pull, ask, self._most())
            case "item":
                at = self._ti.map_index
                return item_done(step, at, pull, ask, again=self._remembered)
            case "gather":
                return gathered(step, pull, ask, self._items())

    # How it ends

    def _hand_on(self, end: Ended) -> Any:
        step, context = self._step, end.context
        fault = fault_in(context)
        if fault is not None:  # of an item whose failure is a value
            self._log.tell(fault)
        if step.kind == "item":
            at = self._ti.map_index
            self._push(CAME, {"at": at, "out": context["out"]})
            return None
        for key, items in chunks(end.items).items():
            self._push(key, items)
        self._push(CAME, context)
        return list(range(len(end.items))) if step.kind == "spread" else None

    def _skip(self) -> Any:
        self._push(CAME, ABSENT)
        if self._step.kind == "spread":
            return []  # a mapped task needs a list, or the run fails
        raise self._air.skipped("it isn't in the arm that was taken")

    def _fail(self, context: Context) -> NoReturn:
        self._push(FAILED, context)
        fault = fault_in(context)
        if fault is not None:
            self._log.tell(fault)
        raise self._air.failed(printable(masked(str(fault))))

    # What came, and what is handed on

    def _pull(self, task: str, key: str) -> Json:
        return _read(self._ti.xcom_pull(task_ids=task, key=key, map_indexes=None))

    def _push(self, key: str, value: object) -> None:
        self._ti.xcom_push(key=key, value=json.dumps(value))

    def _items(self) -> Callable[[int], Json]:
        """From an item's number to how it ended."""
        task = self._step.behind[0]
        texts = self._ti.xcom_pull(task_ids=[task], key=CAME)
        by_number = {each["at"]: each["out"] for each in map(_read, texts) if each is not None}
        return by_number.get

    def _most(self) -> int:
        conf = import_module("airflow.sdk.configuration").conf
        return cast(int, conf.getint("core", "max_map_length", fallback=1024))

    # Tries

    def _tries(self) -> Any:
        """Where something is kept from try to try; None before Airflow 3.3."""
        retried = self._step.retried is not None and self._air.tries_again
        return self._context["task_state_store"] if retried else None

    def _before(self) -> tuple[int, Context | None]:
        """The number of tries before somebody cleared the task; what the last try has kept since.

        Whoever clears a task gives it more tries.
        """
        tries = self._tries()
        state: Any = None if tries is None else _read(tries.get(_AGAIN))
        if state and state["most"] == self._ti.max_tries:
            return state["before"], state["context"]
        return self._ti.try_number - 1, None

    def _remember(self, context: Context) -> None:
        """Keep what the next try goes on from."""
        state = {"most": self._ti.max_tries, "before": self._again, "context": context}
        self._tries().set(_AGAIN, json.dumps(state))

    # How a run begins

    def _start(self) -> dict[str, Json]:
        """What the run is started with: the parameters given, or those of its data interval."""
        params = {name: each for name, each in self._context["params"].items() if each is not None}
        start = {"value": VALUE, "key": KEY, "generation": GENERATION}
        facts = {name: params.pop(param) for name, param in start.items() if param in params}
        run = self._context["dag_run"]
        of_interval = self._worker.params(run.data_interval_start, run.data_interval_end)
        all_params = {**of_interval, **params}
        return {"id": run.run_id, **self._worker.start, **facts, "params": all_params}


def _read(text: Any) -> Any:
    return json.loads(text) if isinstance(text, str) else text
