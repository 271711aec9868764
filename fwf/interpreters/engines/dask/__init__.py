"""Dask: our scheduler where it is called, each task and expression where it says."""
