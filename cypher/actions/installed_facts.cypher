// The robots that are seen to run a release's version, on builds for its line's hardware: but for those that belong now to a fleet which
// runs another line of the version's, and to none in this; and the installations of which nothing says any more on which robot they are.
// One row, without locks: what is seen, no lock keeps from happening.
//
// parameter release ID(Release): The release.
// parameter now DateTime!: Now.
RETURN COLLECT {
    MATCH (release:Release {id: $release})-[within:IN_LINE]->(line:ReleaseLine), (release)-[of:OF]->(version:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact)<-[seen:OF]-(installation:Installation)-[on:ON]->(robot:Robot)
    WHERE lasts(installation, $now)
      AND fits(artifact, line)
    WITH DISTINCT line, version, robot
    WITH line, version, robot,
      COLLECT {
        MATCH (robot)-[member:MEMBER_OF]->(fleet:Fleet)-[runs:IN_LINE]->(run:ReleaseLine)<-[stands:IN_LINE]-(beside:Release)-[is:OF]->(version)
        WHERE holds(member, $now) AND holds(runs, $now)
        RETURN run.id
      } AS lines,
      COLLECT {
        MATCH (robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(run:ReleaseLine)<-[stands:IN_LINE]-(beside:Release)-[is:OF]->(version)
        WHERE holds(member, $now) AND holds(part, $now) AND holds(runs, $now)
        RETURN run.id
      } AS cohortLines
    WITH robot, line.id AS here, lines + cohortLines AS lines WHERE size(lines) = 0 OR here IN lines
    WITH robot ORDER BY robot.id
    RETURN robot.id
  } + COLLECT {
    MATCH (release:Release {id: $release})-[within:IN_LINE]->(line:ReleaseLine), (release)-[of:OF]->(version:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact)<-[seen:OF]-(installation:Installation)
    WHERE lasts(installation, $now)
      AND fits(artifact, line)
      AND NOT EXISTS { MATCH (installation)-[on:ON]->(robot:Robot) WHERE true }
    WITH DISTINCT installation ORDER BY installation.id
    RETURN installation.id
  } AS robots
