"""Pools: how much of one kind runs at once, across the whole run; here a vendor takes two calls."""

from fwf import Pool, Scenario, const, dry_run, in_pool, it, map_each, minutes, named, task


@task(effect="read", reads=["https://vendor.example/quotes"])
def quote(item: str) -> float:
    return 9.5


pools = {"vendor": 2}  # sizes stand beside the workflow, or in --pool vendor=2
workflow = named("quotes", const(["a", "b", "c"]) >> map_each(in_pool(quote, "vendor"), key=it))

if __name__ == "__main__":
    takes = Scenario().task("quote", takes=minutes(1))
    print(dry_run(workflow, scenario=takes, pools=pools))
    slower = {"vendor": Pool(2, starts=1, per=minutes(5))}  # and one start in five minutes
    print(dry_run(workflow, scenario=takes, pools=slower).took)
