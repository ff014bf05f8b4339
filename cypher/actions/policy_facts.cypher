// What is known of a policy, of the packs that it names, and of what governs its lines. One row. Locks the lines, in the order
// of ids.
//
// parameter policy ID(ReleasePolicy): The policy.
// parameter lines [ID(ReleaseLine)]: The lines that it is to govern.
// parameter packs [ID(EvaluationPack)] = []: The packs that it names, if it is not known.
// parameter now DateTime!: Now.
UNWIND $lines + [''] AS id
OPTIONAL MATCH (line:ReleaseLine {id: id})
WITH line ORDER BY line.id
REMOVE line.lock
WITH collect(line) AS lines
RETURN COLLECT {
    MATCH (policy:ReleasePolicy {id: $policy}) WHERE policy.describedAt IS NOT NULL
    RETURN policy{
      .id, .revision, .name, .description, .labels, .owners, .externalIds, .riskTier, .document, .packs
    } AS item
  }[0] AS stored,
  COLLECT {
    UNWIND lines AS line
    WITH line WHERE line.describedAt IS NOT NULL
    RETURN line{
      .id,
      governed: COLLECT {
        MATCH (former:ReleasePolicy)-[governs:GOVERNS]->(line) WHERE lasts(governs, $now)
        WITH former, governs ORDER BY governs.validFrom, former.id
        RETURN governs{policy: former.id, .validFrom, .validTo, .recordedAt} AS item
      }
    } AS item
  } AS lines,
  known_packs($packs) + COLLECT {
    MATCH (policy:ReleasePolicy {id: $policy}) WHERE policy.describedAt IS NOT NULL
    UNWIND coalesce(policy.packs, []) AS id
    MATCH (pack:EvaluationPack {id: id}) WHERE pack.describedAt IS NOT NULL
    RETURN pack{.id, .metrics, .slices} AS item
  } AS packs,
  chains([$policy]) + COLLECT {
    UNWIND lines AS line
    MATCH (former:ReleasePolicy)-[governs:GOVERNS]->(line) WHERE lasts(governs, $now)
    MATCH (chain:AuditChain {id: former.id}) WHERE true
    RETURN DISTINCT chain{.id, .length, .hash} AS item
  } AS chains
