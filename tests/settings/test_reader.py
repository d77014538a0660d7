"""A wrong setting is one sentence: file, key, what was found, what is allowed."""

from pathlib import Path

import pytest

import settings
from errors import SettingsError
from jobs.coupons import Coupons
from jobs.coupons_vip import CouponsVip


def environment(tmp_path: Path, toml: str, **extra: str) -> dict[str, str]:
    path = tmp_path / "hongbao.toml"
    path.write_text(toml, encoding="utf-8")
    return {"HONGBAO_CONFIG": str(path), **extra}


def test_file_overrides_the_default_and_the_environment_the_file(tmp_path: Path) -> None:
    found = environment(tmp_path, '[coupons]\ncooldown = "2 min"\nmost_per_day = 7\n', HONGBAO_COUPONS_MOST_PER_DAY="9")
    coupons = settings.read(Coupons, found)
    assert (coupons.cooldown.total_seconds(), coupons.most_per_day, coupons.hesitation_views) == (120, 9, 3)


def test_a_variable_is_of_the_section_with_the_longest_name(tmp_path: Path) -> None:
    found = environment(tmp_path, "", HONGBAO_COUPONS_VIP_FETCH_WAIT="7 ms", HONGBAO_COUPONS_FETCH_WAIT="9 ms")
    waits = [settings.read(section, found).fetch_wait.microseconds for section in (Coupons, CouponsVip)]
    assert waits == [9_000, 7_000]


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[coupon]", r"hongbao\.toml: no section \[coupon\]; did you mean 'coupons'\?"),
        ("[coupons]\ncooldwn = '1 s'", r"hongbao\.toml: \[coupons\]: no key 'cooldwn'; did you mean 'cooldown'\?"),
        ("[coupons]\ncooldown = 5", r"hongbao\.toml: \[coupons\] cooldown: a duration is .*, got 5"),
        ("[coupons]\nmost_per_day = 0", r"\[coupons\] most_per_day: Input should be greater than or equal to 1, got 0"),
        ("[coupons", r"hongbao\.toml: not TOML: "),
        ("coupons = 3", r"hongbao\.toml: \[coupons\] must be a section, got 3"),
    ],
)
def test_wrong_file_is_one_sentence(tmp_path: Path, toml: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        settings.read(Coupons, environment(tmp_path, toml))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SERVICE_URL", "pulsar://127.0.0.1:port"),
        ("SERVICE_URL", "pulsar://127.0.0.1:6650,127.0.0.1:6651"),
        ("ADMIN_URL", "http://127.0.0.1"),
        ("ADMIN_URL", "http://127.0.0.1:65536"),
        ("ADMIN_URL", "http://:8080"),
    ],
)
def test_address_without_one_host_and_port_is_refused(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"HONGBAO_PULSAR_{key}: it must name one host and its port, .*, got"):
        settings.read(settings.Pulsar, environment(tmp_path, "", **{f"HONGBAO_PULSAR_{key}": value}))


def test_four_internal_ports_must_fit(tmp_path: Path) -> None:
    last = {"HONGBAO_STACK_INTERNAL_PORT": "65532"}
    assert settings.read(settings.Stack, environment(tmp_path, "", **last)).internal_port == 65532
    with pytest.raises(SettingsError, match="INTERNAL_PORT: Input should be less than or equal to 65532, got '65533'"):
        settings.read(settings.Stack, environment(tmp_path, "", HONGBAO_STACK_INTERNAL_PORT="65533"))


def test_list_in_the_environment_has_commas(tmp_path: Path) -> None:
    named = {"HONGBAO_AUTOSCALE_JOBS": "coupons, landing"}
    assert settings.read(settings.Autoscale, environment(tmp_path, "", **named)).jobs == ("coupons", "landing")
    listed = '[autoscale]\njobs = ["conversion"]\n'
    assert settings.read(settings.Autoscale, environment(tmp_path, listed)).jobs == ("conversion",)


def test_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"environment: HONGBAO_COUPONS_CURRENCY: .*, got 'yuan'"):
        settings.read(Coupons, environment(tmp_path, "", HONGBAO_COUPONS_CURRENCY="yuan"))


def test_list_is_one_in_the_file_and_names_with_commas_in_the_environment(tmp_path: Path) -> None:
    file = '[deferral]\nwhen = "pressed"\nevent_types = ["product_viewed"]\n'
    assert settings.read(settings.Deferral, environment(tmp_path, file)).event_types == ("product_viewed",)
    names = {"HONGBAO_DEFERRAL_EVENT_TYPES": "product_viewed, product_clicked"}
    found = settings.read(settings.Deferral, environment(tmp_path, file, **names))
    assert (found.when, found.event_types) == ("pressed", ("product_viewed", "product_clicked"))


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ('pressed_until = "6 s"', "pressed_until must not be above pressed_from"),
        ('pressed_from = "61 s"', "pressed_until must not be above pressed_from, nor that above overloaded_from"),
        ('overloaded_until = "1 s"', "overloaded_until must be between pressed_until and overloaded_from"),
        ('every = "8 s"', "stale_after must be at least twice every"),
    ],
)
def test_limits_of_pressure_must_be_in_order(tmp_path: Path, toml: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        settings.read(settings.Pressure, environment(tmp_path, f"[pressure]\n{toml}\n"))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file; create it or point HONGBAO_CONFIG to yours"):
        settings.read(Coupons, {"HONGBAO_CONFIG": str(tmp_path / "none.toml")})
