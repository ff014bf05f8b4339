"""How much longer than usual the tests look, by `make soak`."""

import os

SOAK = int(os.environ.get("FOREBEAR_SOAK", "1"))
"""How many times as many generated operations, sequences and races."""
