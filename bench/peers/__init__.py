"""The coupons job's plain core, done by others: count views by shopper and product, publish at the third."""
