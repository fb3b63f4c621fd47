"""Ensembles: a scenario solved many times, each time with other facts from within their published ranges.

In: a scenario and its facts. Out: `Findings`: every run's headline figures, how far they spread, by year too, and which
facts they hang on. `uncertain.py` says which facts move, and together with which: a new uncertain table is a row there.
"""
