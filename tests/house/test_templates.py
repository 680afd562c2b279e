"""House rules on templates: translatable words, no inline script or style, images with alternatives."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from tests.house.tree import ROOT, templates, tracked

SPOKEN = {"alt", "title", "placeholder", "aria-label", "aria-description", "label"}
SILENT = {"script", "style", "code", "kbd", "svg", "symbol"}
NOT_WORDS = {"digis", "Digis", "HTML", "JSON", "API", "v1", "UTC", "OK"}
# Forms of Django's own admin keep its catalog; what we add there is held like the rest.
COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?%\}.*?\{% endcomment %\}", re.DOTALL)
BLOCK = re.compile(
    r"\{% blocktranslate.*?%\}.*?\{% endblocktranslate %\}|\{% blocktrans .*?%\}.*?\{% endblocktrans %\}", re.DOTALL
)
CLASSES = re.compile(
    r"\{% block (?:\w*class\w*|coltype) %\}.*?\{% endblock.*?%\}", re.DOTALL
)  # names of classes, not words
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


class Words(HTMLParser):
    """Collects text and spoken attributes that stand bare in a template."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        for name, value in attrs:
            if name in SPOKEN and value and is_prose(value):
                self.found.append(f"{name}={value!r}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in SILENT:
            self.silent -= 1

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT and self.silent:
            self.silent -= 1

    def handle_data(self, data: str) -> None:
        if not self.silent and is_prose(data):
            self.found.append(data.strip()[:60])


def is_prose(text: str) -> bool:
    return any(word not in NOT_WORDS for word in re.findall(r"[^\W\d_]{2,}", text))


def bare_words(text: str) -> list[str]:
    """Return the words of a template that no translation tag covers."""
    reader = Words()
    reader.feed(TAG.sub(" ", CLASSES.sub(" ", BLOCK.sub(" ", COMMENT.sub(" ", text)))))
    reader.close()
    return reader.found


def test_the_reader_sees_bare_words():
    assert bare_words('<p title="Hello">{% translate "Fine" %} Bare words</p>') == ["title='Hello'", "Bare words"]
    assert bare_words("{% blocktranslate %}Covered{% endblocktranslate %} {{ value }} <code>x_y</code> 12") == []


def test_every_word_for_people_is_marked_for_translation():
    found = {name: words for name, text in templates() if (words := bare_words(text))}
    assert not found, f"Wrap these in translate or blocktranslate: {found}"


def test_templates_carry_no_inline_style_script_or_handler():
    found = []
    for name, text in templates():
        clean = COMMENT.sub("", text)
        if "/mail/" in name:
            continue  # mail readers know no style sheets
        if re.search(r"\sstyle\s*=", clean):
            found.append(f"{name}: style=")
        if re.search(r"\son[a-z]+\s*=\s*[\"']", clean):
            found.append(f"{name}: inline handler")
        if re.search(r"<style[\s>]", clean):
            found.append(f"{name}: <style>")
        for script in re.findall(r"<script([^>]*)>(.*?)</script>", clean, re.DOTALL):
            if script[1].strip() and "application/ld+json" not in script[0] and "application/json" not in script[0]:
                found.append(f"{name}: inline script")
    assert not found, f"The policy forbids inline code; use a module, a class, SVG or progress: {found}"


def test_pictures_have_alternatives_and_size():
    found = []
    for name, text in templates():
        for tag in re.findall(r"<img\b[^>]*>", COMMENT.sub("", text)):
            if not re.search(r"\balt\s*=", tag):
                found.append(f"{name}: {tag[:60]}")
    assert not found, f"Every picture has an alt, empty when it decorates: {found}"


def test_no_link_leads_nowhere():
    found = [name for name, text in templates() if re.search(r"href\s*=\s*[\"']#?[\"']", COMMENT.sub("", text))]
    assert not found, f"These templates hold a link without an address: {found}"


def test_posting_forms_carry_the_cross_site_token():
    found = []
    for name, text in templates():
        for form in re.findall(
            r"<form\b[^>]*method=[\"']post[\"'].*?</form>", COMMENT.sub("", text), re.DOTALL | re.IGNORECASE
        ):
            if "csrf_token" not in form:
                found.append(name)
    assert not found, f"A posting form needs csrf_token: {found}"


def test_nothing_built_or_vendored_is_kept():
    found = [p for p in tracked() if p.startswith(("static/dist/", "static/vendor/", "node_modules/", ".digis/"))]
    assert not found, f"These come from set-up and are not committed: {found}"


def test_lock_files_name_no_host():
    found = []
    for path in tracked():
        if path.endswith((".lock", "package-lock.json", ".npmrc")) or path.startswith("requirements"):
            text = (ROOT / path).read_text(encoding="utf-8")
            if re.search(r'"resolved"\s*:|--(extra-)?index-url|--find-links', text):
                found.append(path)
    assert not found, f"Lock files carry no addresses: {found}"
