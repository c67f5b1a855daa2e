// Takes pictures, to be looked at.
//
//   node tests/browser/screenshots.mjs FOLDER [LANGUAGE]   every page and state, whole, at three widths, light and dark
//   node tests/browser/screenshots.mjs --readme            those that the README shows, small (needs Debian's pngquant)

import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Gateways } from './gateway.mjs';
import { STATES } from './states.mjs';
import { openBrowser, visit } from './visitor.mjs';

const WIDTHS = { 1280: 800, 768: 1024, 390: 844, 320: 640 };

const README = {
  plans: [[1280, 'light']],
  'trial form with two mistakes': [[1280, 'light']],
  'pro form': [[1280, 'dark'], [390, 'light']],
  'status of “unpaid”': [[390, 'dark']],
};

const EVERY = [1280, 768, 320].flatMap((width) => ['light', 'dark'].map((colorScheme) => [width, colorScheme]));

const [first, locale = 'en'] = process.argv.slice(2);
const forReadme = first === '--readme';
const folder = forReadme ? fileURLToPath(new URL('screenshots', import.meta.url)) : first;
if (!folder) throw new Error('name a folder');
mkdirSync(folder, { recursive: true });

const gateways = new Gateways();
const browser = await openBrowser();
try {
  for (const [name, { variables, reach }] of Object.entries(STATES)) {
    const views = forReadme ? README[name] : EVERY;
    if (!views) continue;
    const gateway = await gateways.told(variables);
    const { page, context } = await visit(browser, gateway, { locale, reducedMotion: 'reduce' });
    await reach(page, gateway);
    for (const [width, colorScheme] of views) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: WIDTHS[width] });
      const path = resolve(folder, `${name.replaceAll(/[^\w-]+/g, '-').replace(/-$/, '')}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: !forReadme, caret: 'hide' });
      if (forReadme) execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', path, '64', path]);
      console.log(`${path}: ${Math.round(statSync(path).size / 1024)} KiB`);
    }
    await context.close();
  }
} finally {
  await browser.close();
  await gateways.stop();
}
