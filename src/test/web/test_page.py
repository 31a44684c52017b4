"""The gateway's page in a browser, against the fake API."""

import json
import re

import fake_gateway
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

VIEWS = ["cluster", "sql", "jobs", "submit", "api"]


def ready(page, view):
    """Waits until the view has what it shows."""
    expect(page.locator("h1")).to_be_visible()
    shown = {
        "cluster": page.get_by_role("link", name="flights_report.py"),
        "sql": page.get_by_role("button", name=re.compile("^Open nightly report")).first,
        "jobs": page.get_by_role("link", name="nightly report 0"),
        "submit": page.get_by_label("Main class"),
        "api": page.get_by_text("/send_query"),
    }
    expect(shown[view]).to_be_visible()


def assert_accessible(page):
    found = Axe().run(page).response["violations"]
    told = [(rule["id"], [node["html"][:160] + " | " + node.get("failureSummary", "")[:300] for node in rule["nodes"][:3]]) for rule in found]
    assert told == [], json.dumps(told, indent=1)


def test_a_stranger_is_asked_for_the_token_and_a_wrong_one_is_explained(visit):
    tab = visit()
    page = tab.open("jobs", token=None)
    expect(page.get_by_role("heading", name="Sign in")).to_be_focused()
    assert_accessible(page)
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not valid here")
    page.get_by_label("Token").fill(fake_gateway.TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('spark-appliance.token')") == fake_gateway.TOKEN
    assert page.evaluate("localStorage.length") == 0
    assert "token" not in page.url
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_accessible_in_both_schemes(visit, view, scheme):
    tab = visit(color_scheme=scheme)
    page = tab.open(view)
    ready(page, view)
    tab.picture(f"{view}-{scheme}")
    assert_accessible(page)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_a_phone(visit, view):
    tab = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    page = tab.open(view)
    ready(page, view)
    tab.picture(f"{view}-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert_accessible(page)


def test_the_colours_can_be_chosen_and_stay(visit):
    tab = visit(color_scheme="light")
    page = tab.open("cluster")
    page.get_by_label("Colours").select_option("dark")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(20, 23, 26)"
    page.reload()
    expect(page.get_by_label("Colours")).to_have_value("dark")
    assert page.evaluate(background) == "rgb(20, 23, 26)"


def test_the_cluster_is_told_in_numbers_and_pictures(visit):
    page = visit().open("cluster")
    expect(page.get_by_role("region", name="Leader")).to_contain_text("10.0.0.7")
    expect(page.get_by_text("24 of 64 in use")).to_be_visible()
    expect(page.get_by_text("78 GiB of 240 GiB in use")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Cores since .* now .* of 64"))).to_be_visible()
    expect(page.get_by_role("link", name="Spark master")).to_have_attribute("href", "/ui/proxy/pass/")
    expect(page.get_by_text("spark://10.0.0.7:7077,10.0.0.8:7077")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("flights_report.py ann running 8 2 minutes ago 2 min 5 s"))).to_be_visible()


def test_a_query_runs_by_keyboard_and_shows_table_chart_and_file(visit, gateway):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    tab.write("select carrier, count(*) as flights from flights group by carrier")
    keyword = page.locator(".cm-line span", has_text="select").first
    assert keyword.evaluate("element => getComputedStyle(element).color") == "rgb(11, 79, 158)"
    page.keyboard.press("Control+Enter")
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "8")
    expect(grid.get_by_role("gridcell", name="United Air Lines")).to_be_visible()
    expect(grid.get_by_role("gridcell", name="null").first).to_be_visible()
    assert gateway[1].keys[-1]
    expect(grid.get_by_role("gridcell", name="11000", exact=True)).to_be_visible()
    page.get_by_label("Readable numbers and dates").check()
    expect(grid.get_by_role("gridcell", name="11,000", exact=True)).to_be_visible()
    tab.picture("sql-result")
    assert_accessible(page)
    page.get_by_role("button", name="Chart").click()
    expect(page.get_by_role("img", name="Bar chart of mean_delay by carrier: 7 values from -2 to 8.2")).to_be_visible()
    page.get_by_role("combobox", name=re.compile("^Up")).select_option("flights")
    expect(page.get_by_role("img", name=re.compile("Bar chart of flights by carrier: 7 values from 11,000 to 233,000"))).to_be_visible()
    page.get_by_role("combobox", name=re.compile("^Chart")).select_option("line")
    expect(page.locator(".plot polyline")).to_be_visible()
    tab.picture("sql-chart")
    assert_accessible(page)
    files = page.get_by_role("combobox", name=re.compile("^File"))
    assert files.locator("option").all_text_contents() == ["CSV", "TSV", "JSON", "JSON lines", "Arrow", "Parquet", "Text"]
    page.get_by_label("Rows at most").fill("none")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_role("alert")).to_contain_text("must be a whole number")
    page.get_by_label("Rows at most").fill("2")
    for form, suffix in [("arrow", "arrows"), ("parquet", "parquet"), ("csv", "csv"), ("jsonl", "jsonl")]:
        page.get_by_role("combobox", name=re.compile("^File")).select_option(form)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename.endswith(f"-1.{suffix}")
        assert gateway[1].requests[-1][1].endswith(f"format={form}&offset=0&limit=2")
    assert download.value.path().read_text().startswith("carrier,flights")


