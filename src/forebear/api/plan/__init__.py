"""Plans: the selection of an operation, compiled once for each shape of its variables, and its cost."""
