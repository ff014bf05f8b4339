// An incident is one: it is no false alarm, and no duplicate of another.
//
// parameter incident: The incident.
NOT coalesce(incident.state IN ['FALSE_ALARM', 'DUPLICATE'], false)
