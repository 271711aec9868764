"""How things are written for people.

source.py    a workflow as the Python that makes it
heads.py     what a node says on its own line
readable.py  times, values and attempts
ink.py       what every picture is drawn with
"""
