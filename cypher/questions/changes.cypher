// Lists what changed at a robot, a cohort, a fleet or a site, of a model version, or around an incident, the newest first.
//
// Of a place it lists what happened there, and to the places in it and around it while they belonged to it: a robot stands in its cohorts
// and fleets, a fleet and a site hold robots. It lists what happened to the artifacts that ran or were meant to run there, to their
// versions, and to their releases in the lines that the fleets there run, while they did. Of an incident it lists what happened at its
// places. Of a model version it lists what happened to it, its releases and its builds, and at the robots, cohorts and fleets where it
// ran, while it did.
//
// parameter of ID(Robot, Cohort, Fleet, Site, ModelVersion, Incident)!: The place, the model version or the incident.
// parameter from DateTime! = 0001-01-01T00:00:00.000000Z: The beginning of the interval.
// parameter to DateTime: The end of the interval (exclusive). By default now.
// parameter types [TimelineChangeType(DEPLOYMENT, DEPLOYMENT_STATE, STOP, INSTALLATION, ROBOT_SOFTWARE, MEMBERSHIP, SITE, CUSTOMER, RELEASE_LINE, POLICY, PERMISSION, EVIDENCE, ARTIFACT_STATE, MAINTENANCE, INCIDENT, INCIDENT_STATE, INCIDENT_SEVERITY, OUT_OF_SERVICE)!]: The types of changes to list, such as INCIDENT. By default all.
// field Robot.changes(of: id): Lists what changed at the robot, the newest first.
// field Cohort.changes(of: id): Lists what changed at the cohort and its robots, the newest first.
// field Fleet.changes(of: id): Lists what changed at the fleet and its robots, the newest first.
// field Site.changes(of: id): Lists what changed at the site and on its robots, the newest first.
// field ModelVersion.changes(of: id): Lists what changed about the version, and where it ran, the newest first.
// field Incident.changes(of: id, to: validFrom): Lists what changed around the incident, the newest first: what happened at its places, and to the places in them and around them.
// answers [TimelineChange]: Something that changed.
// column at DateTime!: When it changed, in the world.
// column change TimelineChangeType!: What kind of change it is.
// column subject Node!: What changed: a robot, a cohort, a fleet, a site, an artifact, a version, a release or a release line.
// column before String: The value before. Null if there was none: something began. If one ended when another began, that is one change. DEPLOYMENT and INSTALLATION have the id of the artifact; MEMBERSHIP, SITE, CUSTOMER, RELEASE_LINE and POLICY the id of `node`; PERMISSION the basis; EVIDENCE its type; MAINTENANCE the categories; INCIDENT the category; STOP and OUT_OF_SERVICE the reason.
// column after String: The value after. Null if there is none: something ended.
// column by String!: Who told Forebear, by an action or a fact.
// column node Node!: What is behind the change, such as the deployment, the customer, the policy or the incident.
MATCH (of /* of of */ {id: $of}) WHERE true
CALL (of) {
  WITH * WHERE NOT of:ModelVersion AND NOT of:Incident
  RETURN of AS near, '' AS since, '~' AS until
  UNION
  WITH * WHERE of:Incident
  MATCH (of)-[where:AT]->(near) WHERE true
  RETURN near, '' AS since, '~' AS until
  UNION
  MATCH (of)<-[built:BUILT_FROM]-(artifact:Artifact)<-[made:OF]-(thing:Deployment|Installation)-[on:ON]->(near) WHERE true
  WITH near, thing /* as known */ AS ran
  RETURN near, coalesce(ran.validFrom, '~') AS since, coalesce(ran.validTo, '~') AS until
  UNION
  RETURN null AS near, '' AS since, '~' AS until
}
CALL (near, since, until) {
  RETURN near AS place, since AS begun, until AS over
  UNION
  WITH * WHERE near IS NOT NULL
  MATCH (near)<-[there:AT]-(place:Fleet) WHERE true
  RETURN place, there.validFrom AS begun, coalesce(there.validTo, '~') AS over
}
WITH of, place, begun, over
CALL (of, place, begun, over) {
  RETURN place AS inner, begun AS since, over AS until
  UNION
  WITH * WHERE place IS NOT NULL AND NOT of:ModelVersion
  MATCH (place)-[within:MEMBER_OF|PART_OF]-(inner:Robot|Cohort|Fleet) WHERE true
  RETURN inner, later(begun, within.validFrom) AS since, earlier(over, within.validTo) AS until
  UNION
  WITH * WHERE place IS NOT NULL AND NOT of:ModelVersion
  MATCH (place)-[within:MEMBER_OF|PART_OF]-(cohort:Cohort)-[beyond:MEMBER_OF|PART_OF]-(inner:Robot|Fleet) WHERE labels(place)[0] <> labels(inner)[0]
  RETURN inner, later(later(begun, within.validFrom), beyond.validFrom) AS since, earlier(earlier(over, within.validTo), beyond.validTo) AS until
}
WITH of, inner, since, until WHERE since <= until
WITH of, collect({inner: inner, since: since, until: until}) AS nears, collect(DISTINCT CASE WHEN inner:Fleet THEN inner END) AS fleets
WITH of, nears, COLLECT { UNWIND fleets AS fleet MATCH (fleet)-[runs:IN_LINE]->(line:ReleaseLine) WHERE true RETURN DISTINCT line.id } AS lines
UNWIND nears AS near
WITH of, lines, near.inner AS inner, near.since AS since, near.until AS until
CALL (of, inner, since, until) {
  WITH * WHERE inner IS NOT NULL
  RETURN inner AS thing, since AS begun, until AS over
  UNION
  WITH * WHERE inner IS NULL AND of:ModelVersion
  RETURN of AS thing, since AS begun, until AS over
  UNION
  WITH * WHERE inner IS NULL
  MATCH (of)<-[built:BUILT_FROM]-(thing:Artifact) WHERE true
  RETURN thing, since AS begun, until AS over
  UNION
  WITH * WHERE inner IS NOT NULL AND NOT of:ModelVersion
  MATCH (inner)<-[on:ON]-(run:Deployment|Installation)-[made:OF]->(thing:Artifact) WHERE true
  WITH since, until, thing, run /* as known */ AS ran
  WITH since, until, thing, ran.validFrom AS ranFrom, ran.validTo AS ranTo WHERE ranFrom IS NOT NULL
  RETURN thing, later(since, ranFrom) AS begun, earlier(until, ranTo) AS over
}
WITH of, lines, thing, begun, over
CALL (of, thing, begun, over) {
  RETURN thing AS build, begun AS since, over AS until
  UNION
  WITH * WHERE NOT of:ModelVersion
  MATCH (thing)-[built:BUILT_FROM]->(build:ModelVersion) WHERE true
  RETURN build, begun AS since, over AS until
}
WITH of, lines, build, since, until
CALL (of, lines, build, since, until) {
  RETURN build AS subject, since AS begun, until AS over
  UNION
  MATCH (build)<-[made:OF]-(subject:Release) WHERE true
  WITH * WHERE of:ModelVersion OR EXISTS { MATCH (subject)-[runs:IN_LINE]->(line:ReleaseLine) WHERE line.id IN lines }
  RETURN subject, since AS begun, until AS over
}
WITH of, subject, begun, over WHERE begun <= over
WITH of, subject, collect(DISTINCT [begun, over]) AS spans
CALL (of, subject, spans) {
  MATCH (subject)<-[there:ON|AT|ABOUT|DECOMMISSIONS]-(node:Deployment|Installation|Stop|Incident|MaintenanceEvent|Decommissioning|Evidence) WHERE true
  WITH of, subject, spans, node, node /* as known */ AS known, artifact_of(node) AS artifact
  WITH of, subject, spans, node, known, artifact, version_of(artifact) AS version, split(coalesce(known.reports, ''), '"at":"')[1..] AS reports,
    node:Deployment AND known IS NOT NULL AND NOT coalesce(node.imported, false) AS requested
  WITH subject, node, known, reports, requested,
    CASE WHEN version.id = of.id THEN [['', '~']] ELSE spans END AS held,
    CASE labels(node)[0] WHEN 'MaintenanceEvent' THEN 'MAINTENANCE' WHEN 'Decommissioning' THEN 'OUT_OF_SERVICE' ELSE toUpper(labels(node)[0]) END AS change,
    CASE labels(node)[0]
      WHEN 'Incident' THEN known.category
      WHEN 'MaintenanceEvent' THEN reduce(text = null, each IN known.categories | coalesce(text + ', ' + each, each))
      WHEN 'Decommissioning' THEN known.reason
      WHEN 'Stop' THEN known.reason
      WHEN 'Evidence' THEN known.type
      ELSE artifact.id
    END AS value
  UNWIND [
      {change: change, by: 'validFrom', at: known.validFrom, ends: false, after: value},
      {change: change, by: 'validTo', at: known.validTo, ends: true, before: value},
      {change: change, by: 'measuredAt', at: known.measuredAt, ends: false, after: value},
      {change: change, by: 'requestedAt', at: known.requestedAt, ends: false, after: value},
      {change: 'DEPLOYMENT_STATE', by: '', at: CASE WHEN requested THEN node.recordedAt END, teller: node.recordedBy, ends: false, after: 'PLANNED'}
    ]
    + turns('INCIDENT_STATE', 'stateSince', known.stateSince, known.stateTold)
    + turns('INCIDENT_SEVERITY', 'severitySince', known.severitySince, known.severityTold)
    + [i IN range(0, size(reports) - 1) | {
        change: 'DEPLOYMENT_STATE', by: 'reports', at: split(reports[i], '"')[0], ends: false,
        before: CASE WHEN i > 0 THEN split(reports[i - 1], '"')[4] WHEN requested THEN 'PLANNED' END, after: split(reports[i], '"')[4]
      }]
    AS turn
  RETURN subject AS place, held, node, turn
  UNION
  MATCH (subject)-[span:MEMBER_OF|PART_OF|AT|FOR|IN_LINE|PERMITTED]->(node) WHERE span.validFrom IS NOT NULL
  WITH subject, spans, node, span,
    CASE labels(node)[0]
      WHEN 'Site' THEN 'SITE'
      WHEN 'Customer' THEN 'CUSTOMER'
      WHEN 'ReleaseLine' THEN CASE WHEN subject:Release THEN 'PERMISSION' ELSE 'RELEASE_LINE' END
      ELSE 'MEMBERSHIP'
    END AS change
  UNWIND ends(change, span, coalesce(span.basis, node.id)) AS turn
  RETURN subject AS place, spans AS held, node, turn
  UNION
  WITH * WHERE subject:Fleet OR of:ModelVersion
  MATCH (subject)-[runs:IN_LINE]->(place:ReleaseLine)<-[span:GOVERNS]-(node:ReleasePolicy) WHERE true
  WITH place, [held IN spans | [later(held[0], runs.validFrom), earlier(held[1], runs.validTo)]] AS held, node, span
  UNWIND ends('POLICY', span, node.id) AS turn
  RETURN place, held, node, turn
  UNION
  WITH * WHERE subject:Robot OR subject:Artifact
  WITH subject, spans, subject /* as known */ AS known
  UNWIND turns('ROBOT_SOFTWARE', 'softwareSince', known.softwareSince, known.softwareTold) + [
      {change: 'ARTIFACT_STATE', by: 'quarantinedAt', at: known.quarantinedAt, ends: false, after: 'QUARANTINED'},
      {change: 'ARTIFACT_STATE', by: 'deletedAt', at: known.deletedAt, ends: false, after: 'DELETED'}
    ] AS turn
  RETURN subject AS place, spans AS held, subject AS node, turn
}
WITH place, node, turn, turn.at AS at, held
WITH place, node, turn, at WHERE at >= $from AND at < $to AND ($types IS NULL OR turn.change IN $types) AND any(span IN held WHERE span[0] <= at AND at <= span[1])
WITH place, node, turn, at, before_said(node, turn.by, at) AS unsaid,
  COLLECT {
    MATCH (place)-[first:RETRACTED]-(node) WHERE first.type = turn.edge AND first.validFrom = at AND first.recordedAt < turn.told
    WITH first ORDER BY first.recordedAt LIMIT 1
    RETURN first.recordedBy
  }[0] AS first
