// The sites where fleets work at a moment, in the order of their ids.
//
// parameter fleets: The fleets.
// parameter moment: The moment.
COLLECT {
  UNWIND fleets AS fleet
  MATCH (fleet)-[there:AT]->(site:Site) WHERE holds(there, moment)
  WITH DISTINCT site ORDER BY site.id
  RETURN site
}
