// Finds nodes by a name in another system: an external id such as mlflow:run/4f2c, or a digest such as a robot reports.
//
// parameter name String!: The external id or digest, in full.
// time none
// answers [Resolved]: A node with that name.
// column node Node!: The node.
// column by String!: By what it was found: commit, digest, externalId, id, serial or weightsDigest; the first of these that leads to it.
CALL () {
  MATCH (external:ExternalId {id: $name})-[names:IDENTIFIES]->(node) WHERE true
  RETURN node, 'externalId' AS by
  UNION
  MATCH (node:Artifact {id: 'artifact:' + $name}) WHERE node.retractedAt IS NULL
  RETURN node, 'id' AS by
  UNION
  MATCH (node:Artifact {digest: $name}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:ModelVersion {weightsDigest: $name}) WHERE true
  RETURN node, 'weightsDigest' AS by
  UNION
  MATCH (node:Checkpoint {digest: $name}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:DatasetVersion {digest: $name}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:CurationRuleset {digest: $name}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:SoftwareEnvironment {digest: $name}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:EvaluationPack {digest: $name}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:Evidence {digest: $name}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:CodeVersion {commit: $name}) WHERE true
  RETURN node, 'commit' AS by
  UNION
  MATCH (node:Robot {serial: $name}) WHERE true
  RETURN node, 'serial' AS by
}
WITH node, min(by) AS by
RETURN node, by
ORDER BY node.id
