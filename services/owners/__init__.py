"""The owners service: who owned which unit on any day, as known on any day, and how to reach them."""
