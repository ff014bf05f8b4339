// Lists what somebody changed about a subject, when and why: the entries of its hash chain, the newest last.
//
// parameter of ID(AuditChain)!: The subject: a node that actions change, such as a release, or facts/NAME for a recorder's batches of facts. An unknown subject has no entries.
// parameter from Int(0..2147483647)! = 0: The number of the first entry to answer, from 0.
// time none
// verb readAudit
// answers [AuditTrailEntry]: One change.
// column number Int!: Its number in the chain, from 0.
// column at DateTime!: When it happened.
// column by String!: Who did it.
// column action String!: The verb.
// column reason String: Why.
// column request String: The idempotency key of the request.
// column before JSON: The values before, by node. Null if there were none.
// column after JSON: The values after, by node. For a batch of facts: its digest, the number of facts of each kind, and the known values that changed.
// column previous String: The hash of the entry before. Null in the first entry.
// column hash String!: The SHA-256 of all this. docs/reference/audit.md describes it.
MATCH (chain:AuditChain {id: $of}) WHERE true
UNWIND range($from, chain.length - 1) AS number
MATCH (entry:AuditEntry {id: chain.id + '#' + toString(number)}) WHERE true
RETURN entry.number AS number,
  entry.at AS at,
  entry.by AS by,
  entry.action AS action,
  entry.reason AS reason,
  entry.request AS request,
  entry.before AS before,
  entry.after AS after,
  entry.previous AS previous,
  entry.hash AS hash
ORDER BY toString(10000000000 + entry.number)
