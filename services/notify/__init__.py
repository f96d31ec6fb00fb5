"""Notify: turns what billing and arrears decided into letters, sends them, and can prove what was sent."""
