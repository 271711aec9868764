"""What a workflow is. Data only: no input or output, no clock.

workflow.py          `Workflow[In, Out]`, and `>>`
nodes.py             the nodes that workflows are made of
checked_fields.py    ... what may stand in their fields
contract.py          what a task asks for and gives
parameter_kinds.py   ... which of it is data, and which is to be opened
functions.py         which functions may stand in a workflow
wrapped.py           ... and what a decorator around one lets through
extensions.py        nodes of other people's: what is in their fields
extension_layout.py  ... and where that stands in their meaning
graph_steps.py       what a `@graph` function records
wiring.py            ... and whether its steps fit together
expr.py              expressions as data
builder.py           ... what they are built with
questions.py         ... about results
text_templates.py    ... and texts that are made of values
subexpressions.py    which of them a node evaluates
evaluation.py        what they are worth
schedule.py          how long to wait between attempts
durations.py         how durations are made, checked and read
error_filters.py     which errors `on=` means
plain_values.py      plain values, kept, encoded and written as source
instances.py         ... objects of dataclasses and named tuples among them
result_values.py     ... and results
described.py         what a definition says of any other object
packing.py           values as pickles
pickling.py          workflows as pickles
parts.py             the direct parts of a node
traverse.py          fold, walk, rebuild: of any depth
paths.py             what a place is called
counts.py            how much too much is counted
misuse.py            what to write where something else stands in a workflow's place
"""
