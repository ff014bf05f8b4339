// Lists what may run on a fleet or a cohort now, and for the rest every reason why not. It lists all versions in its lines, build
// by build, and whatever else was deployed there.
//
// parameter place ID(Fleet, Cohort)!: The fleet or cohort.
// field Fleet.eligible(place: id): Lists what may be deployed to the fleet.
// field Cohort.eligible(place: id): Lists what may be deployed to the cohort.
// decided
// answers [Eligible]: An artifact, and whether it may run there. Those that may come first.
// column artifact Artifact: The artifact. Null if nobody built the version for the line's hardware.
// column version ModelVersion: The version that it was built from.
// column allowed Boolean!: Whether you may deploy it there now.
// column basis Basis: Why its version may run there. Null if it may not.
// column releases [Release!]!: The releases that let it run there.
// column decisions [Decision!]!: The decisions that let it run there.
// column reasons [EligibilityReason!]!: Every reason against it.
// type EligibilityReason: Why something may not run.
//   code String!: The code. It stays the same between versions.
//   message String!: What stands in the way.
//   remedy String!: What to do about it.
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
