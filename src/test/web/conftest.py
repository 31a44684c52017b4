import os
import pathlib
import shutil

import fake_gateway
import pytest
from playwright.sync_api import expect, sync_playwright

# What is expected comes soon; on a busy machine, less soon.
expect.set_options(timeout=60_000)

SCREENSHOTS = pathlib.Path(os.environ.get("SCREENSHOTS", "target/web-page"))


@pytest.fixture(scope="session")
def gateway():
    server, state = fake_gateway.start()
    yield f"http://127.0.0.1:{server.server_port}", state
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    assert found, "a Chromium is needed: apt-get install chromium"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"])
        yield browser
        browser.close()


class Visit:
    """A tab that is signed in, and everything it asked for or complained about."""

    def __init__(self, browser, address, **options):
        self.address = address
        self.context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin", **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.asked = []
        self.complaints = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            # A refused call is told by the page itself.
            lambda message: message.type == "error" and "Failed to load resource" not in message.text and self.complaints.append(message.text),
        )

    def open(self, view, token=fake_gateway.TOKEN):
        if token:
            self.page.add_init_script(f"sessionStorage.setItem('spark-appliance.token', '{token}')")
        self.page.goto(f"{self.address}/ui#/{view}")
        return self.page

    def write(self, sql):
        """Replaces what the editor holds."""
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(sql)

    def run(self, sql):
        self.write(sql)
        self.page.get_by_role("button", name="Run", exact=True).click()

    def picture(self, name):
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@pytest.fixture
def visit(browser, gateway):
    visits = []

    def new(**options):
        visits.append(Visit(browser, gateway[0], **options))
        return visits[-1]

    yield new
    for each in visits:
        elsewhere = [url for url in each.asked if not url.startswith((each.address, "blob:" + each.address, "data:"))]
        each.context.close()
        assert elsewhere == [], "requests that leave the gateway"
        assert each.complaints == [], "errors in the browser's console, refusals by the policy among them"
