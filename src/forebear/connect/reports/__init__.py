"""Reads the reports of evaluations and tests as evidence. Pure: bytes in, a report out. `formats` lists what can be read."""
