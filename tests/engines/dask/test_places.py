"""Where workers find code, resources and other processes; and what is refused before the start.

Rows 50 to 52 of the cases that went wrong elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from importlib import reload
from pathlib import Path
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import it, named, pure
from fwf.faults import Failed, leaves
from fwf.interpreters.engines.dask import Dask
from fwf.interpreters.run import Note, execute, run
from fwf.secrets import Secret
from tests.cli_support import ROOT, environment
from tests.engines.dask import flows
from tests.engines.dask.flows import counts

TARGET = "tests.engines.dask.flows"


def only(result: Any) -> Any:
    """The one fault of a result."""
    assert isinstance(result, Failure), result
    (leaf,) = leaves(result.failure())
    return leaf


# Row 50: processes of workers' own

APART = """
from os import getpid, getppid
from fwf import named, task

@task(effect="pure", isolate=True)
def apart(n: int) -> tuple[int, int]:
    return getpid(), getppid()

workflow = named("apart", apart)
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_an_isolated_step_has_a_process_of_its_own_under_a_nanny(
    folder: Path, module: Any, method: str
) -> None:
    import dask
    from distributed import Client, LocalCluster

    found = module(APART)
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": method}),
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        (worker,) = client.run(os.getpid).values()
        own, parent = run(found.workflow, 1, on=Dask(client)).unwrap()
    assert parent == worker and own not in (worker, os.getpid())


# Row 51: the code that workers have

CODE = """
from fwf import named, task

@task(effect="pure")
def one(n: int) -> int:
    return n + 1

workflow = named("code", one)
"""


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("n + 1", "n + 2", "other code in the tasks of"),
        ('effect="pure"', 'effect="read"', "another dask_flow_"),
    ],
)
def test_workers_that_keep_yesterdays_code_are_refused(
    client: Any, module: Any, before: str, after: str, says: str
) -> None:
    found = module(CODE)
    name = found.__name__
    on = Dask(client, target=f"{name}:workflow")
    assert run(found.workflow, 1, on=on) == Success(2)
    Path(found.__file__).write_text(CODE.replace(before, after) + "\n# longer\n")
    reload(found)
    from fwf.interpreters.engines.worker.loading import loaded

    loaded.cache_clear()
    result = run(found.workflow, 1, on=on)
    assert isinstance(result, Failure)
    told = [str(leaf) for leaf in leaves(result.failure())]
    assert len(told) == 2, "each worker is told of"
    for line in told:
        assert says in line and name in line and "start the workers anew" in line
        assert "tcp://" in line and os.uname().nodename in line


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("n + 1", "n + 2", "in which the code of one is another: start the workers anew"),
        ('"pure"', '"read"', "in which there is no one of the definition"),
    ],
)
def test_a_leaf_of_other_code_is_refused_by_the_worker(
    client: Any, module: Any, before: str, after: str, says: str
) -> None:
    """Of a worker that joined later, nothing is known at the start."""
    found = module(CODE)
    from fwf.interpreters.engines.dask import cluster

    def nothing(*given: Any) -> list[Any]:
        return []

    on = Dask(client, target=f"{found.__name__}:workflow")
    assert run(found.workflow, 1, on=on) == Success(2)
    Path(found.__file__).write_text(CODE.replace(before, after) + "\n# longer\n")
    reload(found)
    from fwf.interpreters.engines.worker.loading import loaded

    loaded.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster.Seat, "_differing", nothing)
        fault = only(run(found.workflow, 1, on=on))
    assert fault.path == "code" and fault.tags == ("Refused", "Defect")
    assert says in fault.message
    assert os.uname().nodename in fault.message and found.__name__ in fault.message


def test_versions_are_compared() -> None:
    from fwf.interpreters.engines.dask.cluster import _difference
    from fwf.interpreters.engines.dask.station import Seen

    mine = Seen("here", "3.11.7", "0.1.0", "aa", "cc", "/flows.py", "")
    assert _difference(mine, mine._replace(python="3.11.9", host="there"), "tcp://w", "m:w") == ""
    for other, says in (
        (mine._replace(fwf="0.2.0"), "has fwf 0.2.0, and this process 0.1.0"),
        (mine._replace(python="3.12.1"), "has Python 3.12, and this process 3.11"),
        (
            mine._replace(definition="bb"),
            "another m:w (bb) than this process (aa), in its module m",
        ),
        (mine._replace(code="dd"), "other code in the tasks of m:w, in its module m"),
        (mine._replace(trouble="m:w: no such module"), "m:w: no such module"),
    ):
        said = _difference(mine, other._replace(host="there"), "tcp://w", "m:w")
        assert says in said and said.startswith("the worker tcp://w on there")