WITH place, node, turn.change AS change, at, turn.ends AS ends, turn.after AS after,
  CASE WHEN turn.change = 'ARTIFACT_STATE' THEN unsaid['state'] ELSE turn.before END AS before,
  min(CASE WHEN turn.teller IS NULL THEN coalesce(unsaid.revisedBy, node.recordedBy) WHEN turn.ends THEN turn.teller ELSE coalesce(first, turn.teller) END) AS by
WITH place, change, at, {node: node, before: before, after: after, by: by} AS one, ends,
  CASE WHEN change IN ['INCIDENT', 'MAINTENANCE', 'OUT_OF_SERVICE'] THEN node.id ELSE labels(node)[0] END AS series
  ORDER BY node.id, coalesce(before, ''), coalesce(after, '')
WITH place, change, at, series, collect(CASE WHEN ends THEN one END) AS gone, collect(CASE WHEN NOT ends THEN one END) AS come
UNWIND range(0, CASE WHEN size(gone) > size(come) THEN size(gone) ELSE size(come) END - 1) AS i
WITH place, change, at, gone[i] AS old, come[i] AS new
WITH place, change, at, coalesce(new.before, old.before) AS before, new.after AS after, coalesce(new.by, old.by) AS by, CASE WHEN new IS NULL THEN old.node ELSE new.node END AS node
RETURN at,
  change,
  place AS subject,
  before,
  after,
  by,
  node
ORDER BY at DESC, change DESC, place.id DESC, node.id DESC, coalesce(before, '') DESC, coalesce(after, '') DESC
