"""What stands for the world: scenarios, values that nobody knows, what happened in a run.

scenario.py       what each task gives, how it fails, how long it takes
scenario_form.py  ... as JSON or TOML
task_script.py    ... of one task
distributions.py  durations drawn at random
stand_in.py       can a scenario's value stand for what a task gives
unknown.py        a value that nobody knows before the run
trace.py          what happened, and in which order
"""
