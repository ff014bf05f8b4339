"""Neighbours: what people already run feeds the graph, by its protocols and the files that it leaves, and is answered."""
