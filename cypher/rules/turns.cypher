// The changes of a value that is told: each with its moment, the value before and the value after. A value that is told again is none.
//
// parameter change: What kind of change it is.
// parameter property: The property that holds the moments.
// parameter moments: The moments from which values hold, in their order.
// parameter values: The values.
[i IN range(0, size(coalesce(moments, [])) - 1) WHERE i = 0 OR values[i] <> values[i - 1] |
  {change: change, by: property, at: moments[i], ends: false, before: CASE WHEN i > 0 THEN values[i - 1] END, after: values[i]}]
