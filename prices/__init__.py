"""A category's price follows its conversion: what a rule may say, what it decides, and its versions on the topic."""
