"""The facts: CSV tables read and checked, prices and costs derived from them.

In: a folder of tables (`data/`, described by its `datapackage.json`). Out: a `Dataset`. A new table is a CSV file and a
resource in `datapackage.json`; nothing here knows of scenarios or programs.
"""
