"""Which offer to choose for a shopper: the features' meaning, a scorecard, trained models, and how one is used."""
