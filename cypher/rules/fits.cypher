// An artifact is built for the hardware of a line, or the line is for any hardware.
//
// parameter artifact: The artifact.
// parameter line: The line.
NOT EXISTS { MATCH (line)-[needs:FOR]->(target:HardwareTarget) WHERE true }
  OR EXISTS { MATCH (line)-[needs:FOR]->(target:HardwareTarget)<-[for:FOR]-(artifact) WHERE true }
