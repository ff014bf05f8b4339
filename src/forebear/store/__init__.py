"""Keeping the graph: one Bolt driver, two engines.

The driver takes a third of a second to import, and most commands talk to a service: it is imported where the store is used.
"""

from typing import TYPE_CHECKING, Any

from forebear.graph.query.dialect import Engine
from forebear.store.meter import metered

if TYPE_CHECKING:
    from forebear.store.bolt import ReadTransaction, Store, WriteTransaction

__all__ = ["Engine", "ReadTransaction", "Store", "WriteTransaction", "metered"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from forebear.store import bolt

    return getattr(bolt, name)
