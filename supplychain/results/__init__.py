"""Results: from a scenario to tidy tables, indicators and a certificate; compared, saved, and handed to other tools.

In: a scenario's name (`run.run` does the whole way). Out: a `Result`. A new table is a function in `tables/`, a row of
`columns.TABLES` and its columns in `columns.COLUMNS`.
"""
