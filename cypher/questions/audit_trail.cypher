// What was changed about a subject, by whom and why: the entries of its hash chain, the newest last.
//
// parameter of ID(AuditChain)!: The subject: a node that actions change, such as a release, or facts/NAME for the batches of facts of a recorder. A subject that nothing is known of has no entries.
// parameter from Int(0..2147483647)! = 0: The number of the first entry to answer, from 0.
// time none
// verb readAudit
// answers [AuditTrailEntry]: One change.
// column number Int!: Its number in the chain, from 0.
// column at DateTime!: When.
// column by String!: Who.
// column action String!: What was done.
// column reason String: Why.
// column request String: The request that asked for it.
// column before JSON: What was there before, by node; null where there was nothing.
// column after JSON: What was there then, by node. Of a batch of facts: its digest, how many facts there were of each kind, and what changed of what was known before.
// column previous String: The hash of the entry before; null in the first.
// column hash String!: The SHA-256 of all this, as docs/reference/audit.md says.
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
