// What points at the versions of a model: aliases and stages; and the release lines that its versions stand in. One row. Locks the
// model and the version.
//
// parameter model ID(Model)!: The model.
// parameter version ID(ModelVersion): The version that something is to point at.
OPTIONAL MATCH (model:Model {id: $model})
REMOVE model.lock
WITH model
OPTIONAL MATCH (version:ModelVersion {id: $version})
REMOVE version.lock
WITH model, version
RETURN model{.id, .tags, described: model.describedAt IS NOT NULL} AS model,
  version{
    .id,
    described: version.describedAt IS NOT NULL,
    models: COLLECT { WITH * WHERE version IS NOT NULL MATCH (version)-[of:VERSION_OF]->(own:Model) WHERE true RETURN own.id },
    lines: lines_of_version(version)
  } AS version,
  COLLECT {
    WITH * WHERE model IS NOT NULL
    MATCH (model)<-[aliased:ALIASED]-(other:ModelVersion) WHERE aliased.validTo IS NULL
    RETURN aliased{name: aliased.alias, version: other.id, .validFrom, .recordedAt} AS item
  } AS aliases,
  COLLECT {
    WITH * WHERE model IS NOT NULL
    MATCH (model)<-[staged:STAGED]-(other:ModelVersion) WHERE staged.validTo IS NULL
    RETURN staged{name: staged.stage, version: other.id, .validFrom, .recordedAt} AS item
  } AS stages,
  lines_of_model(model) AS lines,
  chains([$model]) AS chains
