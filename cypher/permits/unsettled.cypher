// The releases whose intervals cannot be what follows from their state: an older version of Forebear wrote beside this one.
//
// parameter now DateTime!: Now.
MATCH (release:Release)
WITH release,
  coalesce(release.state IN ['APPROVED', 'DEPLOYED', 'DEPRECATED'], false) AS stands,
  EXISTS { MATCH (release)-[permits:PERMITTED]->(line:ReleaseLine) WHERE permits.basis IN ['APPROVAL', 'STALE_APPROVAL'] AND permits.validTo IS NULL } AS permitted,
  EXISTS { MATCH (release)-[permits:PERMITTED]->(line:ReleaseLine) WHERE permits.basis = 'STALE_APPROVAL' AND permits.validTo IS NULL } AS stale,
  EXISTS { MATCH (release)-[permits:PERMITTED]->(line:ReleaseLine) WHERE permits.basis = 'OVERRIDE' AND holds(permits, $now) } AS overridden,
  EXISTS {
    MATCH (decision:Decision)-[about:ABOUT]->(release)
    WHERE decision.type = 'OVERRIDE' AND decision.verdict = 'GRANTED' AND coalesce(decision.expiresAt > $now, true)
  } AS lasts
WHERE stands <> permitted OR (stands AND stale <> (release.staleFrom IS NOT NULL)) OR (lasts AND NOT overridden)
RETURN release.id AS release
ORDER BY release
