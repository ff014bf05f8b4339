// Writes intervals as they are known, and as they were. Rows: {release, line, properties}; those that were hold in `properties`
// since when they are known otherwise.
//
// parameter current [Map]: Those that hold.
// parameter former [Map]: Those that were known before.
CALL () {
  UNWIND $current AS row
  MATCH (release:Release {id: row.release})
  MATCH (line:ReleaseLine {id: row.line})
  CREATE (release)-[permits:PERMITTED]->(line)
  SET permits += row.properties
  RETURN count(*) AS one
  UNION ALL
  UNWIND $former AS row
  MATCH (release:Release {id: row.release})
  MATCH (line:ReleaseLine {id: row.line})
  CREATE (release)-[permitted:RETRACTED]->(line)
  SET permitted += row.properties
  RETURN count(*) AS one
}
RETURN sum(one) AS written
