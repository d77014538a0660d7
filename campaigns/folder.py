"""Read every campaign file of a folder, and what no file can know alone: the segments, and that names are unique."""

from collections.abc import Sequence
from pathlib import Path

from campaigns.definition import Campaign
from campaigns.file import read_file
from campaigns.segments import FILE, Segments, read_segments
from errors import SettingsError


def read_folder(folder: Path) -> tuple[dict[str, Campaign], list[str]]:
    """The campaigns of the folder's *.toml by name, and every fault, each a sentence with its file.

    Raises SettingsError where there is no such folder.
    """
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder; create it or set [campaigns] folder")
    # Upper and lower case are one file name to some systems.
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".toml" and path.name != FILE)
    segments, wrong = read_segments(folder / FILE)
    campaigns, faults = read_files(paths, segments)
    return campaigns, wrong + faults


def read_files(paths: Sequence[Path], segments: Segments | None = None) -> tuple[dict[str, Campaign], list[str]]:
    """The same for these files, which may name the segments."""
    campaigns: dict[str, Campaign] = {}
    origins: dict[str, Path] = {}
    faults: list[str] = []
    for path in paths:
        campaign, wrong = read_file(path, segments)
        faults += wrong
        if campaign is None:
            continue
        if campaign.name in campaigns:
            faults.append(f"{path}: name: {origins[campaign.name]} has it too; rename one, got {campaign.name!r}")
            continue
        campaigns[campaign.name], origins[campaign.name] = campaign, path
    return campaigns, faults


def valid(folder: Path) -> dict[str, Campaign]:
    """The campaigns of the folder; raises SettingsError with every fault where there is one."""
    campaigns, faults = read_folder(folder)
    if faults:
        raise SettingsError("\n".join(faults))
    return campaigns
