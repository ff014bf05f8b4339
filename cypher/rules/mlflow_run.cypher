// The id in MLflow of the run that a version comes from; null if it comes from none there.
//
// parameter version: The version.
COLLECT {
  MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run) WHERE true
  WITH run ORDER BY run.id
  UNWIND coalesce(run.externalIds, []) AS external
  WITH external WHERE left(external, 11) = 'mlflow:run/'
  RETURN substring(external, 11)
}[0]
