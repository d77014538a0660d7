"""The whole path on one machine: a sale is simulated, and every figure that must hold is checked."""
