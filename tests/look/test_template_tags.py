"""What the tags and filters write."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import override_settings

from digis.core import clock as house_clock
from digis.core.money import Money
from digis.core.templatetags import digis


def written(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def test_a_price_is_written_in_tokens_and_in_money_rounded_up():
    """LEDGER-11"""
    with override_settings(TOKEN_LIST_PRICE_MICROS=33_333):
        text = written("{% price 1240 %}")
    assert "<b>1,240</b>" in text
    assert "≈ $41.34" in text  # 41.332… up to the cent


def test_a_price_with_a_unit_still_says_tokens_to_a_screen_reader():
    text = written('{% price 40 unit="a minute" %}')
    assert '<span class="sr-only"> tokens</span>' in text
    assert "a minute" in text
    assert "≈ $2.00" in text


def test_one_token_is_singular():
    assert "token</span>" in written("{% price 1 %}")


def test_a_gold_button_says_the_whole_amount():
    text = written('{% pay_label "Buy" 1 %}')
    assert "Buy · 1 token " in text
    assert "≈ $0.05" in text


def test_money_is_written_from_minor_units_and_from_money():
    assert digis.cents(1250) == "$12.50"
    assert digis.cents(Money(-5, "EUR")) == "-€0.05"
    assert digis.earned(83) == "$4.15"
    assert digis.money(None) == "$0.00"


def test_lengths_of_time_are_written_as_a_meter_does():
    assert [digis.clock(seconds) for seconds in (0, 462, 4062, None, -3)] == [
        "00:00",
        "07:42",
        "1:07:42",
        "00:00",
        "00:00",
    ]


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1, seconds=5), "1 minute ago"),
        (timedelta(hours=5, minutes=1), "5 hours ago"),
        (timedelta(days=3, minutes=1), "3 days ago"),
        (timedelta(hours=-2, minutes=-1), "in 2 hours"),
    ],
)
def test_a_moment_is_relative_with_its_absolute_time_beside_it(back: timedelta, words: str):
    moment = house_clock.now() - back
    text = digis.ago(moment)
    assert words in text
    assert f'datetime="{moment.astimezone(UTC).isoformat(timespec="seconds")}"' in text
    assert "title=" in text


def test_a_moment_long_past_is_a_date():
    assert ">5 January 2020<" in digis.ago(datetime(2020, 1, 5, 12, tzinfo=UTC))


def test_dates_are_written_one_way():
    then = datetime(2026, 11, 22, 21, 7, tzinfo=UTC)
    assert ">22 November 2026, 21:07 UTC<" in digis.moment(then)
    assert 'title="22 November 2026, 21:07 UTC"' in digis.ago(then)
    assert written("{{ then|date }} {{ then|time }} {{ then }}", then=then) == (
        "22 November 2026 21:07 22 November 2026, 21:07"
    )
    assert written('{{ then|date:"SHORT_DATE_FORMAT" }}', then=then) == "22 Nov"


def test_no_template_writes_a_date_in_another_order():
    """Month before day, hours by twelve: neither is the house's way; words like “F Y” and machine forms are."""
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        for form in re.findall(r"""\|(?:date|time):["']([^"']+)["']""", path.read_text(encoding="utf-8")):
            assert not re.search(r"[MNFb]\.? ?j|[gGhfPaA]", form), (path, form)


def test_languages_are_written_in_their_own_words():
    assert [digis.language(code) for code in ("pt", "en", "ar", "xx-nothing")] == [
        "Português",
        "English",
        "العربية",
        "xx-nothing",
    ]


def test_a_face_without_a_picture_shows_initials_and_escapes_the_name():
    person = SimpleNamespace(display_name="<b>Ana</b> María Ferreira", username="ana", avatar="")
    text = digis.face(person, alt=person.display_name)
    assert "<b>" not in text
    assert "&lt;b&gt;Ana" in text
    assert digis.initials("Ana María Ferreira") == "AF"
    assert digis.initials("李小龙") == "李"
    assert digis.initials("  ") == "?"


def test_an_icon_is_hidden_from_screen_readers_and_unknown_names_draw_nothing():
    assert 'aria-hidden="true"' in digis.icon("phone")
    assert "<path" in digis.icon("phone", **{"class": "size-4"})
    assert "<path" not in digis.icon("../../../etc/passwd")


def test_every_icon_named_for_python_exists():
    drawings = settings.BASE_DIR / "static" / "dist" / "icons"
    lines = (settings.BASE_DIR / "static" / "icons.txt").read_text(encoding="utf-8").splitlines()
    names = [line.partition("#")[0].strip() for line in lines]
    missing = [name for name in names if name and not Path(drawings / f"{name}.svg").exists()]
    assert not missing, f"static/icons.txt names icons that were not built: {missing}"


class Sample(forms.Form):
    handle = forms.CharField(label="Handle", help_text="As <others> see it.")
    about = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("v", "Video"), ("a", "Voice")], widget=forms.RadioSelect, initial="v")
    rules = forms.BooleanField(label="Rules")


def test_a_field_has_label_hint_control_and_error_tied_together():
    """A11Y-1"""
    form = Sample({"about": "", "kind": "x"})
    text = written("{% field form.handle prefix='@' autocomplete='username' %}", form=form)
    assert '<label for="id_handle">Handle</label>' in text
    assert 'aria-describedby="id_handle_helptext id_handle_error"' in text
    assert 'aria-invalid="true"' in text
    assert 'autocomplete="username"' in text
    assert "As &lt;others&gt; see it." in text
    assert 'id="id_handle_error"' in text
    assert "(optional)" in written("{% field form.about %}", form=form)


def test_choices_are_tiles_in_a_named_group():
    text = written("{% field form.kind %}", form=Sample())
    assert "<fieldset" in text
    assert text.count('class="radio"') == 2
    assert text.count("checked") == 1


def test_an_error_summary_links_to_each_field_and_takes_the_focus():
    """A11Y-1"""
    form = Sample({"kind": "v"})
    form.is_valid()
    form.add_error(None, "Something <else>.")
    text = written("{% error_summary form %}", form=form)
    assert 'href="#id_handle"' in text
    assert "autofocus" in text
    assert "Something &lt;else&gt;." in text
    assert "3 things need another look" in text
    assert written("{% error_summary form %}", form=Sample()) == ""


def test_a_bar_needs_no_style_attribute():
    assert '<progress class="bar" value="3" max="10" aria-label="Used">' in digis.meter_bar(3, 10, "Used")
