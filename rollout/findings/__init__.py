"""What was found, wherever it comes from: files, live accounts, AWS Config; one shape for all."""
