// How often the configuration of a run was corrected.
//
// parameter run: The run.
COUNT { MATCH (revision:Revision)-[revises:REVISES]->(run) WHERE 'configuration' IN revision.changed }
