// Says who approved a model version, in which release line, on which evidence and under which policy.
//
// on ModelVersion
// answers [Approval]: A model version in one release line, with the decisions about it.
// column release Release!: The release. Its state says where it stands.
// column line ReleaseLine: The release line.
// column approved Boolean!: Whether an approval is on record.
// column decisions [ApprovalDecision!]!: All decisions about the release, oldest first.
// type ApprovalDecision: A decision with what it rests on. Its checks compare measured values with thresholds.
//   decision Decision!: The decision.
//   approves Boolean!: Whether this decision approves the release now.
//   policies [ReleasePolicy!]!: The policies that it applied.
//   evidence [Evidence!]!: The evidence that it cites.
//   packs [EvaluationPack!]!: The evaluation packs that the evidence was measured with.
MATCH (version:ModelVersion {id: $self})<-[of:OF]-(release:Release) WHERE true
RETURN release,
  COLLECT { MATCH (release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true RETURN line }[0] AS line,
  EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision:Decision) WHERE true } AS approved,
  COLLECT {
    MATCH (release)<-[about:ABOUT]-(decision:Decision) WHERE true
    WITH DISTINCT release, decision ORDER BY coalesce(decision.decidedAt, ''), decision.id
    RETURN {
      decision: decision,
      approves: EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision) WHERE true },
      policies: COLLECT { MATCH (decision)-[under:UNDER]->(policy:ReleasePolicy) WHERE true WITH policy ORDER BY policy.id RETURN policy },
      evidence: COLLECT { MATCH (decision)-[cites:CITES]->(evidence:Evidence) WHERE true WITH evidence ORDER BY evidence.id RETURN evidence },
      packs: COLLECT { MATCH (decision)-[cites:CITES]->(evidence:Evidence)-[measured:MEASURED_WITH]->(pack:EvaluationPack) WHERE true WITH DISTINCT pack ORDER BY pack.id RETURN pack }
    } AS item
  } AS decisions
ORDER BY release.id
