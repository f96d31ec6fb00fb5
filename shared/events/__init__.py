"""The event contract: models, the table of topics, schemas and the total decoder."""
