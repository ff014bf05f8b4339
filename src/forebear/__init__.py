"""Forebear: a model registry that is a lineage graph."""