def test_a_million_rows_are_scrolled_without_loading_them_all(visit, gateway):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    before = len(gateway[1].requests)
    tab.run("select * from million")
    grid = page.get_by_role("grid")
    expect(page.get_by_text("1,000,000 rows")).to_be_visible()
    expect(grid.get_by_role("gridcell", name="customer 000000")).to_be_visible()
    grid.focus()
    page.keyboard.press("Control+End")
    expect(grid.get_by_role("gridcell", name="customer 999999")).to_be_in_viewport()
    expect(grid.get_by_role("rowheader", name="1,000,000", exact=True)).to_be_in_viewport()
    assert grid.get_by_role("rowheader", name="1,000,000", exact=True).evaluate("cell => cell.scrollWidth <= cell.clientWidth"), "none is cut off"
    page.keyboard.press("ArrowUp")
    chosen = "document.getElementById(document.querySelector('[role=grid]').getAttribute('aria-activedescendant')).textContent"
    assert page.evaluate(chosen) == "2024-03-07"
    # From one end to the other by the bar, as fast as frames are drawn; no frame may take long.
    slowest = page.evaluate(
        """async () => {
             const grid = document.querySelector('[role=grid]');
             let slowest = 0, last = performance.now();
             for (let step = 0; step <= 60; step++) {
               grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * step / 60;
               await new Promise(requestAnimationFrame);
               const now = performance.now();
               slowest = Math.max(slowest, now - last);
               last = now;
             }
             grid.scrollTop = (grid.scrollHeight - grid.clientHeight) / 2;
             return slowest;
           }"""
    )
    print(f"slowest frame: {slowest:.0f} ms")
    expect(grid.get_by_role("gridcell", name="customer 500000")).to_be_in_viewport()
    whole = "cell => cell.scrollWidth <= cell.clientWidth"
    assert grid.get_by_role("gridcell", name="500000", exact=True).evaluate(whole), "wide enough for what came later"
    assert page.locator("[role=row]").count() < 60
    pages = [path for _, path in gateway[1].requests[before:] if "/results?" in path]
    assert len(pages) < 40, pages
    tab.picture("sql-million")
    assert_accessible(page)


