// How what was observed on a robot and what was intended there compare.
//
// parameter observed: The artifact that was observed, or null.
// parameter intended: The artifact that was intended, or null.
CASE
  WHEN observed IS NULL AND intended IS NULL THEN 'UNKNOWN'
  WHEN observed IS NULL THEN 'UNREPORTED'
  WHEN intended IS NULL THEN 'UNINTENDED'
  WHEN observed.id = intended.id THEN 'AS_INTENDED'
  ELSE 'DIFFERENT'
END
