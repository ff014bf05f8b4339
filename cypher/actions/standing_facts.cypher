// How releases stand: one, all of a version or of an artifact's version, all in lines; or as they would, were versions
// registered in lines. One row a release, and one of nulls. Locks their lines, since a policy may change, and then the
// releases, each in the order of ids.
//
// parameter release ID(Release): The release.
// parameter version ID(ModelVersion): The version whose releases.
// parameter artifact ID(Artifact): The artifact whose version's releases.
// parameter compared Boolean = false: Whether also those that are compared with that version, since it is deployed in their line, or were when they were approved.
// parameter lines [ID(ReleaseLine)] = []: The lines whose releases.
// parameter completed [ID(ModelVersion)] = []: Versions of which what was not said before may be said now, whose releases.
// parameter covering Boolean = false: Whether a policy that is yet to govern asks to cover incidents. Otherwise the one in force decides.
// parameter candidates [Map] = []: Versions, known or not, each as `version` with its `line`, that are to have a release in a line, if they have none.
// parameter now DateTime!: Now.
CALL () {
  MATCH (release:Release {id: $release})-[of:OF]->(version:ModelVersion), (release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line, version, null AS candidate
  UNION
  MATCH (version:ModelVersion {id: $version})<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line, version, null AS candidate
  UNION
  MATCH (artifact:Artifact {id: $artifact})-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line, version, null AS candidate
  UNION
  MATCH (deployed:ModelVersion {id: $version})<-[runs:OF]-(beside:Release)-[stands:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion)
  WHERE $compared AND EXISTS { MATCH (deployed)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment) WHERE deployment.state = 'ACTIVE' }
  RETURN release, line, version, null AS candidate
  UNION
  MATCH (artifact:Artifact {id: $artifact})-[built:BUILT_FROM]->(deployed:ModelVersion)<-[runs:OF]-(beside:Release)-[stands:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion)
  WHERE $compared AND EXISTS { MATCH (deployed)<-[another:BUILT_FROM]-(build:Artifact)<-[meant:OF]-(deployment:Deployment) WHERE deployment.state = 'ACTIVE' }
  RETURN release, line, version, null AS candidate
  UNION
  MATCH (measured:ModelVersion {id: $version})<-[about:ABOUT]-(evidence:Evidence)<-[cites:CITES]-(decision:Decision)<-[approved:APPROVED_BY]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine), (release)-[of:OF]->(version:ModelVersion)
  WHERE $compared
  RETURN release, line, version, null AS candidate
  UNION
  MATCH (measured:ModelVersion {id: $version})<-[built:BUILT_FROM]-(artifact:Artifact)<-[about:ABOUT]-(evidence:Evidence)<-[cites:CITES]-(decision:Decision)<-[approved:APPROVED_BY]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine), (release)-[of:OF]->(version:ModelVersion)
  WHERE $compared
  RETURN release, line, version, null AS candidate
  UNION
  MATCH (artifact:Artifact {id: $artifact})<-[about:ABOUT]-(evidence:Evidence)<-[cites:CITES]-(decision:Decision)<-[approved:APPROVED_BY]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine), (release)-[of:OF]->(version:ModelVersion)
  WHERE $compared
  RETURN release, line, version, null AS candidate
  UNION
  UNWIND $lines AS id
  MATCH (line:ReleaseLine {id: id})<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion) WHERE true
  RETURN release, line, version, null AS candidate
  UNION
  UNWIND $completed AS id
  MATCH (version:ModelVersion {id: id})<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line, version, null AS candidate
  UNION
  UNWIND $candidates AS pair
  MATCH (line:ReleaseLine {id: pair.line}) WHERE true
  OPTIONAL MATCH (version:ModelVersion {id: pair.version})
  OPTIONAL MATCH (:ModelVersion {id: pair.version})<-[of:OF]-(release:Release)-[within:IN_LINE]->(:ReleaseLine {id: pair.line})
  RETURN release, line, version, pair.version AS candidate
  UNION
  RETURN null AS release, null AS line, null AS version, null AS candidate
}
WITH DISTINCT release, line, version, candidate ORDER BY line.id
REMOVE line.lock
WITH release, line, version, candidate ORDER BY release.id
REMOVE release.lock
WITH release, line, version, candidate,
  policy_of(line, $now) AS policy,
  (COLLECT {
    WITH * WHERE line IS NOT NULL
    MATCH (line)<-[runs:IN_LINE]-(fleet:Fleet)<-[on:ON]-(deployment:Deployment)-[meant:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(running:ModelVersion)
    WHERE deployment.state = 'ACTIVE' AND holds(runs, $now) AND running.id <> coalesce(version.id, '')
      AND fits(artifact, line)
    WITH running, max(coalesce(deployment.validFrom, '')) AS since ORDER BY since DESC, running.id LIMIT 1
    RETURN running
  } + COLLECT {
    WITH * WHERE line IS NOT NULL
    MATCH (line)<-[runs:IN_LINE]-(fleet:Fleet)<-[part:PART_OF]-(cohort:Cohort)<-[on:ON]-(deployment:Deployment)-[meant:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(running:ModelVersion)
    WHERE deployment.state = 'ACTIVE' AND holds(runs, $now) AND holds(part, $now) AND running.id <> coalesce(version.id, '')
      AND fits(artifact, line)
    WITH running, max(coalesce(deployment.validFrom, '')) AS since ORDER BY since DESC, running.id LIMIT 1
    RETURN running
  })[0] AS running,
  COLLECT {
    WITH * WHERE release IS NOT NULL
    MATCH (release)-[approved:APPROVED_BY]->(decision:Decision)-[cites:CITES]->(evidence:Evidence)-[about:ABOUT]->(measured:ModelVersion) WHERE true
    RETURN measured.id
  } + COLLECT {
    WITH * WHERE release IS NOT NULL
    MATCH (release)-[approved:APPROVED_BY]->(decision:Decision)-[cites:CITES]->(evidence:Evidence)-[about:ABOUT]->(artifact:Artifact)-[built:BUILT_FROM]->(measured:ModelVersion) WHERE true
    RETURN measured.id
  } AS cited
WITH release, line, version, candidate, policy, running, cited,
  CASE WHEN $covering OR policy.document CONTAINS '"covers"' THEN line END AS covering,
  CASE WHEN running IS NOT NULL THEN {
    version: running.id,
    release: COLLECT { MATCH (line)<-[beside:IN_LINE]-(other:Release)-[of:OF]->(running) WHERE true RETURN other.id }[0]
  } END AS baseline
RETURN release{.id, .state, .revision, .staleFrom, .trainers, .recordedAt, .recordedBy} AS release,
  line{
    .id,
    target: COLLECT { WITH * WHERE line IS NOT NULL MATCH (line)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0]
  } AS line,
  version{
    .id, .weightsDigest, .normalizationDigest, .actionSpaceDigest, .controllerDigest, .sensors, .actionSpace, .rateHz,
    .memoryMib, .robotSoftware, .recordedBy,
    completedBy: COLLECT {
      WITH * WHERE version IS NOT NULL MATCH (version)-[named:PROMOTED_FROM]->(checkpoint:Checkpoint) WHERE true RETURN named.recordedBy
    } + COLLECT {
      WITH * WHERE version IS NOT NULL
      MATCH (version)<-[revises:REVISES]-(revision:Revision) WHERE any(name IN revision.changed WHERE revision[name] IS NULL)
      RETURN revision.revisedBy
    },
    experiments: COLLECT { WITH * WHERE version IS NOT NULL MATCH (version)-[justified:JUSTIFIED_BY]->(experiment:Experiment) WHERE true RETURN experiment.id }
  } AS version,
  recalled_from(version, $now) AS upstream,
  candidate,
  policy{.id, .document} AS policy,
  COLLECT {
    WITH * WHERE line IS NOT NULL
    MATCH (coming:ReleasePolicy)-[governs:GOVERNS]->(line) WHERE governs.validFrom > $now
    WITH coming, governs ORDER BY governs.validFrom, coming.id
    RETURN coming{.id, .document, validFrom: governs.validFrom, recordedAt: governs.recordedAt} AS item
  } AS coming,
  baseline,
  COLLECT {
    UNWIND coalesce(policy.packs, []) AS id
    MATCH (pack:EvaluationPack {id: id}) WHERE true
    RETURN pack{.id, .metrics, .slices} AS item
  } AS packs,
  COLLECT {
    WITH * WHERE version IS NOT NULL
    MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint)-[produced:PRODUCED_BY]->(run:Run) WHERE true
    WITH run, collect(DISTINCT checkpoint) AS checkpoints ORDER BY run.id
    RETURN run{
      .id, .recordedBy, .owners, .status,
      configured: run.configuration IS NOT NULL,
      corrections: configuration_corrections(run),
      checkpoints: COLLECT { UNWIND checkpoints AS checkpoint RETURN checkpoint{.id, value: checkpoint.digest} AS item },
      trained: data_of(run),
      coded: code_of(run),
      equipped: environments_of(run),
      computed: compute_of(run)
    } AS item
  } AS runs,
  version IS NOT NULL AND EXISTS {
    MATCH (version)-[promoted:PROMOTED_FROM]->(checkpoint:Checkpoint) WHERE NOT EXISTS { MATCH (checkpoint)-[produced:PRODUCED_BY]->(run:Run) WHERE true }
  } AS unproduced,
  COLLECT {
    WITH * WHERE release IS NOT NULL
    MATCH (release)-[permits:PERMITTED]->(line) WHERE coalesce(permits.validTo >= $now, true)
    RETURN permits{.basis, .validFrom, .validTo} AS item
  } AS permitted,
  COLLECT {
    WITH * WHERE release IS NOT NULL
    MATCH (decision:Decision)-[about:ABOUT]->(release) WHERE true
    WITH DISTINCT release, decision ORDER BY decision.decidedAt, decision.id
    RETURN decision{
      .id, .type, .verdict, .actor, .roles, .machine, .digest, .decidedAt, .expiresAt, .rollbackAllowed, .recordedAt, .grounds,
      policies: COLLECT { MATCH (decision)-[under:UNDER]->(policy:ReleasePolicy) WHERE true RETURN policy.id },
      approves: EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision) WHERE true },
      checks: COLLECT { MATCH (release)-[stands:APPROVED_BY]->(decision) WHERE true RETURN decision.checks }[0],
      approvedUnder: COLLECT {
        MATCH (release)-[stands:APPROVED_BY]->(decision)-[under:UNDER]->(own:ReleasePolicy)
        WHERE decision.grounds IS NULL AND NOT coalesce(decision.imported, false)
        RETURN own.document
      }[0]
    } AS item
  } AS decisions,
  COLLECT {
    UNWIND cited + [version.id, baseline.version] AS id
    WITH DISTINCT id WHERE id IS NOT NULL
    MATCH (measured:ModelVersion {id: id})<-[about:ABOUT]-(evidence:Evidence) WHERE true
    WITH measured, evidence ORDER BY evidence.id
    RETURN evidence{
      .id, .type, .measurements, .measuredAt, .recordedAt, .digest, version: measured.id,
      correctedAt: corrected_at(measured),
      packs: packs_of(evidence),
      supersededBy: superseded_by(evidence)
    } AS item
  } AS evidence,
  COLLECT {
    UNWIND cited + [version.id, baseline.version] AS id
    WITH DISTINCT id WHERE id IS NOT NULL
    MATCH (measured:ModelVersion {id: id})<-[built:BUILT_FROM]-(artifact:Artifact)<-[about:ABOUT]-(evidence:Evidence) WHERE true
    WITH measured, artifact, evidence ORDER BY evidence.id
    RETURN evidence{
      .id, .type, .measurements, .measuredAt, .recordedAt, .digest, version: measured.id, artifact: artifact.id, artifactState: artifact.state,
      target: COLLECT { MATCH (artifact)-[for:FOR]->(built:HardwareTarget) WHERE true RETURN built.id }[0],
      correctedAt: corrected_at(measured),
      packs: packs_of(evidence),
      supersededBy: superseded_by(evidence)
    } AS item
  } AS builtEvidence,
  COLLECT {
    WITH * WHERE version IS NOT NULL AND line IS NOT NULL
    MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)
    WHERE unfinished(deployment)
      AND fits(artifact, line)
      AND (
        (release IS NOT NULL AND authorized_for(deployment, release))
        OR ran_in_line(deployment, line, $now)
        OR without_line(deployment)
      )
    WITH DISTINCT deployment ORDER BY deployment.id
    RETURN deployment{
      .id, .state,
      place: COLLECT { MATCH (deployment)-[on:ON]->(place:Fleet|Cohort) WHERE true RETURN place.id }[0],
      toCohort: EXISTS { MATCH (deployment)-[on:ON]->(place:Cohort) WHERE true },
      partOf: COLLECT { MATCH (deployment)-[on:ON]->(place:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(part, $now) RETURN fleet.id }
    } AS item
  } AS deployments,
  COLLECT {
    CALL (covering) {
      WITH * WHERE covering IS NOT NULL
      MATCH (covering)<-[runs:IN_LINE]-(fleet:Fleet)<-[at:AT]-(incident:Incident) WHERE holds(runs, incident.validFrom)
      RETURN incident
      UNION
      WITH * WHERE covering IS NOT NULL
      MATCH (covering)<-[runs:IN_LINE]-(fleet:Fleet)-[there:AT]->(site:Site)<-[at:AT]-(incident:Incident)
      WHERE holds(runs, incident.validFrom) AND holds(there, incident.validFrom)
      RETURN incident
      UNION
      WITH * WHERE covering IS NOT NULL
      MATCH (covering)<-[runs:IN_LINE]-(fleet:Fleet)<-[member:MEMBER_OF]-(robot:Robot)<-[at:AT]-(incident:Incident)
      WHERE holds(runs, incident.validFrom) AND holds(member, incident.validFrom)
      RETURN incident
      UNION
      WITH * WHERE covering IS NOT NULL
      MATCH (covering)<-[runs:IN_LINE]-(fleet:Fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[at:AT]-(incident:Incident)
      WHERE holds(runs, incident.validFrom) AND holds(part, incident.validFrom) AND holds(member, incident.validFrom)
      RETURN incident
    }
    WITH DISTINCT incident WHERE stands(incident)
    WITH incident ORDER BY incident.id
    RETURN incident{
      .id, .severity, .validFrom, .recordedAt,
      packs: COLLECT {
        MATCH (incident)<-[sampled:SAMPLED_FROM]-(pack:EvaluationPack) WHERE true
        WITH DISTINCT pack ORDER BY pack.id
        RETURN pack{.id, .metrics, .slices} AS sampledPack
      }
    } AS item
  } AS incidents,
  chains([release.id, version.id]) AS chains
