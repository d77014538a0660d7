"""The limits of the levels, as [pressure] has them."""

from pressure.level import Limits
from settings import Pressure


def limits(settings: Pressure) -> Limits:
    """In seconds."""
    return Limits(
        pressed_from_s=settings.pressed_from.total_seconds(),
        pressed_until_s=settings.pressed_until.total_seconds(),
        overloaded_from_s=settings.overloaded_from.total_seconds(),
        overloaded_until_s=settings.overloaded_until.total_seconds(),
        calm_for_s=settings.calm_for.total_seconds(),
    )
