"""Keeping the graph: one Bolt driver, two engines."""

from forebear.graph.query.dialect import Engine
from forebear.store.bolt import ReadTransaction, Store, WriteTransaction
from forebear.store.meter import metered

__all__ = ["Engine", "ReadTransaction", "Store", "WriteTransaction", "metered"]
