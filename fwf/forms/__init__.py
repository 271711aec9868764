"""How plain values are written as JSON with their types kept, and read back.

value_form.py   every plain value
scalar_form.py  texts, whole numbers, durations, names
known_names.py  what names in values stand for: enums, codecs, time zones
mentioned.py    the classes and zones that types, values and workflows mention
strict.py       JSON that is read within limits
json_schema.py  the words in which a schema says what may be written
refusal.py      how what can't be read is refused
by_type/        texts and JSON as people write them, read by an annotated type
"""
