"""Where the graph is kept: one Bolt driver, two engines."""

from forebear.store.bolt import Engine, ReadTransaction, Store, WriteTransaction

__all__ = ["Engine", "ReadTransaction", "Store", "WriteTransaction"]
