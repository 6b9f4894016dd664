-- What came in at a place, newest first: a conversation is read page by page, however many others there are.

CREATE INDEX inbox_at ON inbox (connection, recipient)
