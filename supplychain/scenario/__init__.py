"""Scenarios: YAML documents read, checked key by key and resolved, and the policies that they name.

In: a YAML file and a `Dataset` (for the names that it may use). Out: a `Scenario`. A new kind of policy is a class in
the module of its subject in `policies/`, listed there in `KINDS`; it edits the system's tables, never an equation.
"""
