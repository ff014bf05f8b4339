// The two changes that an edge with an interval is: it begins with a value, and ends with it.
//
// parameter change: What kind of change it is.
// parameter span: The edge.
// parameter value: The value.
[
  {change: change, by: '', edge: coalesce(span.type, type(span)), told: span.recordedAt, teller: span.recordedBy, at: span.validFrom, ends: false, after: value},
  {change: change, by: '', edge: coalesce(span.type, type(span)), told: span.recordedAt, teller: span.recordedBy, at: span.validTo, ends: true, before: value}
]
