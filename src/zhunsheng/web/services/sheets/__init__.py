"""Target sheets at work: taken in from documents, changed field by field, in force on a day."""
