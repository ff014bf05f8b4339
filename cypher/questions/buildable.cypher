// Lists the versions that somebody may build for a hardware target. They are approved, or overridden, in a release line for it.
//
// parameter target ID(HardwareTarget)!: The hardware target.
// field HardwareTarget.buildable(target: id): Lists the model versions that may be built for the hardware.
// decided
// answers [Buildable]: A version that somebody may build for the target.
// column version ModelVersion!: The version.
// column release Release!: The release that allows the build.
// column line ReleaseLine!: The line of the release. It is for the target.
// column basis Basis!: The basis that allows it.
// column decisions [Decision!]!: The decisions that allow it.
// column artifacts [Artifact!]!: The builds of the version for the target that exist already.
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
