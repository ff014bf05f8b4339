// What MLflow is told of a version.
//
// parameter version: The version.
version{
  .id, .uri, .runLink, .description, .tags, .createdAt, .updatedAt, .recordedAt,
  number: mlflow_number(version),
  stage: mlflow_stage(version),
  run: mlflow_run(version),
  checkpoint: COLLECT {
    MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint) WHERE true
    WITH checkpoint ORDER BY checkpoint.id
    RETURN checkpoint.id
  }[0],
  stored: COLLECT {
    MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint) WHERE checkpoint.uri IS NOT NULL
    WITH checkpoint ORDER BY checkpoint.id
    RETURN checkpoint.uri
  }[0],
  aliases: COLLECT {
    MATCH (version)-[aliased:ALIASED]->(within:Model) WHERE aliased.validTo IS NULL
    WITH aliased ORDER BY aliased.alias
    RETURN aliased.alias
  }
}
