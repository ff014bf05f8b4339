"""Doing verbs: each reads its facts, decides and writes once, in one transaction."""
