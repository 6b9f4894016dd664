"""What a person cannot read or press on a page of the app, as it is laid out in the browser."""

from typing import Final

from playwright.async_api import Page

_LOOK: Final = """(app) => {
  const up = (one) => one.parentElement ?? one.getRootNode().host ?? null;
  const inside = (one, box, slack = 1) => one.left >= box.left - slack && one.right <= box.right + slack;
  const leaves = [], cut = [];
  const look = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.data.trim()) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const owner = node.parentElement ?? node.getRootNode().host;
      for (const box of range.getClientRects()) keep(node.data.trim(), box, owner);
    }
    if (node.nodeType === Node.ELEMENT_NODE) {
      const style = getComputedStyle(node);
      if (style.display === 'none' || style.visibility === 'hidden' || style.clipPath !== 'none') return;
      if (['STYLE', 'SCRIPT', 'OPTION'].includes(node.tagName)) return;
      if (node.matches('input, select, textarea, svg, img')) keep(node.tagName, node.getBoundingClientRect(), node);
      if (node.tagName === 'SELECT') return;
    }
    for (const child of node.shadowRoot?.childNodes ?? []) look(child);
    for (const child of node.childNodes) look(child);
  };
  const keep = (name, box, owner) => {
    if (!box.width || !box.height) return;
    let [top, bottom] = [box.top, box.bottom];
    for (let one = owner; one; one = up(one)) {
      const around = one.getBoundingClientRect(), style = getComputedStyle(one);
      const holds = one.matches('button, label, td, article, li, main, .card') || style.overflowX !== 'visible';
      if (holds && one !== document.documentElement && !inside(box, around)) {
        const rolls = style.overflowX === 'auto' && style.overflowY === 'hidden';
        if (style.textOverflow !== 'ellipsis' && !rolls) cut.push(`${name} in ${one.tagName}`);
        return;
      }
      if (style.overflowY !== 'visible') [top, bottom] = [Math.max(top, around.top), Math.min(bottom, around.bottom)];
    }
    if (!inside(box, {left: 0, right: innerWidth})) cut.push(`${name} in the window`);
    if (bottom - top > 2) leaves.push({name, owner, left: box.left, right: box.right, top, bottom});
  };
  look(app);
  const over = [];
  for (const [place, one] of leaves.entries())
    for (const other of leaves.slice(place + 1)) {
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (wide > 2 && high > 4 && one.owner !== other.owner) over.push(`${one.name} over ${other.name}`);
    }
  return {seen: leaves.length, wrong: [...cut.map((one) => `cut off: ${one}`), ...over]};
}"""


async def misplaced(page: Page) -> list[str]:
    """What of the app is cut off at a side, and what lies over something else.

    What ends in dots, or stands in a row that can be moved sideways, is so on purpose.
    """
    found = await page.locator("bach-app").evaluate(_LOOK)
    assert found["seen"] > 5, "the page is not there"
    return list(found["wrong"])
