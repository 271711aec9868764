"""How texts and plain JSON, as people write them, are read as values of an annotated type.

given_texts.py  the texts given for a name, and an example of each type
json_values.py  JSON, down to its parts
scalars.py      one text: numbers, times, enums, paths
"""
