// An interval holds at a moment; an edge that has no interval holds at all of them.
//
// parameter span: The edge.
// parameter moment: The moment.
coalesce(span.validFrom <= moment, true) AND lasts(span, moment)
