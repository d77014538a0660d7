"""Have as many slots as the next minutes need: rates, forecast, capacity, policy, rescaling, and a back-test of it."""
