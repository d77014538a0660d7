"""Read one section of hongbao.toml, let the environment override it, and say clearly what is wrong."""

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from errors import SettingsError

Section = TypeVar("Section", bound=BaseModel)

ROOT = Path(__file__).parent.parent
SECTIONS = (
    "stack",
    "pulsar",
    "flink",
    "warehouse",
    "landing",
    "conversion",
    "coupons",
    "coupons_vip",
    "campaigns",
    "subscribers",
    "services",
    "prices",
    "pressure",
    "deferral",
    "autoscale",
    "models",
)


def read(model: type[Section], environment: Mapping[str, str] = os.environ) -> Section:
    """The section named like the model's `SECTION`, checked.

    The file is $HONGBAO_CONFIG, or hongbao.toml in the checkout; a key `x` of section `s` is
    overridden by $HONGBAO_S_X. Raises SettingsError with file, key, value and what is allowed.
    """
    name = str(getattr(model, "SECTION"))  # noqa: B009 - a ClassVar that each section declares
    path = Path(environment.get("HONGBAO_CONFIG", ROOT / "hongbao.toml"))
    found = _file(path).get(name, {})
    if not isinstance(found, dict):
        raise SettingsError(f"{path}: [{name}] must be a section, got {found!r}")
    prefix = f"HONGBAO_{name.upper()}_"
    # HONGBAO_COUPONS_VIP_PARALLELISM is a key of [coupons_vip], not of [coupons].
    others = tuple(f"HONGBAO_{one.upper()}_" for one in SECTIONS if one.startswith(f"{name}_"))
    overrides = {
        k.removeprefix(prefix).lower(): v
        for k, v in environment.items()
        if k.startswith(prefix) and not k.startswith(others)
    }
    _check_keys(f"{path}: [{name}]", found, model)
    _check_keys(f"environment: {prefix}*", overrides, model)
    try:
        return model(**{**found, **overrides})
    except ValidationError as error:
        raise SettingsError(_sentence(error, path, name, prefix, overrides)) from None


def _file(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise SettingsError(f"{path}: no such file; create it or point HONGBAO_CONFIG to yours")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    for section in content:
        if section not in SECTIONS:
            raise SettingsError(f"{path}: no section [{section}]; {instead(section, SECTIONS)}")
    return content


def _check_keys(where: str, found: Mapping[str, Any], model: type[BaseModel]) -> None:
    for key in found:
        if key not in model.model_fields:
            raise SettingsError(f"{where}: no key {key!r}; {instead(key, list(model.model_fields))}")


def instead(got: str, allowed: list[str] | tuple[str, ...]) -> str:
    """What somebody may have meant, else all there is."""
    near = get_close_matches(got, allowed, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(allowed)}"


def _sentence(error: ValidationError, path: Path, name: str, prefix: str, overrides: Mapping[str, str]) -> str:
    first = error.errors()[0]
    if not first["loc"]:
        return f"{path}: [{name}]: {first['msg'].removeprefix('Value error, ')}"
    key = str(first["loc"][0])
    where = f"environment: {prefix}{key.upper()}" if key in overrides else f"{path}: [{name}] {key}"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}, got {first['input']!r}"
