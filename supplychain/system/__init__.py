"""The system: facts and scenario joined into finished tables of sites, moves, uses and limits.

In: a `Dataset` and a `Scenario`. Out: a `System`, only tables: who could supply whom, what each site can make and could
be enlarged to, what is demanded, what is limited.
"""
