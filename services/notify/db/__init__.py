"""The tables of notify and everything it asks of them."""
