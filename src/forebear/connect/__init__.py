"""Neighbours: the protocols by which systems that people already run feed the graph, and are answered."""
