"""What billing does: one module per noun, one function per verb; load, decide, store, stage."""
