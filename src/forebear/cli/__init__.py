"""The command line: one module a noun; what is heavy is imported by the command that needs it."""

from forebear.cli.commands import main

__all__ = ["main"]
