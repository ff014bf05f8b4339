"""Compiles a selection into one Cypher statement that returns one record: the answer's tree, keyed by response key.

The statement's text depends on the selection's shape alone, never on a value. Values are parameters, bound again for each
request. A question whose moments or decision depend on a node of the answer is a statement of its own behind it. What Cypher
cannot do (pages cut at `first`, JSON kept as text) is done on the tree.
"""

from forebear.graph.query.compiler.node import TYPE_KEY
from forebear.graph.query.compiler.operation import compile
from forebear.graph.query.compiler.selected import InvalidArgument
from forebear.graph.query.compiler.statement import BEHIND, WAITING, Behind, Compiled

__all__ = ["BEHIND", "TYPE_KEY", "WAITING", "Behind", "Compiled", "InvalidArgument", "compile"]
