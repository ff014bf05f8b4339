// The values of a node before somebody said of a property what it says now: its last revision that does not have it yet. Null if the
// node has said it ever since it was recorded.
//
// parameter node: The node.
// parameter property: The name of the property, of a text or of a list of texts.
// parameter said: A part of its text, or of a text in its list.
COLLECT {
  MATCH (revision:Revision)-[revises:REVISES]->(node) WHERE none(part IN coalesce([] + revision[property], []) WHERE part CONTAINS said)
  WITH revision ORDER BY revision.number DESC LIMIT 1
  RETURN revision
}[0]
