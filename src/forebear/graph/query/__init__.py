"""Reading the graph: questions as files, the rules of fields, the compiler, and the dialects of the two engines."""
