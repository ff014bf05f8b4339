"""Plans: what an operation selects, compiled once for each shape of its variables, and what it may cost."""
