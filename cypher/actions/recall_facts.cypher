// What a recall rests on besides what was found to be affected: the former recalls of its subject, and what hangs on the affected things by now.
// One row. Locks the affected checkpoints, versions, lines of releases, releases and artifacts, each in the order of ids, so that nothing of them
// is approved or deployed meanwhile.
//
// parameter subject String!: What is recalled, as text.
// parameter checkpoints [ID(Checkpoint)] = []: The affected checkpoints.
// parameter versions [ID(ModelVersion)] = []: The affected versions.
// parameter releases [ID(Release)] = []: The affected releases.
// parameter artifacts [ID(Artifact)] = []: The affected artifacts.
UNWIND $checkpoints + [''] AS id
OPTIONAL MATCH (checkpoint:Checkpoint {id: id})
WITH checkpoint ORDER BY checkpoint.id
REMOVE checkpoint.lock
WITH collect(checkpoint) AS checkpoints
UNWIND $versions + [''] AS id
OPTIONAL MATCH (version:ModelVersion {id: id})
WITH checkpoints, version ORDER BY version.id
REMOVE version.lock
WITH collect(checkpoints)[0] AS checkpoints, collect(version) AS versions
UNWIND $releases + [''] AS id
OPTIONAL MATCH (:Release {id: id})-[within:IN_LINE]->(line:ReleaseLine)
WITH checkpoints, versions, line ORDER BY line.id
REMOVE line.lock
WITH collect(checkpoints)[0] AS checkpoints, collect(versions)[0] AS versions, count(line) AS locked
UNWIND $releases + [''] AS id
OPTIONAL MATCH (release:Release {id: id})
WITH checkpoints, versions, release ORDER BY release.id
REMOVE release.lock
WITH collect(checkpoints)[0] AS checkpoints, collect(versions)[0] AS versions, count(release) AS locked
UNWIND $artifacts + [''] AS id
OPTIONAL MATCH (artifact:Artifact {id: id})
WITH checkpoints, versions, artifact ORDER BY artifact.id
REMOVE artifact.lock
WITH collect(checkpoints)[0] AS checkpoints, collect(versions)[0] AS versions, collect(artifact) AS artifacts
RETURN COLLECT {
    UNWIND checkpoints AS checkpoint
    MATCH (checkpoint)<-[promoted:PROMOTED_FROM]-(version:ModelVersion)<-[of:OF]-(release:Release) WHERE true
    RETURN release{.id, .recordedAt} AS item
  } + COLLECT {
    UNWIND versions AS version
    MATCH (version)<-[of:OF]-(release:Release) WHERE true
    RETURN release{.id, .recordedAt} AS item
  } + COLLECT {
    UNWIND versions AS version
    MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact) WHERE true
    RETURN artifact{.id, .recordedAt} AS item
  } + COLLECT {
    UNWIND artifacts AS artifact
    MATCH (artifact)<-[of:OF]-(deployment:Deployment) WHERE unfinished(deployment)
    RETURN deployment{.id, .recordedAt} AS item
  } AS hanging,
  COLLECT {
    MATCH (former:Recall {subject: $subject}) WHERE true
    WITH former ORDER BY former.id
    RETURN former{.id, .recordedAt, .revision, .reason, .validFrom, .validTo, .votes, .votesMissing} AS item
  } AS former,
  chains(COLLECT { MATCH (former:Recall {subject: $subject}) WHERE true RETURN former.id }) AS chains
