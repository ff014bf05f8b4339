// What a comparison of two versions in a line rests on: both, and the newest versions of their models and of the line, each with what was
// measured of it and with the runs and data that it came of. One row a version. Without a base it is what is deployed in the line or, where
// nothing is, what was approved there last. Without a line it is the only one that the candidate has a release in. Without locks.
//
// parameter candidate ID(ModelVersion)!: The candidate.
// parameter base ID(ModelVersion): The base.
// parameter line ID(ReleaseLine): The line.
// parameter now DateTime!: Now.
OPTIONAL MATCH (candidate:ModelVersion {id: $candidate})
OPTIONAL MATCH (named:ModelVersion {id: $base})
OPTIONAL MATCH (line:ReleaseLine {id: $line})
WITH candidate, named, line,
  COLLECT {
    WITH * WHERE candidate IS NOT NULL AND coalesce($line, '') = ''
    MATCH (candidate)<-[of:OF]-(release:Release)-[within:IN_LINE]->(own:ReleaseLine) WHERE true
    RETURN DISTINCT own
  } AS owns
WITH candidate, named, CASE WHEN line IS NOT NULL THEN line WHEN size(owns) = 1 THEN owns[0] END AS line, [own IN owns | own.id] AS lines
WITH candidate, named, line, lines,
  (COLLECT {
    WITH * WHERE line IS NOT NULL AND coalesce($base, '') = ''
    MATCH (line)<-[runs:IN_LINE]-(fleet:Fleet)<-[on:ON]-(deployment:Deployment)-[meant:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(running:ModelVersion)
    WHERE deployment.state = 'ACTIVE' AND holds(runs, $now) AND running.id <> $candidate AND fits(artifact, line)
    WITH running, max(coalesce(deployment.validFrom, '')) AS since ORDER BY since DESC, running.id LIMIT 1
    RETURN running
  } + COLLECT {
    WITH * WHERE line IS NOT NULL AND coalesce($base, '') = ''
    MATCH (line)<-[runs:IN_LINE]-(fleet:Fleet)<-[part:PART_OF]-(cohort:Cohort)<-[on:ON]-(deployment:Deployment)-[meant:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(running:ModelVersion)
    WHERE deployment.state = 'ACTIVE' AND holds(runs, $now) AND holds(part, $now) AND running.id <> $candidate AND fits(artifact, line)
    WITH running, max(coalesce(deployment.validFrom, '')) AS since ORDER BY since DESC, running.id LIMIT 1
    RETURN running
  })[0] AS deployed,
  COLLECT {
    WITH * WHERE line IS NOT NULL AND coalesce($base, '') = ''
    MATCH (line)<-[within:IN_LINE]-(release:Release)<-[about:ABOUT]-(decision:Decision), (release)-[of:OF]->(approved:ModelVersion)
    WHERE decision.type IN ['APPROVAL', 'PROMOTION'] AND decision.verdict = 'GRANTED' AND approved.id <> $candidate
    WITH approved, decision ORDER BY coalesce(decision.decidedAt, '') DESC, decision.id DESC LIMIT 1
    RETURN approved
  }[0] AS approved
WITH candidate, line, lines,
  CASE WHEN coalesce($base, '') <> '' THEN named WHEN deployed IS NOT NULL THEN deployed ELSE approved END AS base,
  CASE WHEN coalesce($base, '') <> '' THEN 'NAMED' WHEN deployed IS NOT NULL THEN 'DEPLOYED' WHEN approved IS NOT NULL THEN 'APPROVED' END AS basis
CALL (candidate, base, line) {
  WITH * WHERE base IS NOT NULL
  RETURN base AS version
  UNION
  WITH * WHERE candidate IS NOT NULL
  RETURN candidate AS version
  UNION
  UNWIND [candidate, base] AS one
  WITH * WHERE one IS NOT NULL
  MATCH (one)-[of:VERSION_OF]->(model:Model)<-[same:VERSION_OF]-(version:ModelVersion) WHERE true
  WITH DISTINCT version ORDER BY version.recordedAt DESC, version.id LIMIT 50
  RETURN version
  UNION
  WITH * WHERE line IS NOT NULL
  MATCH (line)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion) WHERE true
  WITH DISTINCT version ORDER BY version.recordedAt DESC, version.id LIMIT 50
  RETURN version
  UNION
  RETURN null AS version
}
WITH candidate, base, basis, line, lines, version, COLLECT {
  WITH * WHERE version IS NOT NULL
  MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact) WHERE true
  RETURN artifact
} AS artifacts
WITH candidate, base, basis, line, lines, version, artifacts, COLLECT {
  WITH * WHERE version IS NOT NULL
  MATCH walk = (version)-[:PROMOTED_FROM|PRODUCED_BY|TRAINED_ON|DERIVED_FROM|ALSO_NAMED*0..50]->(node)
  WITH version, node, min(length(walk)) AS depth
  WITH node WHERE node:Run OR node:DatasetVersion
  WITH node ORDER BY node.id LIMIT 500
  RETURN node{
    .id, .describedAt, .configuration, kind: labels(node)[0],
    links: COLLECT {
      MATCH (node)-[link:TRAINED_ON|DERIVED_FROM|CURATED_BY|RAN|IN_ENVIRONMENT|ON_COMPUTE|INITIALIZED_FROM|GUIDED_BY]->(source) WHERE true
      RETURN source{
        .id, .digest, .repository, .commit, .packages, .rules, .accelerator, .acceleratorCount, .hosts,
        type: type(link), weight: link.weight, role: link.role
      } AS item
    }
  } AS item
} AS upstream
RETURN candidate.id AS candidate,
  base.id AS base,
  basis,
  line{.id} AS line,
  lines,
  version{
    .id, .parameters, .sensors, .actionSpace, .actionSpaceDigest, .controllerDigest, .rateHz, .memoryMib, .robotSoftware,
    upstream: upstream
  } AS version,
  COLLECT {
    UNWIND artifacts + version AS subject
    WITH * WHERE subject IS NOT NULL
    MATCH (evidence:Evidence)-[about:ABOUT]->(subject) WHERE true
    WITH version, subject, evidence ORDER BY evidence.id
    RETURN evidence{
      .id, .type, .measurements, .measuredAt, .recordedAt, .digest, version: version.id,
      artifact: CASE WHEN subject:Artifact THEN subject.id END, artifactState: CASE WHEN subject:Artifact THEN subject.state END,
      target: COLLECT { MATCH (subject)-[for:FOR]->(built:HardwareTarget) WHERE true RETURN built.id }[0],
      correctedAt: corrected_at(version),
      packs: packs_of(evidence),
      supersededBy: superseded_by(evidence)
    } AS item
  } AS evidence,
  COLLECT {
    UNWIND artifacts + version AS subject
    WITH * WHERE subject IS NOT NULL
    MATCH (evidence:Evidence)-[about:ABOUT]->(subject), (evidence)-[with:MEASURED_WITH]->(pack:EvaluationPack) WHERE true
    WITH DISTINCT pack ORDER BY pack.id
    RETURN pack{.id, .metrics, .slices} AS item
  } AS packs,
  COLLECT {
    UNWIND artifacts AS artifact
    WITH * WHERE version.id = candidate.id OR version.id = base.id
    MATCH (seen:Installation)-[of:OF]->(artifact) WHERE true
    RETURN {since: seen.validFrom, until: seen.validTo, seen: seen.lastSeenAt} AS item
  } AS installed,
  COLLECT {
    UNWIND artifacts AS artifact
    WITH * WHERE version.id = candidate.id OR version.id = base.id
    MATCH (seen:Installation)-[of:OF]->(artifact), (seen)-[on:ON]->(robot:Robot)<-[at:AT]-(incident:Incident) WHERE holds(seen, incident.validFrom) AND stands(incident)
    RETURN DISTINCT incident.id
  } AS incidents
