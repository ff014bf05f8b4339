"""Suspects: the differences in exposure that may explain incidents, with episodes and tests of rates. Pure."""
