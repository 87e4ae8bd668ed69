"""What came of the mails: figures of a range of days, counted once and kept, never far from the rows behind them."""
