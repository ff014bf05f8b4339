// Which of some ids somebody has described.
//
// parameter robots: The ids of robots,
// parameter fleets: of fleets,
// parameter sites: of sites,
// parameter artifacts: and of artifacts.
COLLECT {
  CALL () {
    UNWIND robots AS id
    MATCH (end:Robot {id: id}) WHERE end.describedAt IS NOT NULL
    RETURN end
    UNION
    UNWIND fleets AS id
    MATCH (end:Fleet {id: id}) WHERE end.describedAt IS NOT NULL
    RETURN end
    UNION
    UNWIND sites AS id
    MATCH (end:Site {id: id}) WHERE end.describedAt IS NOT NULL
    RETURN end
    UNION
    UNWIND artifacts AS id
    MATCH (end:Artifact {id: id}) WHERE end.describedAt IS NOT NULL
    RETURN end
  }
  RETURN end.id
}
