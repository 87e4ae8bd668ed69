"""What is sold: products with the history of their price and stock, carts, orders."""
