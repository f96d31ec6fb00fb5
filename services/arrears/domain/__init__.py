"""The rules of arrears, on plain values: the ladder, holds, plans and notices."""
