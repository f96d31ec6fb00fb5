"""The rules of billing: plain values in, plain decisions out; no clock, no session, no logging."""
