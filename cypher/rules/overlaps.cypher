// An interval holds at some moment between two: it has begun by the later one, and did not end by the earlier one.
//
// parameter span: An edge or a node with `validFrom` and `validTo`.
// parameter since: The earlier moment.
// parameter until: The later moment.
span.validFrom <= until AND lasts(span, since)
