"""What the owners service can do: one module a noun, one function a verb."""
