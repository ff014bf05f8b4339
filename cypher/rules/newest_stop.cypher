// The newest request to stop what runs at any of some places, made until a moment. Null if there is none. A place that left service since
// begins anew, so what was requested before does not count.
//
// parameter places: The places: robots, cohorts and fleets. Nulls among them are left out.
// parameter moment: The moment.
COLLECT {
  UNWIND places AS place
  WITH place WHERE place IS NOT NULL
  MATCH (stop:Stop)-[on:ON]->(place) WHERE stop.requestedAt <= moment
  WITH place, stop WHERE NOT EXISTS {
    MATCH (place)<-[of:DECOMMISSIONS]-(out:Decommissioning) WHERE out.validFrom >= stop.requestedAt AND out.validFrom <= moment
  }
  WITH DISTINCT stop ORDER BY stop.requestedAt DESC, stop.id DESC LIMIT 1
  RETURN stop
}[0]
