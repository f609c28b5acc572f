"""Draws QR codes as part of a page: a secret's picture has no address of its own (P9). The door to segno."""

from io import BytesIO

from markupsafe import Markup


def qr_svg(text: str, title: str) -> Markup:
    """An inline SVG of the text, dark on light whatever the page's colours, called `title` for screen readers."""
    import segno  # noqa: PLC0415  loaded where it is needed: it would slow every start

    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4, light="#ffffff", dark="#000000",
        title=title, svgclass="qr", lineclass=None)
    return Markup(drawn.getvalue().decode())  # noqa: S704  segno escapes the title; the rest are numbers
