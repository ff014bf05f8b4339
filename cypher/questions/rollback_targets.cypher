// Lists what a fleet or a cohort can go back to, the best first: builds of versions that ran there, except what the rollback would undo.
//
// The order is: what may run at all; what no rollback undid there; what is not deprecated; what no open incident touches; what is
// approved, before an override, before a stale approval; what ran there before what the rollback would undo; the very build that ran
// there; what had no incident there; what ran there last. `rollBack` takes the first that is allowed and that no rollback undid.
//
// parameter place ID(Fleet, Cohort)!: The fleet or cohort.
// field Fleet.rollbackTargets(place: id): Lists what the fleet can go back to, the best first.
// field Cohort.rollbackTargets(place: id): Lists what the cohort can go back to, the best first.
// decided
// answers [RollbackTarget]: An artifact that ran there, or whose version did.
// column artifact Artifact!: The artifact.
// column version ModelVersion: The version that it was built from.
// column allowed Boolean!: Whether you may go back to it now.
// column basis Basis: Why its version may run there. Null if it may not.
// column decisions [Decision!]!: The decisions that let it run there.
// column deprecated Boolean!: Whether its release is deprecated. Then you may go back to it, and may not deploy it anew.
// column undoneBy Deployment: The rollback that undid it there. Then `rollBack` goes back to it only if you name it, until somebody deploys it there again.
// column ranItself Boolean!: Whether it is the very build that ran there.
// column lastRan DateTime!: When its version last ran there. It is now if the version still runs.
// column hoursWell Float!: The hours that its version ran there without an incident: in each deployment until the first incident.
// column incidents [Incident!]!: The incidents that began there while its version ran.
// column openIncidents [Incident!]!: The open incidents, wherever they are, that touch its version.
// column remarks [String!]!: Remarks for it and against it.
// column reasons [RollbackReason!]!: Every reason against going back to it.
// type RollbackReason: Why you may not go back to something.
//   code String!: The code. It stays the same between versions.
//   message String!: What stands in the way.
//   remedy String!: What to do about it.
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
