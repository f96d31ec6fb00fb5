"""What notify does: one module a noun, one function a verb."""
