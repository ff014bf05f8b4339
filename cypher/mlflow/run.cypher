// The run that has a name in MLflow.
//
// parameter external String!: The name, as an external id.
MATCH (:ExternalId {id: $external})-[names:IDENTIFIES]->(run:Run) WHERE true
RETURN run.id AS id
ORDER BY run.id
