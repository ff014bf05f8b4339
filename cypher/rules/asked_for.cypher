// When a deployment was requested. Imported history was recorded later, so its beginning counts.
//
// parameter deployment: The deployment.
CASE WHEN coalesce(deployment.imported, false) THEN began(deployment) ELSE deployment.recordedAt END
