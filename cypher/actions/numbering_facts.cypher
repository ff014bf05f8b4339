// The highest number that a version of a model ever had, and the model's tags. One row. Locks the model.
//
// parameter model ID(Model)!: The model.
OPTIONAL MATCH (model:Model {id: $model})
REMOVE model.lock
WITH model
RETURN model{.id, .tags, described: model.describedAt IS NOT NULL} AS model,
  coalesce(COLLECT {
    WITH * WHERE model IS NOT NULL
    MATCH (version:ModelVersion) WHERE version.id STARTS WITH model.id + '@' AND version.id =~ '.*@[0-9]{1,18}'
    WITH toInteger(split(version.id, '@')[1]) AS number ORDER BY number DESC LIMIT 1
    RETURN number
  }[0], 0) AS highest,
  chains([$model]) AS chains
