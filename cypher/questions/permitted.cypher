// Says whether a deployment may start now, whatever authorised its request. A deployment manager asks this before it starts one.
//
// parameter deployment ID(Deployment)!: The deployment.
// field Deployment.permitted(deployment: id): Says whether the deployment may start now.
// decided
// answers Permitted: Whether the deployment may start, and why.
// column deployment Deployment!: The deployment.
// column allowed Boolean!: Whether it may start now.
// column basis Basis: Why its artifact's version may run there now. Null if it may not.
// column releases [Release!]!: The releases that let it run there.
// column decisions [Decision!]!: The decisions that let it run there.
// column reasons [PermissionReason!]!: Every reason against it.
// type PermissionReason: Why a deployment may not start.
//   code String!: The code. It stays the same between versions.
//   message String!: What stands in the way.
//   remedy String!: What to do about it.
UNWIND $decided AS each
WITH each
RETURN COLLECT { MATCH (deployment:Deployment {id: each.deployment}) WHERE true RETURN deployment }[0] AS deployment,
  each.allowed AS allowed,
  each.basis AS basis,
  COLLECT { UNWIND each.releases AS id MATCH (release:Release {id: id}) WHERE true RETURN release } AS releases,
  COLLECT { UNWIND each.decisions AS id MATCH (decision:Decision {id: id}) WHERE true RETURN decision } AS decisions,
  each.reasons AS reasons
