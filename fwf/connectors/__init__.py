"""Where do tasks touch the world? One package a system, each with an extra of its name.

A connector makes a **task**, one attempt of one thing: `postgres.query(…)`, `objects.listing(…)`;
and an **opener**, which gives the resource that the task asks for: `postgres.database(url)`. It
has no retries, pages, pauses or fan-out, and switches those of its driver off: `retry`,
`paginate`, `poll` and `map_each` are there for that. What it raises says whether asking again
helps, `Transient` or `fwf.Permanent`, and holds neither values of rows nor a password.
"""
