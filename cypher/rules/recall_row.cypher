// What a decision reads of a recall, and whether it stands at a moment. What began since makes the action decide anew.
//
// parameter recall: The recall.
// parameter moment: The moment.
recall{.id, .subject, .reason, .validFrom, stands: recall.validFrom <= moment, recordedAt: recall.validFrom}
