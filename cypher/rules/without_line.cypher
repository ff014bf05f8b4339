// Nothing says any more which line a deployment is in: no decision authorised it, and no line is known of its fleet.
//
// parameter deployment: The deployment.
NOT (
  EXISTS { MATCH (deployment)-[authorized:AUTHORIZED_BY]->(decision:Decision)-[about:ABOUT]->(any:Release) WHERE true }
  OR EXISTS { MATCH (deployment)-[on:ON]->(place:Fleet)-[runs:IN_LINE]->(any:ReleaseLine) WHERE true }
  OR EXISTS { MATCH (deployment)-[on:ON]->(place:Cohort)-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(any:ReleaseLine) WHERE true }
)
