// Takes pictures of the main states, to be looked at.
//
//   node tests/browser/screenshots.mjs FOLDER      every state, whole pages, at two widths, light and dark
//   node tests/browser/screenshots.mjs --readme    those that the README shows, small (needs Debian's pngquant)

import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startGateway } from './gateway.mjs';
import { FLOWS, agree, arrived, challengeSolved, fill, openBrowser, submit, visit } from './visitor.mjs';

const README = [
  'plans-1280-light.png', 'trial-errors-1280-light.png', 'pro-1280-dark.png', 'pro-390-light.png', 'status-390-dark.png',
];

const forReadme = process.argv[2] === '--readme';
const folder = forReadme ? fileURLToPath(new URL('screenshots', import.meta.url)) : process.argv[2];
if (!folder) throw new Error('name a folder');
mkdirSync(folder, { recursive: true });

const PERSON = {
  name: 'Ada Lovelace', username: 'ada.lovelace', email: 'ada@analytical-engines.com', password: 'brass cogs & punched cards',
};

const STATES = {
  plans: (page, { url }) => page.goto(url),
  pro: async (page, { url }) => {
    await page.goto(`${url}/signup/pro`);
    await challengeSolved(page);
  },
  'trial-errors': async (page, { url }) => {
    await page.goto(`${url}/signup/trial`);
    await fill(page, { ...PERSON, ...FLOWS.trial.further, username: 'ada..lovelace', email: 'ada@gmail.com' });
    await submit(page);
    await page.locator('#error-summary').waitFor();
    await challengeSolved(page);
  },
  status: async (page, gateway) => {
    await page.goto(`${gateway.url}/signup/pro`);
    await fill(page, { ...PERSON, username: 'unpaid', email: `ada.${Date.now()}@analytical-engines.com` });
    await agree(page);
    await challengeSolved(page);
    await submit(page);
    await arrived(page, gateway);
    await page.goto(`${gateway.url}/signup/status`);
  },
};

const [browser, gateway] = await Promise.all([openBrowser(), startGateway()]);
try {
  for (const [name, reach] of Object.entries(STATES)) {
    for (const colorScheme of ['light', 'dark']) {
      for (const [width, height] of [[1280, 800], [390, 844]]) {
        const picture = `${name}-${width}-${colorScheme}.png`;
        if (forReadme && !README.includes(picture)) continue;
        const { page, context } = await visit(browser, gateway, {
          colorScheme, viewport: { width, height }, reducedMotion: 'reduce',
        });
        await reach(page, gateway);
        const path = resolve(folder, picture);
        await page.screenshot({ path, fullPage: !forReadme, caret: 'hide' });
        if (forReadme) execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', path, '64', path]);
        console.log(`${path}: ${Math.round(statSync(path).size / 1024)} KiB`);
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await gateway.stop();
}
