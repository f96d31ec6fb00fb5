"""The four services of Closebook: owners, billing, arrears and notify."""