def test_a_running_query_shows_progress_and_is_cancelled(visit):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    tab.run("select slow")
    progress = page.get_by_role("progressbar", name="Progress of the job")
    expect(progress).to_have_attribute("aria-valuetext", re.compile("% – .* of 200, stage 1 of 3"))
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    tab.picture("sql-running")
    assert_accessible(page)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Cancelled.")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_values_settings_and_limits_go_with_a_query(visit, gateway):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    tab.write("select ':none', :day, :most, :kind -- :nothing")
    page.get_by_text("Parameters, session, settings and limits").click()
    for name, kind, value in [("day", "date", "2026-01-31"), ("most", "number", "many"), ("kind", "json", '["a", 1]')]:
        page.get_by_role("button", name="Add a parameter").click()
        row = page.get_by_role("group", name=f"parameter {name}")
        row.get_by_label("Type").select_option(kind)
        row.get_by_label("Value").fill(value)
    page.get_by_label("Spark settings").fill("spark.sql.shuffle.partitions=8\nnonsense")
    page.get_by_label("Time limit in seconds").fill("60")
    page.get_by_label("Attempts at most").fill("11")
    page.get_by_label("Name", exact=True).last.fill("by day")
    page.get_by_role("button", name="Run", exact=True).click()
    summary = page.get_by_role("alert", name="3 things have to change")
    expect(summary).to_be_focused()
    assert [item.inner_text() for item in summary.get_by_role("link").all()] == [
        "Parameter most: is no number; write one such as 42 or 1.5",
        "Spark settings: “nonsense” is not name=value; write one pair on each line",
        "Attempts at most: must be a whole number from 1 to 10",
    ]
    most = page.get_by_role("group", name="parameter most").get_by_label("Value")
    expect(most).to_have_attribute("aria-invalid", "true")
    tab.picture("sql-problems")
    assert_accessible(page)
    summary.get_by_role("link", name="Parameter most").press("Enter")
    expect(most).to_be_focused()
    expect(most).to_have_accessible_description("Is no number; write one such as 42 or 1.5.")
    most.fill("7")
    page.get_by_label("Spark settings").fill("spark.sql.shuffle.partitions=8")
    page.get_by_label("Attempts at most").fill("2")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("gridcell", name="42")).to_be_visible()
    assert gateway[1].queries[-1] == {
        "sql": "select ':none', :day, :most, :kind -- :nothing",
        "name": "by day",
        "params": {"day": {"type": "date", "value": "2026-01-31"}, "most": 7, "kind": ["a", 1]},
        "settings": {"spark.sql.shuffle.partitions": "8"},
        "time_limit_seconds": 60,
        "max_attempts": 2,
    }
    tab.write("-- a comment\nselect :day, :most")
    page.get_by_label("Name", exact=True).last.fill("")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Parameter kind: is used nowhere: the SQL has no marker :kind")
    page.get_by_role("button", name="Remove parameter kind").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("button", name="Open select :day, :most, succeeded")).to_be_visible()
    # Of a part that is selected, only what it asks for.
    tab.write("select :day, :most;\nselect :day")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Open select :day, succeeded")).to_be_visible()
    assert gateway[1].queries[-1]["sql"] == "select :day" and list(gateway[1].queries[-1]["params"]) == ["day"]
    page.reload()
    expect(page.get_by_text("2 parameters, 1 setting, 60 s at most, 2 attempts")).to_be_visible()


def test_a_session_is_begun_used_and_ended(visit, gateway):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    page.get_by_text("Parameters, session, settings and limits").click()
    page.get_by_label("New session").fill("two words")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("letters, digits, dots")
    page.get_by_label("Spark settings").fill("spark.sql.ansi.enabled=true")
    page.get_by_label("New session").fill("work")
    page.get_by_role("button", name="Begin it").click()
    expect(page.get_by_role("status").filter(has_text="The session work has begun.")).to_be_visible()
    assert gateway[1].queries[-1] == {"name": "work", "settings": {"spark.sql.ansi.enabled": "true"}}
    expect(page.get_by_role("radio", name="work")).to_be_checked()
    tab.picture("sql-session")
    assert_accessible(page)
    tab.run("select 42")
    expect(page.get_by_role("gridcell", name="42")).to_be_visible()
    assert gateway[1].queries[-1]["session"] == "work"
    page.get_by_role("button", name="End the session work").click()
    expect(page.get_by_role("radio", name="work")).to_have_count(0)
    expect(page.get_by_role("radio", name="One for this query alone")).to_be_checked()
    assert gateway[1].sessions == {}


