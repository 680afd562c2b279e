"""Take the README's picture from a running Digis: `.venv/bin/python scripts/screenshot.py [address]`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).resolve().parent.parent / "docs" / "home.png"
SIZE = {"width": 1280, "height": 800}


def main(address: str) -> None:
    """Open the home page as a stranger sees it and keep the first screen."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE)
        page.goto(address)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
