// What a policy would have decided about the releases of lines, had it been adopted just now. Nothing is written.
//
// parameter document JSON!: The policy, as its document.
// parameter lines [ID(ReleaseLine)!]!: The lines that it would govern.
// decided
// answers [SimulatedRelease]: A release under the policy.
// column release Release!: The release, as it stands.
// column becomes ReleaseState!: The state that it would have.
// column checks [SimulatedCheck!]!: What each requirement would come to.
// column missing [SimulatedReason!]!: What would still be needed for its approval.
// column staleFrom DateTime: From when the approval that it has would be stale; null where the policy leaves it as it is.
// column fleets [Fleet!]!: The fleets that would run it on a stale approval.
// type SimulatedCheck: A requirement, checked.
//   requirement String!: What the policy asks for.
//   passed Boolean!: Whether it is met.
//   code String!: What it comes to, such as MET or THRESHOLD_MISSED.
//   message String!: What it comes to, in words.
//   remedy String: What would satisfy it.
// type SimulatedReason: Something that would still be needed.
//   code String!: A stable code.
//   message String!: What is missing.
//   remedy String!: What would satisfy it.
UNWIND $decided AS each
MATCH (release:Release {id: each.release}) WHERE true
RETURN release,
  each.becomes AS becomes,
  each.checks AS checks,
  each.missing AS missing,
  each.staleFrom AS staleFrom,
  COLLECT { UNWIND each.fleets AS id MATCH (fleet:Fleet {id: id}) WHERE true RETURN fleet } AS fleets
ORDER BY each.rank
