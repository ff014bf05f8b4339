// The fleet of a deployment has run a line at some time since the deployment began: the fleet itself, or that of its cohort.
//
// parameter deployment: The deployment.
// parameter line: The line.
// parameter moment: Until when.
EXISTS {
  MATCH (deployment)-[on:ON]->(place:Fleet)-[runs:IN_LINE]->(line)
  WHERE runs.validFrom <= moment AND lasts(runs, began(deployment))
}
OR EXISTS {
  MATCH (deployment)-[on:ON]->(place:Cohort)-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(line)
  WHERE runs.validFrom <= moment AND lasts(runs, began(deployment))
    AND part.validFrom <= moment AND lasts(part, began(deployment))
    AND lasts(part, runs.validFrom) AND lasts(runs, part.validFrom)
}
