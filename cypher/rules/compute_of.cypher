// The compute profiles that a run was on, in the order of ids.
//
// parameter run: The run.
COLLECT {
  MATCH (run)-[on:ON_COMPUTE]->(compute:ComputeProfile) WHERE true
  WITH DISTINCT compute ORDER BY compute.id
  RETURN compute{.id} AS item
}
