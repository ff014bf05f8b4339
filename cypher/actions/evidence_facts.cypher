// What is known of evidence, and of what it names. One row. Locks the version that it is about, or whose artifact.
//
// parameter evidence ID(Evidence)!: The evidence.
// parameter version ID(ModelVersion): The version that it is about.
// parameter artifact ID(Artifact): The artifact that it is about.
// parameter packs [ID(EvaluationPack)]: The packs that it was measured with.
// parameter superseded [ID(Evidence)]: The evidence that it corrects.
CALL () {
  MATCH (version:ModelVersion {id: $version}) WHERE true
  RETURN version
  UNION
  MATCH (artifact:Artifact {id: $artifact})-[built:BUILT_FROM]->(version:ModelVersion) WHERE true
  RETURN version
  UNION
  RETURN null AS version
}
WITH version ORDER BY version.id
REMOVE version.lock
WITH collect(version.id) AS versions
RETURN COLLECT {
    MATCH (evidence:Evidence {id: $evidence}) WHERE evidence.describedAt IS NOT NULL
    RETURN evidence{
      .id, .revision, .name, .description, .labels, .owners, .externalIds, .type, .measurements, .uri, .digest, .measuredAt,
      about: COLLECT { MATCH (evidence)-[about:ABOUT]->(measured:ModelVersion|Artifact) WHERE true RETURN measured.id },
      measuredWith: packs_of(evidence),
      supersedes: COLLECT { MATCH (evidence)-[supersedes:SUPERSEDES]->(former:Evidence) WHERE true RETURN former.id }
    } AS item
  }[0] AS stored,
  EXISTS {
    MATCH (evidence:Evidence {id: $evidence})<-[cites:CITES]-(decision:Decision)<-[approved:APPROVED_BY]-(release:Release) WHERE true
  } AS cited,
  COLLECT {
    MATCH (version:ModelVersion {id: $version}) WHERE version.describedAt IS NOT NULL
    RETURN version.id
  }[0] AS version,
  COLLECT {
    MATCH (artifact:Artifact {id: $artifact}) WHERE artifact.describedAt IS NOT NULL
    RETURN artifact{
      .id, .state,
      version: COLLECT { MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true RETURN version.id }[0],
      target: COLLECT { MATCH (artifact)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0]
    } AS item
  }[0] AS artifact,
  known_packs($packs) AS packs,
  COLLECT {
    UNWIND $superseded AS id
    MATCH (former:Evidence {id: id}) WHERE former.describedAt IS NOT NULL
    RETURN former{
      .id,
      about: COLLECT { MATCH (former)-[about:ABOUT]->(measured:ModelVersion|Artifact) WHERE true RETURN measured.id },
      supersededBy: superseded_by(former)
    } AS item
  } AS superseded,
  chains([$evidence]) AS chains
