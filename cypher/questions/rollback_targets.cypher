// What could be gone back to on a fleet or a cohort, the best first: builds of versions that ran there, but for what would be undone.
//
// First comes what may run at all, then what no rollback undid there, what is not deprecated, and what no open incident touches; then
// what is approved, before an override and a stale approval; then what ran there before what would be undone, the very build that ran
// there, what had no incident there, and what ran there last. `rollBack` takes the first that is allowed and was not undone.
//
// parameter place ID(Fleet, Cohort)!: The fleet or cohort.
// decided
// answers [RollbackTarget]: An artifact that ran there, or whose version did.
// column artifact Artifact!: The artifact.
// column version ModelVersion: The version that it was built from.
// column allowed Boolean!: Whether it may be gone back to now.
// column basis Basis: What lets its version run there; null where nothing does.
// column decisions [Decision!]!: The decisions that do.
// column deprecated Boolean!: Whether its release is deprecated, so that it may be gone back to and not be deployed anew.
// column undoneBy Deployment: The rollback that undid it there; then it is gone back to only where it is named, until it is deployed there again.
// column ranItself Boolean!: Whether it is the very build that ran there.
// column lastRan DateTime!: Until when its version ran there; now, where it does.
// column hoursWell Float!: For how many hours its version ran there well: in each deployment until the first incident.
// column incidents [Incident!]!: The incidents that began there while its version ran.
// column openIncidents [Incident!]!: The open incidents, wherever they are, that touch its version.
// column remarks [String!]!: What there is to say for it and against it.
// column reasons [RollbackReason!]!: Every reason why it may not be gone back to.
// type RollbackReason: Why something may not be gone back to.
//   code String!: A stable code.
//   message String!: What is in the way.
//   remedy String!: What would satisfy it.
UNWIND $decided AS each
WITH each
RETURN artifact_with(each.artifact) AS artifact,
  version_with(each.version) AS version,
  each.allowed AS allowed,
  each.basis AS basis,
  COLLECT { UNWIND each.decisions AS id MATCH (decision:Decision {id: id}) WHERE true RETURN decision } AS decisions,
  each.deprecated AS deprecated,
  COLLECT { WITH * WHERE each.undoneBy IS NOT NULL MATCH (rollback:Deployment {id: each.undoneBy}) WHERE true RETURN rollback }[0] AS undoneBy,
  each.ranItself AS ranItself,
  each.lastRan AS lastRan,
  each.hoursWell AS hoursWell,
  COLLECT { UNWIND each.incidents AS id MATCH (incident:Incident {id: id}) WHERE true RETURN incident } AS incidents,
  COLLECT { UNWIND each.openIncidents AS id MATCH (incident:Incident {id: id}) WHERE true RETURN incident } AS openIncidents,
  each.remarks AS remarks,
  each.reasons AS reasons
ORDER BY each.rank
