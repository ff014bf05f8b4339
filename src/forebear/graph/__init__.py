"""What exists: the declaration of the graph, and everything derived from it. Pure; no I/O."""
