"""Billing: the ledger, the division of charges, receipts and statements."""
