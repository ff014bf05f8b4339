// What may be built for a hardware target: versions that are approved, or overridden, in a release line for it.
//
// parameter target ID(HardwareTarget)!: The hardware target.
// decided
// answers [Buildable]: A version that may be built for the target.
// column version ModelVersion!: The version.
// column release Release!: Its release that allows it.
// column line ReleaseLine!: The release's line, which is for the target.
// column basis Basis!: What allows it.
// column decisions [Decision!]!: The decisions that allow it.
// column artifacts [Artifact!]!: Its builds for the target that there are.
UNWIND $decided AS each
MATCH (release:Release {id: each.release})-[of:OF]->(version:ModelVersion) WHERE true
MATCH (release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
RETURN version,
  release,
  line,
  each.basis AS basis,
  COLLECT { UNWIND each.decisions AS id MATCH (decision:Decision {id: id}) WHERE true RETURN decision } AS decisions,
  COLLECT { MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)-[for:FOR]->(target:HardwareTarget {id: each.target}) WHERE true WITH artifact ORDER BY artifact.id RETURN artifact } AS artifacts
ORDER BY each.rank
