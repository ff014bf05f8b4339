// What may run on a fleet or a cohort now, and for what may not, every reason: all versions that stand in its lines, build by build,
// and whatever else was deployed there.
//
// parameter place ID(Fleet, Cohort)!: The fleet or cohort.
// decided
// answers [Eligible]: An artifact, and whether it may run there; first those that may.
// column artifact Artifact: The artifact; null where the version is not built for the line's hardware.
// column version ModelVersion: The version that it was built from.
// column allowed Boolean!: Whether it may be deployed there now.
// column basis Basis: What lets its version run there; null where nothing does.
// column releases [Release!]!: The releases that let it run there.
// column decisions [Decision!]!: The decisions that do.
// column reasons [EligibilityReason!]!: Every reason why it may not.
// type EligibilityReason: Why something may not run.
//   code String!: A stable code.
//   message String!: What is in the way.
//   remedy String!: What would satisfy it.
UNWIND $decided AS each
WITH each
RETURN artifact_with(each.artifact) AS artifact,
  version_with(each.version) AS version,
  each.allowed AS allowed,
  each.basis AS basis,
  COLLECT { UNWIND each.releases AS id MATCH (release:Release {id: id}) WHERE true RETURN release } AS releases,
  COLLECT { UNWIND each.decisions AS id MATCH (decision:Decision {id: id}) WHERE true RETURN decision } AS decisions,
  each.reasons AS reasons
ORDER BY each.rank
