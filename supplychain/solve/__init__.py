"""HiGHS: a program solved from any start to the one answer, with a certificate measured here.

In: a `LinearProgram`. Out: a `Solution`: values and duals in the user's units. Nothing here knows of minerals.
"""
