"""The commands, each in the module of its name: parse, call one interpreter, print."""
