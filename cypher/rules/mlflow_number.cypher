// The number of a version in MLflow: the version in its id. Null if that is no number.
//
// parameter version: The version.
CASE WHEN version.id =~ '.*@[1-9][0-9]{0,17}' THEN toInteger(split(version.id, '@')[1]) END
