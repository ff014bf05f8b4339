// Takes intervals back that do not follow any more. Rows: {release, line, basis, validFrom, retractedAt, retractedBy}.
//
// parameter retired [Map]: The intervals.
UNWIND $retired AS row
MATCH (release:Release {id: row.release})
WITH release, row
MATCH (release)-[permits:PERMITTED {basis: row.basis, validFrom: row.validFrom}]->(line:ReleaseLine {id: row.line})
CREATE (release)-[former:RETRACTED]->(line)
SET former += properties(permits), former += {type: 'PERMITTED', retractedAt: row.retractedAt, retractedBy: row.retractedBy}
DELETE permits
RETURN count(*) AS written
