"""Write docs/settings.md from the models: python -m settings.reference."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from settings import sections
from settings.reader import ROOT

PAGE = ROOT / "docs" / "settings.md"
HEAD = """\
# Settings

One section a noun, in `hongbao.toml` or the file that `HONGBAO_CONFIG` names. The environment overrides a key `x` of
section `s` as `HONGBAO_S_X`. A wrong section, key or value is one sentence, and nothing starts. Durations are written
`250 ms`, `5 s`, `15 min`, `1 h`, `7 d`. The reason for a default stands beside it in the code.

This page is written by `python -m settings.reference`, and a test holds it to the models.
"""


def models() -> list[type[BaseModel]]:
    """Every section's model; jobs are imported here, for importing PyFlink takes seconds."""
    from jobs.conversion import Conversion
    from jobs.coupons import Coupons
    from jobs.coupons_vip import CouponsVip
    from jobs.landing import Landing

    of_jobs: list[type[BaseModel]] = [Landing, Conversion, Coupons, CouponsVip]
    of_operating: list[type[BaseModel]] = [sections.Pressure, sections.Deferral, sections.Autoscale, sections.Models]
    of_machine: list[type[BaseModel]] = [sections.Stack, sections.Pulsar, sections.Flink, sections.Warehouse]
    of_sale: list[type[BaseModel]] = [sections.Campaigns, sections.Subscribers, sections.Services, sections.Prices]
    return [*of_machine, *of_jobs, *of_sale, *of_operating]


def page() -> str:
    return "\n".join([HEAD, *map(_section, models())])


def _section(model: type[BaseModel]) -> str:
    name = str(getattr(model, "SECTION"))  # noqa: B009 - a ClassVar that each section declares
    defaults = json.loads(model().model_dump_json())
    rows = [f"| `{key}` | `{_text(defaults[key])}` |" for key in model.model_fields]
    return "\n".join(
        [f"## [{name}]", "", (model.__doc__ or "").strip(), "", "| key | default |", "|---|---|", *rows, ""]
    )


def _text(value: Any) -> str:
    if isinstance(value, str) and Path(value).is_absolute():
        return str(Path(value).relative_to(ROOT))
    # As a file has it.
    return json.dumps(value) if isinstance(value, list) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
