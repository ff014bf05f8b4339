"""The verbs: each reads its facts, decides purely and writes once, in one transaction."""
