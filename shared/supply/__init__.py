"""What the image is made of, and whether any part of it has a known hole: `make sbom`, `make audit`."""
