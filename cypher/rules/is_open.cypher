// An incident is open: its state says so or, if only a fact recorded it, it has no end.
//
// parameter incident: The incident.
coalesce(incident.state = 'OPEN', incident.validTo IS NULL)
