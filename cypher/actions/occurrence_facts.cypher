// The incidents that began in an interval, with the places where they happened. False alarms and duplicates are left out.
//
// parameter from String!: The beginning of the interval, as the graph holds moments.
// parameter to String!: The end of the interval (exclusive).
MATCH (incident:Incident)
WHERE incident.validFrom >= $from AND incident.validFrom < $to AND NOT coalesce(incident.state, '') IN ['FALSE_ALARM', 'DUPLICATE']
RETURN incident.id AS id,
  incident.validFrom AS at,
  incident.category AS category,
  incident.severity AS severity,
  COLLECT { MATCH (incident)-[at:AT]->(place) WHERE true RETURN {id: place.id, kind: labels(place)[0]} AS item } AS places
ORDER BY id
