// What a recall of a node rests on: the versions, releases, artifacts and deployments not over that descend from it, or are allowed because of it; and
// the former recalls of it. One row. Locks what of it decisions are about: the checkpoints, the versions, the lines of the releases, the releases
// and the artifacts, each in the order of ids, so that nothing is approved or deployed meanwhile. It looks for what is affected again
// once it holds the locks.
//
// parameter subject ID!: The node.
WITH recallable($subject) AS subject
WITH subject, with_versions(subject) AS starts
WITH subject, starts, COLLECT {
  UNWIND starts AS start
  MATCH walk = (start)<-[:BUILT_FROM*0..50 /* lineage and authority */]-(node)
  WITH node, min(length(walk)) AS depth
  WITH DISTINCT node WHERE node:Checkpoint OR node:ModelVersion OR node:Release OR node:Artifact
  RETURN node
} AS near
UNWIND [node IN near WHERE node:Checkpoint | node.id] + [''] AS id
OPTIONAL MATCH (checkpoint:Checkpoint {id: id})
WITH subject, starts, near, checkpoint ORDER BY checkpoint.id
REMOVE checkpoint.lock
WITH collect(subject)[0] AS subject, collect(starts)[0] AS starts, collect(near)[0] AS near, count(checkpoint) AS locked
UNWIND [node IN near WHERE node:ModelVersion | node.id] + [''] AS id
OPTIONAL MATCH (version:ModelVersion {id: id})
WITH subject, starts, near, version ORDER BY version.id
REMOVE version.lock
WITH collect(subject)[0] AS subject, collect(starts)[0] AS starts, collect(near)[0] AS near, count(version) AS locked
UNWIND [node IN near WHERE node:Release | node.id] + [''] AS id
OPTIONAL MATCH (:Release {id: id})-[within:IN_LINE]->(line:ReleaseLine)
WITH subject, starts, near, line ORDER BY line.id
REMOVE line.lock
WITH collect(subject)[0] AS subject, collect(starts)[0] AS starts, collect(near)[0] AS near, count(line) AS locked
UNWIND [node IN near WHERE node:Release | node.id] + [''] AS id
OPTIONAL MATCH (release:Release {id: id})
WITH subject, starts, near, release ORDER BY release.id
REMOVE release.lock
WITH collect(subject)[0] AS subject, collect(starts)[0] AS starts, collect(near)[0] AS near, count(release) AS locked
UNWIND [node IN near WHERE node:Artifact | node.id] + [''] AS id
OPTIONAL MATCH (artifact:Artifact {id: id})
WITH subject, starts, artifact ORDER BY artifact.id
REMOVE artifact.lock
WITH collect(subject)[0] AS subject, collect(starts)[0] AS starts, count(artifact) AS locked
RETURN subject.id AS subject,
  COLLECT {
    UNWIND starts AS start
    CALL (start) {
      MATCH walk = (start)<-[:BUILT_FROM*0..50 /* lineage */]-(node)
      WITH node, min(length(walk)) AS depth
      RETURN node, 'LINEAGE' AS way
      UNION ALL
      MATCH walk = (start)<-[:BUILT_FROM*0..50 /* lineage and authority */]-(node)
      WITH node, min(length(walk)) AS depth
      RETURN node, 'AUTHORITY' AS way
    }
    WITH node, max(way) AS way WHERE node:ModelVersion OR node:Release OR node:Artifact OR (node:Deployment AND unfinished(node))
    WITH node, way ORDER BY node.id
    RETURN node{.id, .recordedAt, kind: labels(node)[0], way: way} AS item
  } AS affected,
  COLLECT {
    MATCH (former:Recall {subject: $subject}) WHERE true
    WITH former ORDER BY former.id
    RETURN former{.id, .recordedAt, .revision, .reason, .validFrom, .validTo, .votes} AS item
  } AS former,
  chains(COLLECT { MATCH (former:Recall {subject: $subject}) WHERE true RETURN former.id }) AS chains
