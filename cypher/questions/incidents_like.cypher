// Lists the other incidents of an incident's category, the newest first. An incident without a category is like none.
//
// parameter incident ID(Incident)!: The incident.
// field Incident.alike(incident: id): Lists the other incidents of the same category, the newest first. An incident without a category is like none.
// answers [LikeIncident]: An incident that is like another.
// column incident Incident!: The incident.
MATCH (told /* of incident */ {id: $incident}) WHERE true
WITH told.id AS id, told.category AS category
WITH * WHERE category IS NOT NULL
MATCH (incident:Incident) WHERE incident.category = category AND incident.id <> id
WITH incident, incident.validFrom AS since
RETURN incident
ORDER BY coalesce(since, '') DESC, incident.id DESC