def test_an_error_says_where_and_puts_the_cursor_there(visit):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    tab.run("select 1;\nselect * from wrong")
    expect(page.get_by_role("alert")).to_contain_text("Failed (line 2, column 15).")
    expect(page.get_by_role("alert")).to_contain_text("TABLE_OR_VIEW_NOT_FOUND, 42P01")
    expect(page.locator(".cm-activeLine").first).to_have_text("select * from wrong")
    assert_accessible(page)
    tab.run("select busy")
    expect(page.get_by_role("alert").first).to_contain_text("Too many jobs wait. Try again in 7 s.")


def test_tables_are_browsed_and_inserted_and_history_is_opened(visit):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    tab.write("select * from ")
    page.keyboard.press("Control+End")
    for name in ["spark_catalog catalog", "default schema"]:
        page.get_by_text(name).first.click()
    page.get_by_role("button", name="Insert odd name into the editor").click()
    expect(page.locator(".cm-line").first).to_have_text("select * from spark_catalog.default.`odd name`")
    page.get_by_text("flights table").click()
    expect(page.get_by_text("string, never null – two letters")).to_be_visible()
    tab.picture("sql-tables")
    assert_accessible(page)
    page.get_by_role("button", name="Open nightly report 0, succeeded").click()
    expect(page.locator(".cm-line").first).to_have_text("select carrier, count(*) as flights from flights group by carrier")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "8")


def test_a_program_is_uploaded_with_progress_and_its_log_is_followed(visit, gateway, tmp_path):
    program = tmp_path / "report.py"
    program.write_bytes(b"#" * 20_000_000)
    tab = visit()
    page = tab.open("submit")
    ready(page, "submit")
    page.get_by_label("Program").set_input_files(program)
    page.get_by_label("Name", exact=True).fill("flights report")
    page.get_by_label("Arguments").fill("--year\n2013")
    page.get_by_label("Spark settings").fill("spark.executor.memory")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text("“spark.executor.memory” is not name=value")
    expect(page.get_by_role("alert", name="One thing has to change")).to_be_focused()
    page.get_by_label("Spark settings").fill("spark.executor.memory=2g")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    expect(page.get_by_role("heading", name="flights report")).to_be_visible()
    spec, length, _ = gateway[1].uploads[-1]
    assert length > 20_000_000
    assert spec["name"] == "flights report" and spec["arguments"] == ["--year", "2013"]
    assert spec["settings"] == {"spark.executor.memory": "2g"}
    log = page.get_by_role("log", name="Output")
    expect(log).to_contain_text("output line 39 of the job")
    lines = log.inner_text().strip().split("\n")
    assert lines == [f"output line {number} of the job" for number in range(40)], "none lost, none twice, across a broken connection"
    assert gateway[1].breaks > 0
    expect(page.get_by_text("Complete, 40 lines")).to_be_visible()
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_role("log", name="Log of the driver")).to_contain_text("log line 39 of the job")
    expect(page.get_by_role("status").filter(has_text="succeeded")).to_be_visible()
    tab.picture("job")
    link = page.get_by_role("link", name="What Spark has kept of it")
    expect(link).to_have_attribute("href", "/ui/pages/pass/history/app-20260105120000-0007/")
    assert_accessible(page)


