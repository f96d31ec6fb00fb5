"""The `closebook` command: every door an operator has, in one place."""
