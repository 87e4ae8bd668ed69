"""What a person should know of: a row for each cause while it stands, settled by itself or by somebody."""
