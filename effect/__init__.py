"""Whether a campaign did anything: the treated against those held out, with intervals that say how sure that is."""

from effect.campaigns import Arm, Effect, effects
from effect.intervals import Uplift

__all__ = ["Arm", "Effect", "Uplift", "effects"]
