"""What runs one engine task: a part of a workflow, by our own runner, on an engine's machine.

call.py            what an engine's task asks: a verb for one part, as JSON and back
context.py         how far a run has come: what goes from one engine task to the next
verbs.py           from a call to the context that goes on: what a word of an engine needs decided
begin.py           ... of what a person starts a run with
spread.py          ... which items a map has
joining.py         ... what parts give together, side by side, by item, as steps of a graph
unwind.py          ... who takes a failure up, and when it goes on
called_part.py     the part that a call is about: its input, items, attempts, parameters
call_forms.py      what stands in calls and in contexts alike, as JSON and back
loading.py         the workflow that a call names, and what its module has for it
work.py            a part is run: with claims, a deadline, and values that travel
claims.py          who has begun an attempt, and how it ended: kept where all workers see it
claims_postgres.py ... in PostgreSQL
claimed.py         a world in which an attempt is claimed before it begins
objects.py         what is kept in a folder or a bucket
packed_values.py   values in calls and contexts: in them, or by reference where they are large
serve.py           `python -m fwf worker`: one call on stdin or in a file
lambda_handler.py  the same as a function of AWS Lambda
"""
