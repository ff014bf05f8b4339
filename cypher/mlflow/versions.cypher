// The versions of models that have a name in MLflow, in an order, a page.
//
// parameter names [String]: The only names to look at, as external ids; null for all.
// parameter like_name [String!]!: The patterns that the name must match,
// parameter unlike_name [String!]!: and those that it must not match.
// parameter like_run_id [String!]!: The patterns that the run's id must match,
// parameter unlike_run_id [String!]!: and those that it must not match.
// parameter like_source_path [String!]!: The patterns that the address must match,
// parameter unlike_source_path [String!]!: and those that it must not match.
// parameter like_tags [String!]!: The patterns that the tags must match,
// parameter unlike_tags [String!]!: and those that they must not match.
// parameter least Int!: The least number,
// parameter most Int!: the greatest,
// parameter other_than [Int!]!: and numbers that it must not have.
// parameter after Map: The row that the page comes behind.
// parameter limit Int!: How many rows there are at most.
CALL () {
  UNWIND coalesce($names, []) AS external
  MATCH (:ExternalId {id: external})-[names:IDENTIFIES]->(model:Model) WHERE true
  RETURN model
  UNION
  MATCH (model:Model) WHERE $names IS NULL AND mlflow_name(model) IS NOT NULL
  RETURN model
}
WITH DISTINCT model
WITH model, mlflow_name(model) AS name
WHERE name IS NOT NULL
  AND meets(name, $like_name, $unlike_name)
MATCH (model)<-[of:VERSION_OF]-(version:ModelVersion) WHERE version.describedAt IS NOT NULL
WITH name, version, mlflow_number(version) AS number,
  coalesce(version.createdAt, version.recordedAt) AS created,
  coalesce(version.updatedAt, version.createdAt, version.recordedAt) AS updated
WHERE number >= $least AND number <= $most AND NOT number IN $other_than
  AND meets(version.uri, $like_source_path, $unlike_source_path)
  AND meets(coalesce(version.tags, '[]'), $like_tags, $unlike_tags)
  AND /* behind */ $after IS NULL
WITH name, version, number, created, updated, mlflow_stage(version) AS stage,
  CASE WHEN size($like_run_id) + size($unlike_run_id) > 0 THEN mlflow_run(version) END AS run
WHERE coalesce(stage, '') <> 'DELETED'
  AND meets(run, $like_run_id, $unlike_run_id)
WITH name, version, number, created, updated ORDER BY /* order */ name LIMIT $limit
RETURN name, number, created, updated, mlflow_version(version) AS version
ORDER BY /* order */ name
