// Every page and state: accessible in both schemes and on a small screen, light, and without third parties.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { startGateway } from './gateway.mjs';
import {
  FLOWS, agree, arrived, challengeSolved, fill, leaveInSilence, openBrowser, somebody, submit, visit,
} from './visitor.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/// TCP's first flight: ten segments of 1,460 bytes.
const FIRST_VIEW_BYTES = 14_600;

const SCREENS = ['light', 'dark'].flatMap((colorScheme) => [1280, 320].map((width) => ({ colorScheme, width })));

/// How each page is reached.
const PAGES = {
  'the plans': (page, { url }) => page.goto(url),
  ...Object.fromEntries(Object.values(FLOWS).flatMap((flow) => [
    [`the ${flow.slug} form`, async (page, { url }) => {
      await page.goto(`${url}/signup/${flow.slug}`);
      await challengeSolved(page);
    }],
    [`the ${flow.slug} form with errors`, async (page, { url }) => {
      await page.goto(`${url}/signup/${flow.slug}`);
      await challengeSolved(page);
      await submit(page);
      await page.locator('#error-summary').waitFor();
      await challengeSolved(page);
    }],
  ])),
  'the form with a notice': async (page, { url }) => {
    await page.goto(`${url}/signup/pro`);
    await fill(page, somebody({ username: 'vague' }));
    await agree(page);
    await challengeSolved(page);
    await submit(page);
    await page.locator('#notice').waitFor();
    await challengeSolved(page);
  },
  'the status of nobody': (page, { url }) => page.goto(`${url}/signup/status`),
  ...Object.fromEntries(['unconfirmed', 'unpaid', 'trialing', 'suspended'].map((username) => [
    `the status of the account “${username}”`, async (page, gateway) => {
      await page.goto(`${gateway.url}/signup/pro`);
      await fill(page, somebody({ username }));
      await agree(page);
      await challengeSolved(page);
      await submit(page);
      await arrived(page, gateway);
      await page.goto(`${gateway.url}/signup/status`);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
  ])),
  'an account that is active already': (page, { url }) => page.goto(`${url}/signup/pro?activationCode=active`),
  'no such page': (page, { url }) => page.goto(`${url}/nothing/here`),
};

let browser, gateway;
before(async () => {
  // Every visitor here has the same address.
  const generous = { SIGNUP__RATE_LIMIT__CLIENT__BURST: '1000' };
  [browser, gateway] = await Promise.all([openBrowser(), startGateway(generous)]);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

for (const [name, reach] of Object.entries(PAGES)) {
  test(`${name}: axe finds no fault and it fits the screen, light and dark, wide and narrow`, async () => {
    const visitor = await visit(browser, gateway, { reducedMotion: 'reduce' });
    const { page } = visitor;
    await reach(page, gateway);
    for (const { colorScheme, width } of SCREENS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await faultsOf(page), [], `${colorScheme}, ${width} px`);
      const content = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(content <= width, `${colorScheme}: ${content} px wide on a screen of ${width} px`);
    }
    await leaveInSilence(visitor);
  });
}

test('the first view of the trial form fits the first flight of a connection', async () => {
  const html = await bytesOf('/signup/trial', 'identity');
  assert.equal(html.encoding, undefined);
  const text = html.body.toString();
  const parts = { html: gzipSync(html.body, { level: 6 }).length };
  const assets = [...text.matchAll(/(?:href|src)="(\/static\/[^"]+\.(?:css|js))"/g)].map(([, path]) => path);
  assert.ok(assets.length >= 2, 'a style sheet and a script');
  for (const path of assets) {
    const asset = await bytesOf(path, 'br');
    assert.equal(asset.encoding, 'br', path);
    parts[path.split('/').pop()] = asset.body.length;
  }
  const sum = Object.values(parts).reduce((one, other) => one + other, 0);
  console.log(`first view: ${sum} of ${FIRST_VIEW_BYTES} bytes ${JSON.stringify(parts)}`);
  assert.ok(sum <= FIRST_VIEW_BYTES, `${sum} bytes: ${JSON.stringify(parts)}`);
});

test('no page asks anybody but us, and the challenge script of a form', async () => {
  const visitor = await visit(browser, gateway);
  const { page, requests } = visitor;
  for (const path of ['/', '/signup/pro', '/signup/trial', '/signup/status', '/nothing/here']) {
    await page.goto(gateway.url + path, { waitUntil: 'networkidle' });
  }
  const others = new Set(requests.map((request) => request.url()).filter((url) => !visitor.isOurs(url)));
  assert.deepEqual([...others], [gateway.challengeScript]);
  const cookies = await visitor.context.cookies();
  assert.deepEqual(cookies, [], 'and none sets a cookie before a sign-up succeeds');
  await leaveInSilence(visitor);
});

test('nothing moves when the challenge appears', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.addInitScript(() => {
    window.moved = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.moved.push(entry.value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  for (const flow of Object.values(FLOWS)) {
    await page.goto(`${gateway.url}/signup/${flow.slug}`);
    await challengeSolved(page);
    // Layout shifts are told a frame later.
    await page.evaluate(() => new Promise((settle) => requestAnimationFrame(() => setTimeout(settle, 50))));
    const moved = await page.evaluate(() => window.moved.reduce((sum, value) => sum + value, 0));
    assert.ok(moved < 0.01, `${flow.slug}: ${moved}`);
  }
  await leaveInSilence(visitor);
});

async function faultsOf(page) {
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  assert.ok(passes.length > 10, 'axe looked at the page');
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target} ${node.html}`));
}

function bytesOf(path, encoding) {
  return new Promise((settle, fail) => {
    get(gateway.url + path, { headers: { 'accept-encoding': encoding } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', fail);
      answer.on('end', () => settle({ body: Buffer.concat(parts), encoding: answer.headers['content-encoding'] }));
    }).on('error', fail);
  });
}