@pytest.mark.parametrize("width", [1280, 375])
def test_all_that_is_wrong_with_a_program_is_told_at_its_fields(visit, gateway, tmp_path, width):
    for name in ["report.py", "library.jar", "one.py", "two.zip", "data.txt"]:
        (tmp_path / name).write_bytes(b"#")
    tab = visit(viewport={"width": width, "height": 800}, color_scheme="light" if width > 400 else "dark")
    page = tab.open("submit")
    ready(page, "submit")
    page.get_by_role("button", name="Submit").click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Program: is missing")
    page.get_by_label("Program").set_input_files(tmp_path / "library.jar")
    page.get_by_role("button", name="Submit").click()
    expect(summary).to_contain_text("Main class: is missing")
    page.get_by_label("Program").set_input_files(tmp_path / "report.py")
    for group in ["Modules, files, jars and packages", "Environment", "Limits"]:
        page.locator("summary", has_text=group).click()
    page.get_by_label("Python modules").set_input_files([tmp_path / "one.py", tmp_path / "two.zip"])
    expect(page.get_by_text("2 files: one.py (1 B), two.zip (1 B)")).to_be_visible()
    page.get_by_label("Files", exact=True).set_input_files(tmp_path / "data.txt")
    page.get_by_label("Jars", exact=True).set_input_files(tmp_path / "library.jar")
    page.get_by_label("Packages").fill("org.example:library_2.13:1.0\nlibrary")
    page.get_by_label("Environment").fill("APP_STAGE=test\nPATH=/\nHOME=/")
    page.get_by_label("Spark settings").fill("spark.master=local")
    page.get_by_label("Time limit").fill("3600")
    page.get_by_label("Attempts").fill("3")
    page.locator("summary", has_text="Environment").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="4 things have to change")).to_be_visible()
    expect(summary).to_be_focused()
    assert summary.get_by_role("link").count() == 4
    environment = page.get_by_label("Environment")
    expect(environment).to_be_visible()
    expect(environment).to_have_attribute("aria-invalid", "true")
    expect(environment).to_have_accessible_description(re.compile("'PATH' is not among .* 'HOME' is not among"))
    tab.picture(f"submit-problems-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)
    summary.get_by_role("link", name="Packages").press("Enter")
    expect(page.get_by_label("Packages")).to_be_focused()
    page.get_by_label("Packages").fill("org.example:library_2.13:1.0")
    environment.fill("APP_STAGE=test")
    page.get_by_label("Spark settings").fill("")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="program")).to_be_visible()
    spec, _, files = gateway[1].uploads[-1]
    assert spec == {
        "arguments": [],
        "settings": {},
        "environment": {"APP_STAGE": "test"},
        "packages": ["org.example:library_2.13:1.0"],
        "time_limit_seconds": 3600,
        "max_attempts": 3,
    }
    assert [each for each in files if each[0] != "spec"] == [
        ("file", "report.py"),
        ("py_files", "one.py"),
        ("py_files", "two.zip"),
        ("files", "data.txt"),
        ("jars", "library.jar"),
    ]


def test_a_jar_runs_on_a_worker(visit, gateway, tmp_path):
    (tmp_path / "library.jar").write_bytes(b"#")
    tab = visit(viewport={"width": 360, "height": 740})
    page = tab.open("submit")
    ready(page, "submit")
    page.get_by_label("Program").set_input_files(tmp_path / "library.jar")
    page.get_by_label("The driver runs").select_option("cluster")
    expect(page.get_by_label("Program")).to_have_count(0)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="2 things have to change")).to_be_visible()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Address of the jar: is missing")
    expect(summary).to_contain_text("Main class: is missing")
    jar = page.get_by_label("Address of the jar")
    jar.fill("/tmp/report.jar")
    page.get_by_label("Main class").fill("org.example.Report")
    page.get_by_label("Start it anew").check()
    page.get_by_role("button", name="Submit").click()
    expect(jar).to_have_accessible_description(re.compile("Is nothing that every worker can read"))
    tab.picture("submit-cluster-problem")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert_accessible(page)
    jar.fill("s3a://bucket/jars/report.jar")
    page.get_by_role("button", name="Submit").click()
    facts = page.locator("dl.facts > div", has_text="Driver")
    expect(facts).to_contain_text("driver-20260105120000-0003")
    assert_accessible(page)
    spec, _, files = gateway[1].uploads[-1]
    assert spec == {
        "arguments": [],
        "settings": {},
        "environment": {},
        "packages": [],
        "deploy_mode": "cluster",
        "jar_uri": "s3a://bucket/jars/report.jar",
        "main_class": "org.example.Report",
        "supervise": True,
    }
    assert [each for each in files if each[0] != "spec"] == []