def test_a_cluster_without_fwf_is_told_in_one_line(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(plugin: Any) -> None:
        raise ModuleNotFoundError("No module named 'fwf'")

    monkeypatch.setattr(client, "register_plugin", refuses)
    fault = only(run(flows.puts, str(tmp_path), on=Dask(client, target=f"{TARGET}:puts")))
    assert (
        "No module named 'fwf'" in fault.message and "need fwf, the same version" in fault.message
    )
    assert not counts(tmp_path)


def test_a_client_that_is_none_or_asynchronous_is_refused(client: Any) -> None:
    with pytest.raises(TypeError, match=r"Dask\(str\): needs a distributed.Client"):
        Dask("tcp://127.0.0.1:8786")


def test_what_is_in_no_module_is_refused(client: Any) -> None:
    w = named("here", pure(it + 1))
    assert "it is no attribute of a module" in only(run(w, 1, on=Dask(client))).message
    other = only(run(w, 1, on=Dask(client, target=f"{TARGET}:puts")))
    assert "is another workflow" in other.message
    none = only(run(w, 1, on=Dask(client, target="tests.engines.dask.flows:nobody")))
    assert "has no such attribute" in none.message
    absent = only(run(w, 1, on=Dask(client, target="no_module:w")))
    assert "can't be imported here" in absent.message


SCRIPT = """
import sys
from distributed import Client
from fwf import named, run, task
from fwf.interpreters.engines.dask import Dask

@task(effect="pure")
def one(n: int) -> int: return n + 1

workflow = named("script", one)
if __name__ == "__main__":
    with Client(sys.argv[1]) as client:
        print(run(workflow, 1, on=Dask(client)))
"""


def test_a_script_is_refused_with_the_remedy(client: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), client.scheduler.address], env=environment(
            PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    assert "put it into a file beside this one, and import it" in done.stdout


# Resources


@pytest.fixture
def logged(client: Any, tmp_path: Path) -> Path:
    """Where resources leave their lines."""

    def told(folder: str) -> None:
        os.environ["DASK_FLOWS"] = folder

    client.run(told, str(tmp_path))
    return tmp_path


def test_resources_are_opened_where_the_step_is_and_shared_ones_once_a_process(
    client: Any, logged: Path
) -> None:
    found = run(flows.users, 12, on=Dask(client, target=f"{TARGET}:users")).unwrap()
    assert all(desk == shared == process != os.getpid() for desk, shared, process in found)
    processes = Counter(process for _, _, process in found)
    assert counts(logged) == {
        "desk": 12, "desk_closed": 12, "shared": len(processes), "shared_closed": len(processes),
    }  # fmt: skip


def test_what_closing_raises_is_a_fault_of_the_run(client: Any, logged: Path) -> None:
    flows.once(str(logged), "raise")
    result = run(flows.users, 1, on=Dask(client, target=f"{TARGET}:users"))
    assert "it can't be closed (when the resource 'shared' was closed)" in only(result).message


def test_what_no_worker_can_open_is_refused_by_its_path(client: Any, logged: Path) -> None:
    on = Dask(client, target=f"{TARGET}:users")
    fault = only(run(flows.users, 1, resources={"desk": lambda: 1}, on=on))
    assert fault.path == "users > map_each > uses" and "desk is to be opened by a worker" in str(
        fault
    )
    assert "make its opener a function of a module" in fault.message
    assert not counts(logged), "nothing was begun"
    result = run(flows.users, 1, resources={"desk": Secret.env("X")}, on=on)
    assert "desk" in only(result).message


def test_an_opener_that_is_given_goes_there_by_its_name(client: Any, logged: Path) -> None:
    on = Dask(client, target=f"{TARGET}:users")
    ((desk, _, process),) = run(flows.users, 1, resources={"desk": flows.Counter_}, on=on).unwrap()
    assert desk == process and counts(logged)["desk"] == 0


KEPT = """
from os import getpid
from fwf import cached, named, task

@task(effect="pure")
def where(n: int) -> int:
    return getpid()

workflow = named("kept", cached(where))
"""


def test_what_a_journal_has_is_used_here_and_what_it_is_for_is_done_there(
    client: Any, module: Any, tmp_path: Path
) -> None:
    w, on = module(KEPT).workflow, Dask(client)
    first = run(w, 1, key="first", journal=tmp_path / "runs.db", on=on).unwrap()
    assert first in client.run(os.getpid).values()
    client.restart()
    assert run(w, 1, key="second", journal=tmp_path / "runs.db", on=on).unwrap() == first


# Row 52: what goes there and back

VALUES = '''
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from fwf import Attempt, IdempotencyKey, RunInfo, Secret, as_result, identity
from fwf import named, retry, task
from fwf.interpreters.run import here

class Odd:
    """Has no codec, and can't be unpickled anywhere."""
    def __reduce__(self) -> Any:
        return (exec, ("raise ValueError",))

@dataclass(frozen=True)
class Row:
    id: int
    price: Decimal

@task(effect="pure")
def odd(n: int) -> Any: return Odd()
@task(effect="unrepeatable")
def odd_once(n: int) -> Any: return Odd()
@task(effect="pure")
def takes(given: Any) -> int: return 1
@task(effect="pure")
def raises(n: int) -> int: raise type("Local", (ValueError,), {"__reduce__": Odd.__reduce__})("no")
@task(effect="pure")
def row(n: int) -> Row: return Row(n, Decimal(1) / Decimal(3))
@task(effect="pure")
def table(n: int) -> Any:
    import pyarrow
    return pyarrow.table({"a": list(range(n))})
@task(effect="pure")
def rows(given: Any) -> Any: return {"rows": given.num_rows, "table": given}
@task(effect="pure")
def facts(n: int, *, key: IdempotencyKey, attempt: Attempt, info: RunInfo, factor: int = 3) -> Any:
    if attempt == 1: raise OSError("once")
    found = here()
    place = found and (found.path, found.tries)
    return [str(key), int(attempt), info.path, info.run_key, factor, place]
@task(effect="pure")
def tells(n: int, *, token: Secret) -> str: raise OSError(f"token {token.reveal()}")

resources = {"token": Secret.env("DASK_TOKEN")}
odd_flow = named("odd", odd >> identity)
odd_once_flow = named("odd_once", odd_once >> identity)
taking = named("taking", takes >> identity)
raising = named("raising", as_result(raises) >> identity)
row_flow = named("row", row >> identity)
tables = named("tables", table >> rows)
facts_flow = named("facts", retry(facts, attempts=2) >> identity)
telling = named("telling", tells >> identity)
'''


@pytest.fixture(scope="module")
def values(folder: Path) -> Any:
    from importlib import import_module

    (folder / "dask_values.py").write_text(VALUES)
    return import_module("dask_values")


def test_what_has_no_codec_fails_on_the_worker_by_its_path(client: Any, values: Any) -> None:
    fault = only(run(values.odd_flow, 1, on=Dask(client)))
    assert fault.path == "odd > odd" and fault.tags == ("Unwritable", "Defect")
    assert fault.message.startswith("the value is an Odd, which can't be sent: ")
    assert fault.message.endswith("call fwf.register_codec for the class")
    given = only(run(values.taking, values.Odd(), key="k", on=Dask(client)))
    assert given.path == "taking > takes"
    assert given.message.startswith(
        "what takes is given: the value is an Odd, which can't be sent: "
    )
    doubt = only(run(values.odd_once_flow, 1, on=Dask(client)))
    assert doubt.path == "odd_once > odd_once" and doubt.tags == ("InDoubt",)
    assert "it was done" in doubt.message


def test_an_exception_that_cant_be_pickled_is_a_fault(client: Any, values: Any) -> None:
    found = run(values.raising, 1, on=Dask(client)).unwrap()
    (fault,) = leaves(found.failure())
    assert isinstance(fault, Failed) and fault.message == "no" and fault.traceback is not None
    assert fault.path == "raising > raises" and "ValueError" in fault.tags


def test_values_keep_their_types(client: Any, values: Any) -> None:
    from decimal import Decimal, localcontext

    with localcontext() as context:
        context.prec = 5
        found = run(values.row_flow, 1, on=Dask(client)).unwrap()
    assert found == values.Row(1, Decimal("0.33333"))
    found = run(values.tables, 1000, on=Dask(client)).unwrap()
    assert found["rows"] == found["table"].num_rows == 1000


def test_facts_are_those_of_a_local_run(client: Any, values: Any) -> None:
    on = Dask(client)
    there = run(values.facts_flow, 1, key="k", on=on).unwrap()
    here = run(values.facts_flow, 1, key="k").unwrap()
    assert there == here and there[1:] == [2, "facts > facts", there[3], 3, None]

    class Locating:
        locates = True

        def began(self, this: Any) -> None: ...
        def note(self, note: Note) -> None: ...
        def ended(self, *given: Any) -> None: ...

    found = run(values.facts_flow, 1, key="k", on=on, observe=Locating()).unwrap()  # type: ignore[arg-type]
    assert tuple(found[-1]) == ("facts > facts", (2,))


def test_a_secret_is_read_by_the_worker_and_never_told(client: Any, values: Any) -> None:
    def knows() -> None:
        os.environ["DASK_TOKEN"] = "sesame-open"

    client.run(knows)
    fault = only(run(values.telling, 1, on=Dask(client)))
    assert fault.message == "token <Secret from environment variable DASK_TOKEN>"


def test_observers_and_traces_are_told_all(client: Any) -> None:
    notes: list[Note] = []
    on = Dask(client, target=f"{TARGET}:exits")
    ran = execute(flows.exits, "/tmp", key="k", on=on, observe=notes.append)
    assert Counter(note.kind for note in notes)["start"] == 5
    assert isinstance(ran.result, Failure)
