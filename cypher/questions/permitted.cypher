// Whether a deployment may start now, whatever it was authorised on when it was requested: what its manager asks before it starts one.
//
// parameter deployment ID(Deployment)!: The deployment.
// decided
// answers Permitted: Whether the deployment may start, and why.
// column deployment Deployment!: The deployment.
// column allowed Boolean!: Whether it may start now.
// column basis Basis: What lets its artifact's version run there now; null where nothing does.
// column releases [Release!]!: The releases that let it run there.
// column decisions [Decision!]!: The decisions that do.
// column reasons [PermissionReason!]!: Every reason why it may not.
// type PermissionReason: Why a deployment may not start.
//   code String!: A stable code.
//   message String!: What is in the way.
//   remedy String!: What would satisfy it.
UNWIND $decided AS each
WITH each
RETURN COLLECT { MATCH (deployment:Deployment {id: each.deployment}) WHERE true RETURN deployment }[0] AS deployment,
  each.allowed AS allowed,
  each.basis AS basis,
  COLLECT { UNWIND each.releases AS id MATCH (release:Release {id: id}) WHERE true RETURN release } AS releases,
  COLLECT { UNWIND each.decisions AS id MATCH (decision:Decision {id: id}) WHERE true RETURN decision } AS decisions,
  each.reasons AS reasons
