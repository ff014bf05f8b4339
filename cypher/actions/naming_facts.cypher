// Who has a name in another system, the model that is to have it, and whether the id of a new one is taken. One row. Locks the name
// and the model.
//
// parameter externalIds [String!]!: The name, if there is one.
// parameter model ID(Model): The model.
// parameter fresh ID(Model): The id that a new model would get.
CALL () {
  UNWIND $externalIds AS name
  MERGE (external:ExternalId {id: name})
  REMOVE external.lock
  RETURN count(*) AS held
}
OPTIONAL MATCH (model:Model {id: $model})
REMOVE model.lock
WITH model
OPTIONAL MATCH (other:Model {id: $fresh})
RETURN model{.id, .name, .externalIds, .recordedAt, described: model.describedAt IS NOT NULL AND model.retractedAt IS NULL} AS model,
  other IS NOT NULL AS taken,
  lines_of_model(model) AS lines,
  COLLECT {
    UNWIND $externalIds AS name
    MATCH (external:ExternalId {id: name})-[names:IDENTIFIES]->(holder:Model) WHERE true
    RETURN holder.id
  } AS holders,
  chains([$model, $fresh]) AS chains
