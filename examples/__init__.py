"""Examples of fwf, one folder or file for each idea."""
