from pathlib import Path
from switchgear.report import compose, to_html, to_markdown


def test_x(evidence, findings, browser):
    d = compose(evidence, findings)
    Path("/tmp/chr/r.html").write_text(to_html(d))
    Path("/tmp/chr/r.md").write_text(to_markdown(d))
    p = browser.page()
    p.open("file:///tmp/chr/r.html")
    print(p.errors, p.requests)
    p.view(1200, 1500)
    p.screenshot(Path("/tmp/chr/r.png"))
    p.view(1200, 1200, dark=True)
    p.evaluate("document.getElementById('baseline-and-incident').scrollIntoView()")
    p.screenshot(Path("/tmp/chr/r2.png"))
    p.evaluate("document.getElementById('transactions').scrollIntoView()")
    p.screenshot(Path("/tmp/chr/r3.png"))
