// Finds nodes by a name in another system: an external id such as mlflow:run/4f2c, or a digest such as a robot reports. It also finds
// a node by an id that it had before somebody registered a node with its name. If several nodes have the name, it finds them all.
//
// parameter name String!: The whole external id or digest. You may write a digest in upper case, or as Subresource Integrity does.
// time none
// answers [Resolved]: A node with that name.
// column node Node!: The node.
// column by String!: What led to it: commit, digest, externalId, id, serial or weightsDigest. If several do, the first of these.
CALL () {
  MATCH (external:ExternalId {id: $digest})-[names:IDENTIFIES]->(node) WHERE true
  RETURN node, 'externalId' AS by
  UNION
  MATCH (node:Artifact {id: 'artifact:' + $digest}) WHERE node.retractedAt IS NULL
  RETURN node, 'id' AS by
  UNION
  MATCH (former:Artifact {id: $name}) WHERE former.sameAs IS NOT NULL
  MATCH (node:Artifact {id: former.sameAs}) WHERE true
  RETURN node, 'id' AS by
  UNION
  MATCH (former:Artifact {id: 'artifact:' + $digest}) WHERE former.sameAs IS NOT NULL
  MATCH (node:Artifact {id: former.sameAs}) WHERE true
  RETURN node, 'id' AS by
  UNION
  MATCH (former:Incident {id: $name}) WHERE former.sameAs IS NOT NULL
  MATCH (node:Incident {id: former.sameAs}) WHERE true
  RETURN node, 'id' AS by
  UNION
  MATCH (former:MaintenanceEvent {id: $name}) WHERE former.sameAs IS NOT NULL
  MATCH (node:MaintenanceEvent {id: former.sameAs}) WHERE true
  RETURN node, 'id' AS by
  UNION
  MATCH (node:Artifact {digest: $digest}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:ModelVersion {weightsDigest: $digest}) WHERE true
  RETURN node, 'weightsDigest' AS by
  UNION
  MATCH (node:Checkpoint {digest: $digest}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:DatasetVersion {digest: $digest}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:CurationRuleset {digest: $digest}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:SoftwareEnvironment {digest: $digest}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:EvaluationPack {digest: $digest}) WHERE true
  RETURN node, 'digest' AS by
  UNION
  MATCH (node:Evidence {digest: $digest}) WHERE true
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
