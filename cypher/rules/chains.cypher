// The audit chains of what has some ids.
//
// parameter ids: The ids; a null among them is of nothing.
COLLECT {
  UNWIND ids AS id
  WITH DISTINCT id WHERE id IS NOT NULL
  MATCH (chain:AuditChain {id: id}) WHERE true
  RETURN chain{.id, .length, .hash} AS item
}
