// The lines in which something may follow without anybody's doing, each with its policy: one is in force that was adopted, since
// history is not decided about unasked, and releases stand there that are not put away. One whose approval holds may have lost what
// that rests on.
//
// parameter now DateTime!: Now.
MATCH (policy:ReleasePolicy)-[governs:GOVERNS]->(line:ReleaseLine)
WHERE holds(governs, $now)
WITH line, policy ORDER BY governs.validFrom, policy.id
WITH line, collect(policy)[-1] AS policy
WHERE NOT coalesce(policy.imported, false)
  AND EXISTS {
    MATCH (release:Release)-[within:IN_LINE]->(line)
    WHERE release.state <> 'ARCHIVED'
  }
RETURN line.id AS line, policy.id AS policy
ORDER BY line
