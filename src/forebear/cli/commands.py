"""All commands under one name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from forebear.cli import (
    audit,
    compare,
    connect,
    demo,
    doctor,
    events,
    evidence,
    export,
    impact,
    import_,
    incident,
    lineage,
    listing,
    paths,
    policy,
    query,
    recall,
    recall_items,
    record,
    restore,
    schema,
    serve,
    show,
    spool,
    suspects,
    sync,
    token,
    webhook,
)
from forebear.cli.terminal import CODES, Code, Failure, err, printable


class Commands(TyperGroup):
    """All commands. Those of questions and actions take a while to make, so they are made when a command is looked up."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a name."""
        if cmd_name not in self.commands:
            self._add_declared(cmd_name)
        if cmd_name not in self.commands:
            # Typer suggests what is like a wrong name.
            self._add_declared()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        self._add_declared()
        return super().list_commands(ctx)

    def _add_declared(self, name: str | None = None) -> None:
        """Add the commands of all questions and actions, or as few as are made quickly if only one of them is needed."""
        from forebear.cli import answers

        self.commands.update(answers.commands(names=[*self.commands], only=name))
        if name is None or name not in self.commands:
            from forebear.cli import actions

            self.commands.update({name: made for name, made in actions.commands().items() if name not in self.commands})


app = typer.Typer(
    name="forebear",
    cls=Commands,
    help="Forebear is a model registry that is a lineage graph: it answers what ran where, why, and on whose approval.",
    epilog=CODES,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        import importlib.metadata

        typer.echo(f"forebear {importlib.metadata.version('forebear')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options of all commands."""


app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("import")(import_.import_)
app.add_typer(record.app, name="record")
app.command("attach-evidence", rich_help_panel="Govern")(evidence.attach_evidence)
app.command("show")(show.show)
app.command("list")(listing.list_)
app.command("lineage")(lineage.lineage)
app.command("incident")(incident.incident)
app.command("impact")(impact.impact)
app.command("paths")(paths.paths)
app.command("compare")(compare.compare)
app.command("suspects")(suspects.suspects)
app.command("query")(query.query)
app.command("export")(export.export)
app.command("restore")(restore.restore)
app.add_typer(policy.app, name="policy")
recall.app.command("execute")(recall_items.execute)
recall.app.command("show")(recall_items.show)
app.add_typer(recall.app, name="recall")
app.add_typer(audit.app, name="audit")
app.command("doctor")(doctor.doctor)
app.add_typer(schema.app, name="schema")
app.add_typer(token.app, name="token")
app.add_typer(webhook.app, name="webhook")
app.add_typer(events.app, name="events")
app.add_typer(spool.app, name="spool")
app.add_typer(connect.app, name="connect")
app.add_typer(sync.app, name="sync")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. Whatever goes wrong is one line on stderr."""
    try:
        code = int(app(arguments, prog_name="forebear", standalone_mode=False) or 0)
        sys.stdout.flush()
        return code
    except Failure as failure:
        return _failed(str(failure), failure.code)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except typer.TyperException as error:
        # Wrong usage. The whole message is in a method that the public class lacks.
        message = getattr(error, "format_message", error.__str__)()
        command = getattr(getattr(error, "ctx", None), "command_path", "forebear")
        sentence = message.rstrip(".")
        end = "" if sentence.endswith("?") else "."
        return _failed(f"{sentence}{end} See {command} --help." if message else "", Code.WRONG)
    except BrokenPipeError:
        # The reader has closed the pipe. Throw away what Python still holds for it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("FOREBEAR_LOG_LEVEL") == "debug":
            raise
        if type(error).__name__ in MISTAKES:
            return _failed(f"a declaration is wrong: {error}", Code.WRONG)
        return _failed(f"a bug of Forebear's, {error!r}: FOREBEAR_LOG_LEVEL=debug shows where", Code.BUG)


MISTAKES = ("DeclarationError", "InvalidStatement")
"""The errors of whoever extends Forebear, by their names: to import them takes longer than most commands do."""


def _failed(message: str, code: int) -> int:
    if message:
        err().print(f"forebear: {printable(' '.join(message.split()))}", style="red", markup=False)
    return code
