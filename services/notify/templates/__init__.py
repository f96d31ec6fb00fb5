"""The letters' design and words, and the renderers that turn a letter into PDF, HTML, text and an e-mail."""
