"""The command line: one module a noun. A command imports what is heavy itself."""

from forebear.cli.commands import main

__all__ = ["main"]
