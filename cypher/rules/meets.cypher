// A text matches every pattern of a list, and none of another. Null, which is no, where there is no text and a pattern.
//
// parameter value: The text.
// parameter like: The patterns that it must match as a whole,
// parameter unlike: and those that it must not match.
all(pattern IN like WHERE value =~ pattern) AND none(pattern IN unlike WHERE value =~ pattern)
