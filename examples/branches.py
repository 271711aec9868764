"""Branches: one part or another by the value that comes in; both are in every picture."""

from fwf import branch, const, it, pure, run, switch, task, when


@task(effect="pure")
def by_truck(order: dict[str, int]) -> str:
    return f"a truck for {order['kilos']} kg"


@task(effect="pure")
def by_post(order: dict[str, int]) -> str:
    return "a parcel"


two_ways = branch(it["kilos"] > 30, then=by_truck, otherwise=by_post)
by_name = switch(it, {"eu": const("Frankfurt"), "us": const("Ohio")}, otherwise=const("nowhere"))
only_then = when(it < 0, pure(it * -1))  # else the input as it is

workflow = const({"kilos": 45}) >> two_ways

if __name__ == "__main__":
    print(run(workflow).unwrap())
    print([run(by_name, region).unwrap() for region in ("us", "mars")])
    print([run(only_then, n).unwrap() for n in (-7, 7)])
