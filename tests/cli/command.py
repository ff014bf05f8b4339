"""`forebear` for a process that lives for seconds, as those of tests do: `python -m tests.cli.command ARGUMENTS`.

Its engine has the first of Java's two compilers, and its service plans nothing ahead: the second compiler and the plans pay for
themselves in minutes. The loops beside a demo listen on free ports. All that it does is the product's own.
"""

import sys
from asyncio import Event
from typing import Any

from forebear.cli import loops, main, serve
from forebear.store import java

FIRST_COMPILER = "-XX:TieredStopAtLevel=1"


def hasten() -> None:
    """Have engines and services of this process take less of the processor's time."""
    java.OPTIONS = (*java.OPTIONS, FIRST_COMPILER)
    run = serve.run

    def run_without_plans(*arguments: Any, **named: Any) -> None:
        from forebear.app import Forebear

        async def plan(self: Forebear, prepared: Event) -> None:
            prepared.set()

        Forebear.plan = plan  # type: ignore[method-assign]
        run(*arguments, **named)

    serve.run = run_without_plans
    loops.LOOPS = {script: tuple("0" if part.isdecimal() else part for part in parts) for script, parts in loops.LOOPS.items()}


if __name__ == "__main__":
    hasten()
    sys.exit(main())
