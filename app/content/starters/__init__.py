"""The mails that the product comes with: written here, published at the first migration, everybody's to change."""