def test_a_query_tells_a_receiver_and_the_job_says_how_far(visit, gateway):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    tab.write("select 42")
    page.get_by_text("Parameters, session, settings and limits").click()
    address = page.get_by_label("Webhook address")
    expect(address).to_have_accessible_description(re.compile("^Gets a POST when the job is over"))
    address.fill("https://evil.example.org/")
    page.get_by_role("button", name="Run", exact=True).click()
    summary = page.get_by_role("alert", name="One thing has to change")
    expect(summary).to_be_focused()
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_have_accessible_description(re.compile("Has a host or a port that may not be told here"))
    tab.picture("sql-webhook-problem")
    assert_accessible(page)
    summary.get_by_role("link", name="Webhook address: has a host").press("Enter")
    expect(address).to_be_focused()
    gateway[1].receiver_is_busy = True
    address.fill(" https://hooks.example.org/busy ")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("gridcell", name="42")).to_be_visible()
    assert gateway[1].queries[-1]["webhook"] == "https://hooks.example.org/busy"
    page.get_by_role("link", name="Details").click()
    facts = page.locator("dl.facts > div", has_text="Webhook")
    expect(facts).to_contain_text(re.compile(r"Not delivered to hooks.example.org yet: answered 503 \(1 attempt, the next .* 20\d\d.*\)"))
    expect(page.get_by_role("status").filter(has_text="succeeded")).to_be_visible()
    # What follows the job's end is seen, too.
    gateway[1].receiver_is_busy = False
    expect(facts).to_contain_text("Delivered to hooks.example.org (2 attempts)")
    expect(page.get_by_text("busy")).to_have_count(0)
    tab.picture("job-webhook")
    assert_accessible(page)
    page.goto(f"{tab.address}/ui#/sql")
    expect(page.locator("summary", has_text="Parameters, session")).to_contain_text("a webhook")


def test_a_program_tells_a_receiver(visit, gateway, tmp_path):
    program = tmp_path / "report.py"
    program.write_bytes(b"#")
    tab = visit(viewport={"width": 360, "height": 740})
    page = tab.open("submit")
    ready(page, "submit")
    page.get_by_label("Program").set_input_files(program)
    page.locator("summary", has_text="Webhook").click()
    address = page.get_by_label("Webhook address")
    address.fill("nonsense")
    page.locator("summary", has_text="Webhook").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert", name="One thing has to change")).to_be_focused()
    expect(address).to_be_visible()
    expect(address).to_have_attribute("aria-invalid", "true")
    tab.picture("submit-webhook-problem")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert_accessible(page)
    address.fill("https://hooks.example.org/gone")
    page.get_by_role("button", name="Submit").click()
    facts = page.locator("dl.facts > div", has_text="Webhook")
    expect(facts).to_contain_text("To hooks.example.org, when the job is over")
    assert gateway[1].uploads[-1][0]["webhook"] == "https://hooks.example.org/gone"
    expect(facts).to_contain_text("Not delivered to hooks.example.org: answered 410: it wants no more messages (1 attempt); it is not sent any more")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert_accessible(page)


def test_where_no_host_may_be_told_there_is_no_field_for_it(visit, gateway):
    def answer(route):
        told = route.fetch()
        route.fulfill(response=told, json={**told.json(), "webhooks": False})

    tab = visit()
    page = tab.open("submit", token=None)
    page.evaluate(
        "options => sessionStorage.setItem('spark-appliance.sql-options', options)",
        json.dumps({"name": "kept", "webhook": "https://hooks.example.org/kept"}),
    )
    page.route("**/api/v1/me", answer)
    page.get_by_label("Token").fill(fake_gateway.TOKEN)
    page.keyboard.press("Enter")
    ready(page, "submit")
    expect(page.get_by_text("Webhook")).to_have_count(0)
    page.get_by_role("link", name="SQL").click()
    ready(page, "sql")
    page.get_by_text("Parameters, session, settings and limits").click()
    expect(page.get_by_label("Attempts at most")).to_be_visible()
    expect(page.get_by_label("Webhook address")).to_have_count(0)
    tab.run("select 42")
    expect(page.get_by_role("gridcell", name="42")).to_be_visible()
    assert gateway[1].queries[-1]["name"] == "kept" and "webhook" not in gateway[1].queries[-1]
    page.unroute_all(behavior="ignoreErrors")


