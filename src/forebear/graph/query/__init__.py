"""Asking: questions as files, the rules of the fields, the compiler, and the dialects of the two engines."""
