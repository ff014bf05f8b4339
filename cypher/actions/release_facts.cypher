// What a decision about a release rests on. Locks its line, since a policy may change, and the release.
//
// parameter release ID(Release)!: The release.
OPTIONAL MATCH (release:Release {id: $release})-[within:IN_LINE]->(line:ReleaseLine)
REMOVE line.lock
WITH release, line
REMOVE release.lock
WITH release, line
OPTIONAL MATCH (release)-[of:OF]->(version:ModelVersion)
OPTIONAL MATCH (line)-[for:FOR]->(target:HardwareTarget)
WITH release, line, version, target, [$release] AS subjects,
  COLLECT {
    WITH * WHERE line IS NOT NULL
    MATCH (line)<-[beside:IN_LINE]-(other:Release)-[runs:OF]->(running:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)
    WHERE other.state = 'DEPLOYED' AND other.id <> release.id AND deployment.state = 'ACTIVE'
    WITH other, running, max(coalesce(deployment.validFrom, '')) AS since ORDER BY since DESC, other.id LIMIT 1
    RETURN other{.id, version: running.id}
  }[0] AS baseline
RETURN release{.id, .state, .revision, .staleFrom, .recordedBy, .describedAt} AS release,
  line{.id, target: target.id} AS line,
  version{
    .id, .weightsDigest, .normalizationDigest, .actionSpaceDigest, .controllerDigest, .sensors, .actionSpace, .rateHz,
    .memoryMib, .robotSoftware, .recordedBy
  } AS version,
  COLLECT {
    WITH * WHERE version IS NOT NULL
    MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run) WHERE true
    WITH DISTINCT run ORDER BY run.id
    RETURN run{.recordedBy, .owners} AS item
  } AS runs,
  COLLECT {
    WITH * WHERE line IS NOT NULL
    MATCH (policy:ReleasePolicy)-[governs:GOVERNS]->(line) WHERE governs.validFrom <= $now AND coalesce(governs.validTo > $now, true)
    WITH policy, governs ORDER BY governs.validFrom DESC, policy.id DESC LIMIT 1
    RETURN policy{.id, .document, since: governs.validFrom} AS item
  }[0] AS policy,
  COLLECT {
    WITH * WHERE release IS NOT NULL
    MATCH (decision:Decision)-[about:ABOUT]->(release) WHERE true
    WITH DISTINCT release, decision ORDER BY decision.decidedAt, decision.id
    RETURN decision{
      .id, .type, .verdict, .actor, .roles, .machine, .digest, .decidedAt, .expiresAt, .state,
      policies: COLLECT { MATCH (decision)-[under:UNDER]->(policy:ReleasePolicy) WHERE true RETURN policy.id },
      counts: COLLECT { MATCH (decision)-[counted:COUNTS]->(vote:Decision) WHERE true RETURN vote.id },
      approves: EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision) WHERE true }
    } AS item
  } AS decisions,
  baseline,
  COLLECT {
    UNWIND [version.id, baseline.version] AS id
    WITH * WHERE id IS NOT NULL
    MATCH (measured:ModelVersion {id: id})<-[about:ABOUT]-(evidence:Evidence) WHERE true
    WITH measured, evidence ORDER BY evidence.id
    RETURN evidence{
      .id, .type, .measurements, .measuredAt, version: measured.id, artifact: null, artifactState: null, target: null,
      packs: COLLECT { MATCH (evidence)-[with:MEASURED_WITH]->(pack:EvaluationPack) WHERE true RETURN pack.id },
      superseded: EXISTS { MATCH (newer:Evidence)-[supersedes:SUPERSEDES]->(evidence) WHERE true }
    } AS item
  } AS evidence,
  COLLECT {
    UNWIND [version.id, baseline.version] AS id
    WITH * WHERE id IS NOT NULL
    MATCH (measured:ModelVersion {id: id})<-[built:BUILT_FROM]-(artifact:Artifact)<-[about:ABOUT]-(evidence:Evidence) WHERE true
    WITH measured, artifact, evidence ORDER BY evidence.id
    RETURN evidence{
      .id, .type, .measurements, .measuredAt, version: measured.id, artifact: artifact.id, artifactState: artifact.state,
      target: COLLECT { MATCH (artifact)-[for:FOR]->(built:HardwareTarget) WHERE true RETURN built.id }[0],
      packs: COLLECT { MATCH (evidence)-[with:MEASURED_WITH]->(pack:EvaluationPack) WHERE true RETURN pack.id },
      superseded: EXISTS { MATCH (newer:Evidence)-[supersedes:SUPERSEDES]->(evidence) WHERE true }
    } AS item
  } AS builtEvidence,
  COLLECT {
    WITH * WHERE version IS NOT NULL
    MATCH (version)<-[about:ABOUT]-(evidence:Evidence)-[with:MEASURED_WITH]->(pack:EvaluationPack) WHERE true
    WITH DISTINCT pack ORDER BY pack.id
    RETURN pack{.id, .metrics, .slices} AS item
  } AS packs,
  COLLECT {
    WITH * WHERE version IS NOT NULL
    MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)<-[about:ABOUT]-(evidence:Evidence)-[with:MEASURED_WITH]->(pack:EvaluationPack) WHERE true
    WITH DISTINCT pack ORDER BY pack.id
    RETURN pack{.id, .metrics, .slices} AS item
  } AS builtPacks,
  COLLECT {
    WITH * WHERE version IS NOT NULL AND line IS NOT NULL
    MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)-[on:ON]->(fleet:Fleet)-[runs:IN_LINE]->(line)
    WHERE deployment.state IN ['PLANNED', 'IN_PROGRESS', 'ACTIVE']
    WITH DISTINCT deployment, fleet ORDER BY deployment.id
    RETURN deployment{.id, .state, fleet: fleet.id} AS item
  } AS deployments,
  COLLECT {
    WITH * WHERE version IS NOT NULL AND line IS NOT NULL
    MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(line)
    WHERE deployment.state IN ['PLANNED', 'IN_PROGRESS', 'ACTIVE']
    WITH DISTINCT deployment, fleet ORDER BY deployment.id
    RETURN deployment{.id, .state, fleet: fleet.id} AS item
  } AS cohortDeployments
