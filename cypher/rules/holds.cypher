// An interval holds at a moment: it has begun, and has not ended.
//
// parameter span: An edge or a node with `validFrom` and `validTo`.
// parameter moment: The moment.
within(moment, span.validFrom, span.validTo)
