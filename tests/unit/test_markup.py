"""Shorter pages: a browser builds the same page from them, and addresses lead to the same place."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from reports.site.markup import nearer, shorter


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ('<p class="fine">A word.</p>\n<h2>Head</h2>', "<p class=fine>A word.<h2>Head</h2>"),
        (
            "<p>A <b>bold</b>\n<i>word</i></p><span>x</span>",
            "<p>A <b>bold</b>\n<i>word</i></p><span>x</span>",
        ),
        ("<ul>\n  <li>one</li>\n  <li>two</li>\n</ul>", "<ul><li>one<li>two</ul>"),
        ('<i style="flex:2;--n:3"></i>', "<i style=flex:2;--n:3></i>"),
        ('<a href="x.html#a=b" title="a b">c</a>', '<a href="x.html#a=b" title="a b">c</a>'),
        ('<circle r="3"/>', '<circle r="3"/>'),
        ("<p>Côte d&#39;Ivoire, &#34;so&#34;", '<p>Côte d\'Ivoire, "so"'),
        ('<i title="d&#39;un &#34;mot&#34;">x</i>', '<i title="d\'un &#34;mot&#34;">x</i>'),
        ('<i title="d&#39;un">x</i>', '<i title="d\'un">x</i>'),
        ("<pre><code>one\ntwo\n</code></pre>", "<pre><code>one\ntwo\n</code></pre>"),
    ],
)
def test_what_a_page_can_do_without_is_left_out_and_nothing_else(long: str, short: str) -> None:
    assert shorter(long) == short + "\n"


@pytest.mark.parametrize(
    ("page", "folder", "up", "home", "link"),
    [
        ("fr/area/KEN.html", "area/", "../", "../../fr/", "../../fr/area/FRA.html"),
        ("fr/area/KEN.html", "area/", "../", "../../fr/", "../../es/area/KEN.html"),
        ("fr/area/KEN.html", "area/", "../", "../../fr/", "../indicator/gini.html"),
        ("area/KEN.html", "area/", "../", "../", "../area/M49-001.html#members"),
        ("fr/index.html", "", "", "../fr/", "../fr/areas.html"),
        ("index.html", "", "", "", "fr/index.html"),
    ],
)
def test_a_nearer_address_leads_to_the_same_page(
    page: str, folder: str, up: str, home: str, link: str
) -> None:
    result = nearer(f'<a href="{link}">', folder, up, home).removeprefix('<a href="').removesuffix('">')
    assert urljoin(f"http://x/{page}", result) == urljoin(f"http://x/{page}", link)
    assert len(result) <= len(link)
