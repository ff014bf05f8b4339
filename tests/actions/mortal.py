"""The command line of a process that kills itself at a point of an action's transaction, as SIGKILL does at any moment.

`python -m tests.actions.mortal POINT serve`: POINT is a file with a number, read when an action begins. The action's process
ends before it sends the statement of that number; the two numbers after the last statement's are the moments before and
after the commit. What the product does up to there is the product's own.
"""

import os
import signal
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from neo4j import AsyncTransaction

from forebear.actions.performer import Performer, Requester
from forebear.cli import main
from forebear.domain.outcome import Outcome
from tests.cli.command import hasten

left: ContextVar[int | None] = ContextVar("left", default=None)
"""How many steps the action that this task does has left to live."""


def step() -> None:
    """Ends the process where this was to be its last."""
    if (steps := left.get()) is not None:
        if steps == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        left.set(steps - 1)


def mortal(point: Path) -> None:
    """Has actions end this process at the point that a file says."""
    do, run, commit = Performer.do, AsyncTransaction.run, AsyncTransaction.commit

    async def mortally_do(self: Performer, name: str, input: Any, by: Requester) -> Outcome:
        # What a service evaluates by itself is not what it is to die of.
        left.set(int(point.read_text()) if name != "evaluate" else None)
        return await do(self, name, input, by)

    async def mortally_run(self: AsyncTransaction, *given: Any) -> Any:
        step()
        return await run(self, *given)

    async def mortally_commit(self: AsyncTransaction) -> None:
        step()
        await commit(self)
        step()

    Performer.do = mortally_do  # type: ignore[method-assign]
    AsyncTransaction.run = mortally_run  # type: ignore[method-assign]
    AsyncTransaction.commit = mortally_commit  # type: ignore[method-assign]


if __name__ == "__main__":
    hasten()
    mortal(Path(sys.argv.pop(1)))
    sys.exit(main())
