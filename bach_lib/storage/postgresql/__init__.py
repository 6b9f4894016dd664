"""PostgreSQL: the same promises as the file's, in a database of a server, for homes and houses that outgrow one file.

`server_database` is the `Store`; `reconnecting` keeps its connection, `server_session` runs transactions on it, and
`layout` makes the tables. What SQL says otherwise than SQLite stands in `dialect`. Only `driver` imports psycopg, and
only when such a database is opened.
"""
