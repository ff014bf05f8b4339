// The newest request to stop what runs at any of some places, made until a moment. Null if there is none. A place that left service since
// begins anew, so what was requested before does not count.
//
// parameter places: The places: robots, cohorts and fleets. Nulls among them are left out.
// parameter moment: The moment.
COLLECT {
  UNWIND places AS place
  WITH place WHERE place IS NOT NULL
  MATCH (stop:Stop)-[on:ON]->(place) WHERE stop.requestedAt <= moment
  WITH place, stop, stop.requestedAt AS requestedAt
  WITH stop, requestedAt, EXISTS {
    MATCH (place)<-[of:DECOMMISSIONS]-(out:Decommissioning) WHERE out.validFrom >= requestedAt AND out.validFrom <= moment
  } AS begunAnew
  WITH stop, requestedAt WHERE NOT begunAnew
  WITH DISTINCT stop, requestedAt ORDER BY requestedAt DESC, stop.id DESC LIMIT 1
  RETURN stop
}[0]
