"""Measurements: time and memory, each in a process of its own, reproducible by `make bench`."""
