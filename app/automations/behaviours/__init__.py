"""What people do in the shop that an automation answers: a cart left alone, products looked at, prices, stock."""
