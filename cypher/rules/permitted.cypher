// What lets an artifact run on all of some fleets at a moment: the weakest of what lets its version run on each, in a line of the fleet
// for the artifact's hardware. Null where a fleet has nothing, or is out of service. APPROVAL, OVERRIDE and STALE_APPROVAL weaken in
// the order of the alphabet. The condition on the fleet stands before the pattern, and an UNWIND before the order, since Neo4j would plan
// the pattern for each of them anew.
//
// parameter artifact: The artifact.
// parameter fleets: The fleets.
// parameter moment: The moment.
COLLECT {
  WITH * WHERE artifact IS NOT NULL
  UNWIND fleets AS each
  WITH each, COLLECT {
    WITH * WHERE NOT EXISTS { MATCH (each)<-[ends:DECOMMISSIONS]-(out:Decommissioning) WHERE holds(out, moment) }
    MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[permits:PERMITTED]->(line:ReleaseLine)<-[runs:IN_LINE]-(each)
    WHERE holds(permits, moment) AND holds(runs, moment)
    MATCH (line)-[meant:FOR]->(target:HardwareTarget)<-[made:FOR]-(artifact) WHERE true
    UNWIND [permits.basis] AS basis
    WITH basis ORDER BY basis LIMIT 1
    RETURN basis
  }[0] AS basis
  WITH basis ORDER BY coalesce(basis, '~') DESC LIMIT 1
  RETURN basis
}[0]
