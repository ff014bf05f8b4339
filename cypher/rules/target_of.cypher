// The id of the hardware target that an artifact was built for. Null if there is none, or no artifact.
//
// parameter artifact: The artifact.
COLLECT {
  WITH * WHERE artifact IS NOT NULL
  MATCH (artifact)-[for:FOR]->(target:HardwareTarget) WHERE true
  RETURN target.id
}[0]
