// What a recall begins with by its subject and does not name yet: data, runs or versions that were told after it was executed. One row a
// node, without locks.
//
// parameter recall ID(Recall)!: The recall.
// parameter node ID: The node that is recalled, or the customer whose data is.
// parameter setting String: The last part of the name of the run setting that is recalled, in quotation marks. Runs whose configuration holds it come with it.
UNWIND beginnings($node, '', $setting) AS begins
WITH begins[0] AS start
WHERE start.id <> coalesce($node, '') AND NOT EXISTS { MATCH (start)<-[names:RECALLS]-(recall:Recall {id: $recall}) WHERE true }
WITH DISTINCT start ORDER BY start.id
RETURN start.id AS id, CASE WHEN $setting <> '' THEN start.configuration END AS configuration
