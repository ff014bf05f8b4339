// What people say of a model, or of a version: its tags. One row. Locks it.
//
// parameter model ID(Model): The model,
// parameter version ID(ModelVersion): or the version.
OPTIONAL MATCH (model:Model {id: $model})
REMOVE model.lock
WITH model
OPTIONAL MATCH (version:ModelVersion {id: $version})
REMOVE version.lock
WITH model, version
RETURN CASE
    WHEN model IS NOT NULL THEN model{.id, .tags, .recordedAt, described: model.describedAt IS NOT NULL}
    WHEN version IS NOT NULL THEN version{.id, .tags, .recordedAt, described: version.describedAt IS NOT NULL}
  END AS node,
  lines_of_model(model) + lines_of_version(version) AS lines,
  chains([$model, $version]) AS chains
