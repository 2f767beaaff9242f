"""Makes a page shorter without a change to what a browser builds from it.

HTML allows omitting many end tags and quotes, and drops white space between blocks. What a page says is in
pages.py and the templates.
"""

from __future__ import annotations

import re

BLANK = re.compile(r"\n[ \t\n]*\n|\n[ \t]+")
BLOCKS = (
    "head|title|meta|link|script|body|header|nav|main|footer|section|aside|h[1-6]|p|ul|ol|li|dl|dt|dd|div|form|"
    "figure|table|caption|thead|tbody|tr|th|td"
)
# Tags that end a paragraph before them.
ENDING = ("p", "h1", "h2", "h3", "ul", "dl", "table", "section", "div", "figure", "form", "nav")
# White space after the start of a block and around its end is not drawn.
BETWEEN = re.compile(rf"\n(?=</?(?:{BLOCKS})[\s>])|(<(?:{BLOCKS})(?: [^<>]*)?>)\n")
# Tags that HTML allows to omit: a twentieth of all pages, in three languages. Header cells that come first in
# a row of values, or in a row of headers, need no scope.
UNNEEDED = re.compile(
    r"</(?:li|td|th|tr|dt|dd|option|tbody|thead|body|html)>|</?head>|(?<=<th) scope=\"(?:row|col)\""
    rf"|</p>(?=<(?:{'|'.join(ENDING)})[\s>]|</(?:section|div|main|footer|aside|figure)>)"
)
# Quotes around a value that needs none: another thirtieth. A value before /> keeps them.
TAG, QUOTED = re.compile(r"<[a-z][^<>]*>"), re.compile(r'="([^\s"\'=<>`]+)"(?=[\s>])')


def shorter(html: str) -> str:
    """Return the page in fewer bytes. html: attributes in quotation marks, end tags written."""
    html = html.replace(' xmlns="http://www.w3.org/2000/svg"', "")  # HTML knows what svg is
    html = UNNEEDED.sub("", BETWEEN.sub(r"\1", BLANK.sub("\n", html)).replace("&#39;", "'"))
    parts, at = [], 0
    for tag in TAG.finditer(html):
        parts += [html[at : tag.start()].replace("&#34;", '"'), QUOTED.sub(r"=\1", tag[0])]
        at = tag.end()
    return "".join((*parts, html[at:].replace("&#34;", '"'))).strip() + "\n"


def nearer(html: str, folder: str, up: str, home: str) -> str:
    """Write addresses in a page's own folder without the way up and down again.

    folder: of the page below its language's, with its slash; up: way to the language's folder; home: way to
    the language's folder by way of the site's.
    """
    html = html.replace(f'="{home}', f'="{up}') if home != up else html
    return html.replace(f'="{up}{folder}', '="') if folder else html