def test_running_jobs_lead_to_sparks_pages(visit):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    tab.run("select slow as linked")
    page.get_by_role("link", name="Details").click()
    application = page.get_by_role("link", name="app-20260105120000-0007")
    expect(application).to_have_attribute("href", "/ui/pages/pass/proxy/app-20260105120000-0007/")
    expect(page.get_by_role("link", name="http://10.0.0.7:4040")).to_have_count(0)
    expect(page.get_by_role("log")).to_have_count(0)
    tab.picture("job-running")
    page.get_by_role("link", name="All jobs").click()
    pages = page.get_by_role("link", name="Spark's pages of select slow as linked")
    expect(pages).to_have_attribute("href", "/ui/pages/pass/proxy/app-20260105120000-0007/")
    tab.picture("jobs-running")
    assert_accessible(page)
    page.get_by_role("link", name="select slow as linked", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("Cancelled.")
    expect(application).to_have_count(0)


def test_who_may_not_see_sparks_pages_is_told_where_spark_has_them(visit):
    def answer(route):
        told = route.fetch()
        job = told.json()
        job.pop("ui_url", None)
        route.fulfill(response=told, json=job)

    tab = visit()
    page = tab.open("sql")
    page.route(re.compile("/api/v1/jobs/[0-9a-f]{32}$"), answer)
    ready(page, "sql")
    tab.run("select slow as told")
    page.get_by_role("link", name="Details").click()
    expect(page.get_by_role("link", name="http://10.0.0.7:4040")).to_be_visible()
    expect(page.get_by_text("app-20260105120000-0007")).to_be_visible()
    expect(page.get_by_role("link", name="app-20260105120000-0007")).to_have_count(0)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("Cancelled.")
    page.unroute_all(behavior="ignoreErrors")


def test_numbers_of_any_size_are_shown_and_sent_digit_by_digit(visit, gateway):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    tab.run("select exact")
    for text in ["9007199254740993", "-12345678901234567890123", '["-9007199254740995"]', '"1234567890123456789"']:
        expect(page.get_by_role("gridcell", name=text, exact=True)).to_be_visible()
    tab.write("select :large, :precise, :many")
    page.get_by_text("Parameters, session, settings and limits").click()
    for name, kind, value in [("large", "number", "1e400"), ("precise", "number", "12345678901234567.89"), ("many", "json", "[9007199254740993]")]:
        page.get_by_role("button", name="Add a parameter").click()
        row = page.get_by_role("group", name=f"parameter {name}")
        row.get_by_label("Type").select_option(kind)
        row.get_by_label("Value").fill(value)
    page.get_by_role("button", name="Run", exact=True).click()
    summary = page.get_by_role("alert", name="2 things have to change")
    expect(summary).to_contain_text("Parameter large: is larger than any number that can be sent")
    expect(summary).to_contain_text("Parameter many: has a number of more digits than can be sent")
    page.get_by_role("group", name="parameter large").get_by_label("Value").fill("9007199254740993")
    page.get_by_role("group", name="parameter many").get_by_label("Value").fill('["9007199254740993"]')
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("gridcell", name="42")).to_be_visible()
    assert gateway[1].queries[-1]["params"] == {
        "large": {"type": "decimal(38,0)", "value": "9007199254740993"},
        "precise": {"type": "decimal(38,2)", "value": "12345678901234567.89"},
        "many": ["9007199254740993"],
    }


@pytest.mark.parametrize("provider", ["oidc", "tokeninfo"])
def test_who_signed_in_by_browser_signs_out_at_the_gateway(visit, gateway, provider):
    tab = visit()
    page = tab.open("jobs", token=None)
    page.route("**/api/v1/me", lambda route: route.fulfill(response=route.fetch(), json={**route.fetch().json(), "sign_in": provider, "can_sign_out": True}))
    page.get_by_label("Token").fill(fake_gateway.TOKEN)
    page.keyboard.press("Enter")
    ready(page, "jobs")
    before = gateway[1].requests.count(("POST", "/sign-out"))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert gateway[1].requests.count(("POST", "/sign-out")) == before + 1
    page.unroute_all(behavior="ignoreErrors")


