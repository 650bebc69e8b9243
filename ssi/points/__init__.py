"""Points: epochs, samples, records and statements."""
