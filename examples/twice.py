"""A result that is used twice: in @graph, calling a workflow makes a step."""

from fwf import Ref, graph, pretty, run, task


@task(effect="read", reads=["postgres://shop/orders"])
def orders() -> list[int]:
    return [120, 80, 40]


@task(effect="pure")
def total(amounts: list[int]) -> int:
    return sum(amounts)


@task(effect="pure")
def shares(amounts: list[int], whole: int) -> list[str]:
    return [f"{amount / whole:.0%}" for amount in amounts]


@graph
def workflow() -> Ref[list[str]]:
    amounts = orders()  # read once
    return shares(amounts, total(amounts))


if __name__ == "__main__":
    print(pretty(workflow))
    print(run(workflow).unwrap())