def test_older_jobs_stay_in_the_list_when_new_ones_come(visit, gateway):
    tab = visit()
    for number in range(60):
        gateway[1].new("sql", f"many {number:02d}")
    page = tab.open("jobs")
    page.get_by_label("Name has").fill("many ")
    rows = page.get_by_role("link", name=re.compile("^many"))
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Older jobs").click()
    expect(rows).to_have_count(60)
    expect(page.get_by_role("button", name="Older jobs")).to_have_count(0)
    for number in range(60, 63):
        gateway[1].new("sql", f"many {number:02d}")
    expect(rows).to_have_count(63)
    names = [row.inner_text() for row in rows.all()]
    assert names == sorted(names, reverse=True) and len(set(names)) == 63
    page.get_by_label("Name has").fill("many 0")
    expect(rows).to_have_count(10)
    for name in names:
        gateway[1].jobs = {k: job for k, job in gateway[1].jobs.items() if job["name"] != name}


def test_results_that_can_not_be_read_yet_are_not_called_none(visit):
    tab = visit()
    page = tab.open("sql")
    ready(page, "sql")
    seen = []

    def answer(route):
        told = route.fetch()
        job = told.json()
        if job["state"] == "succeeded" and len(seen) < 2:
            seen.append(job.pop("results"))
        route.fulfill(response=told, json=job)

    page.route(re.compile(r"/api/v1/jobs/\w{32}$"), answer)
    tab.run("select 42")
    expect(page.get_by_text("Its results can't be read yet.")).to_be_visible()
    expect(page.get_by_role("gridcell", name="42")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_jobs_are_filtered_and_deleted(visit):
    tab = visit()
    page = tab.open("jobs")
    ready(page, "jobs")
    page.get_by_label("State").select_option("failed")
    expect(page.get_by_role("link", name="nightly report 0")).to_have_count(0)
    page.get_by_label("State").select_option("")
    page.get_by_label("Name has").fill("report 2")
    page.get_by_role("link", name="nightly report 2").click()
    expect(page.get_by_role("heading", name="nightly report 2")).to_be_focused()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    expect(page.get_by_role("link", name="nightly report 1")).to_be_visible()
    expect(page.get_by_role("link", name="nightly report 2")).to_have_count(0)
    page.goto(f"{tab.address}/ui#/jobs/{'0' * 32}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such job")


def test_the_page_is_used_by_keyboard_alone(visit):
    tab = visit()
    page = tab.open("cluster")
    ready(page, "cluster")
    page.keyboard.press("Tab")
    for _ in range(40):
        if page.evaluate("document.activeElement.textContent") == "SQL":
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="SQL")).to_be_focused()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.shadowRoot !== null"):
            break
    page.keyboard.press("Control+a")
    page.keyboard.type("select 42 as answer")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("gridcell", name="42")).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "grid":
            break
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("grid")).to_be_focused()


def test_a_deep_link_opens_its_view_at_both_addresses(visit):
    tab = visit()
    tab.open("jobs")
    tab.page.goto(f"{tab.address}/#/submit")
    expect(tab.page.get_by_role("heading", name="Submit an application")).to_be_visible()
    expect(tab.page).to_have_title("Submit – Spark appliance")
    tab.page.goto(f"{tab.address}/ui#/nowhere")
    expect(tab.page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_a_gateway_that_goes_away_is_told(visit):
    tab = visit()
    page = tab.open("cluster")
    ready(page, "cluster")
    page.route("**/api/**", lambda route: route.abort())
    expect(page.get_by_role("alert").first).to_contain_text("The gateway can't be reached. Check the network")
    page.unroute("**/api/**")
    expect(page.get_by_role("alert")).to_have_count(0, timeout=30_000)
