// The code versions that a run ran, with their commits, in the order of ids.
//
// parameter run: The run.
COLLECT {
  MATCH (run)-[ran:RAN]->(code:CodeVersion) WHERE true
  WITH DISTINCT code ORDER BY code.id
  RETURN code{.id, value: code.commit} AS item
}
