"""Tables and all SQL of arrears."""
