"""Pages: follow a service's cursor to its end, each page tried again, and keep what there is."""

from fwf import Page, named, paginate, retry, run, seconds, task

PAGES: dict[str | None, Page[str, str]] = {
    None: {"items": ["a", "b"], "next": "2"},
    "2": {"items": ["c"], "next": "3"},
    "3": {"items": ["d"], "next": None},
}


@task(effect="read", reads=["https://shop.example/orders"])
def page(cursor: str | None) -> Page[str, str]:
    return PAGES[cursor]


each = retry(page, attempts=3, wait=seconds(1), on=ConnectionError)
workflow = named("orders", paginate(each, limit=1_000))
first_two = paginate(each, limit=2, on_limit="stop")

if __name__ == "__main__":
    print(run(workflow).unwrap())
    print(run(first_two).unwrap())
