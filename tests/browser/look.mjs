// What a critical eye sees on a page: faults of accessibility, and what does not fit.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/// What axe finds, one line each.
export async function faultsOf(page) {
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), RULES);
  assert.ok(passes.length > 8, 'axe looked at the page');
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target} ${node.html}`));
}

/// What is wider than the screen, or sticks out of its own box. The challenge is never narrower than 300 px and may
/// reach into the margin of a small screen.
export const misfitsOf = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const tooWide = scrollWidth > clientWidth ? [`the page: ${scrollWidth} of ${clientWidth} px`] : [];
  const isMeant = (element) => element.matches('.unseen, .trap, .skip, input, select, option')
    || element.matches('.cf-turnstile, .cf-turnstile *') || element.querySelector('.cf-turnstile');
  const name = (element) => `${element.localName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`;
  const sticksOut = [...document.querySelectorAll('body *')]
    .filter((element) => element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1 && !isMeant(element))
    .map((element) => `${name(element)}: ${element.scrollWidth} of ${element.clientWidth} px`);
  return [...tooWide, ...sticksOut];
});
