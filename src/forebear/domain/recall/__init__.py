"""Recalls: something is taken back from the whole world, with everything that descends from it."""
