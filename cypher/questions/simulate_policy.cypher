// Shows what a policy would decide about the releases of lines if somebody adopted it now. It writes nothing.
//
// parameter document JSON!: The policy's document.
// parameter lines [ID(ReleaseLine)!]!: The lines that it would govern.
// decided
// answers [SimulatedRelease]: A release under the policy.
// column release Release!: The release as it is now.
// column becomes ReleaseState!: The state that it would have.
// column checks [SimulatedCheck!]!: The result of each requirement.
// column missing [SimulatedReason!]!: What its approval would still need.
// column staleFrom DateTime: The moment from which its approval would be stale. Null if the policy leaves the approval as it is.
// column fleets [Fleet!]!: The fleets that would run it on a stale approval.
// type SimulatedCheck: One requirement with its result.
//   requirement String!: What the policy asks for.
//   passed Boolean!: Whether the check passed.
//   code String!: The result, such as MET or THRESHOLD_MISSED.
//   message String!: The result in words.
//   remedy String: What to do about it.
// type SimulatedReason: Something that an approval would still need.
//   code String!: The code. It stays the same between versions.
//   message String!: What is missing.
//   remedy String!: What to do about it.
UNWIND $decided AS each
MATCH (release:Release {id: each.release}) WHERE true
RETURN release,
  each.becomes AS becomes,
  each.checks AS checks,
  each.missing AS missing,
  each.staleFrom AS staleFrom,
  COLLECT { UNWIND each.fleets AS id MATCH (fleet:Fleet {id: id}) WHERE true RETURN fleet } AS fleets
ORDER BY each.rank
