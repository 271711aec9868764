"""What types say of values: nothing of workflows is known here.

hints.py             what is certain of two annotations: do they fit, which fields has one
aliases.py           what a type stands for, past its names and notes
shapes.py            which fields the class of a record declares
table_types.py       which columns a table must have
declared_columns.py  which columns a type names, and which tasks leave them alone
fitting.py           has a value the annotated type, at any depth
arrival.py           ... as far as a glance can tell, for values by the thousand
comparison.py        which values compare with which
single_use.py        which values can be read only once
"""
