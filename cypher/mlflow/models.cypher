// The models that have a name in MLflow, each with the newest version of every stage, in an order, a page.
//
// parameter names [String]: The only names to look at, as external ids; null for all.
// parameter like_name [String!]!: The patterns that the name must match,
// parameter unlike_name [String!]!: and those that it must not match.
// parameter like_tags [String!]!: The patterns that the tags must match,
// parameter unlike_tags [String!]!: and those that they must not match.
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
WITH model, mlflow_name(model) AS name, coalesce(model.updatedAt, model.recordedAt) AS updated
WHERE name IS NOT NULL
  AND meets(name, $like_name, $unlike_name)
  AND meets(coalesce(model.tags, '[]'), $like_tags, $unlike_tags)
  AND /* behind */ $after IS NULL
WITH model, name, updated ORDER BY /* order */ name LIMIT $limit
RETURN name, updated,
  model{
    .id, .description, .tags, .recordedAt,
    aliases: COLLECT {
      MATCH (model)<-[aliased:ALIASED]-(version:ModelVersion) WHERE aliased.validTo IS NULL
      WITH version, aliased ORDER BY aliased.alias
      RETURN version{alias: aliased.alias, number: mlflow_number(version)} AS item
    }
  } AS model,
  COLLECT {
    MATCH (model)<-[of:VERSION_OF]-(version:ModelVersion) WHERE version.describedAt IS NOT NULL
    WITH version, mlflow_number(version) AS number, coalesce(mlflow_stage(version), 'None') AS stage
    WHERE number IS NOT NULL AND stage <> 'DELETED'
    WITH version, number, stage ORDER BY number DESC
    WITH stage, collect(version)[0] AS version
    RETURN mlflow_version(version) AS item
  } AS latest
ORDER BY /* order */ name
