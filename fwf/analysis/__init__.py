"""What is worked out about a workflow, from its definition alone.

requirements.py     what it asks of whoever runs it
wants.py            which names its parts want from outside, and where they stand
bindings.py         does what a `with_params` binds fit what is inside it
common_defaults.py  which default a parameter has
refused_input.py    which part surely refuses a run's input
fault_takers.py     which node takes up a fault of its part
extent.py           how large it is with all that is shared written out
identity.py         when two workflows are the same
normal_form.py      one form for all that mean the same, by rewrite_rules.py, binding_rules.py
delay_words.py      ... and the waits of a retry
totality.py         which expressions surely have a value
canonical.py        the bytes that a value is named by
run_keys.py         what a run and its steps are named by
"""
