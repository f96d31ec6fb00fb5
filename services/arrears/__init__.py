"""Arrears: decides who is reminded of what, when, and says why."""
