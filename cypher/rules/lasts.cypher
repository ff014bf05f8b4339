// An interval ends after a moment, or not at all; it may begin after the moment, too.
//
// parameter span: An edge or a node with `validTo`.
// parameter moment: The moment.
coalesce(span.validTo > moment, true)
