// Every page and state: accessible in both schemes and on a small screen, light, and without third parties.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { Gateways } from './gateway.mjs';
import { faultsOf, misfitsOf } from './look.mjs';
import { Documents } from './markup.mjs';
import { STATES } from './states.mjs';
import { FLOWS, challengeSolved, leaveInSilence, openBrowser, visit } from './visitor.mjs';

/// TCP's first flight: ten segments of 1,460 bytes.
const FIRST_VIEW_BYTES = 14_600;

const SCREENS = ['light', 'dark'].flatMap((colorScheme) => [1280, 320].map((width) => ({ colorScheme, width })));

const documents = new Documents();

let browser, gateway, gateways;
before(async () => {
  gateways = new Gateways();
  [browser, gateway] = await Promise.all([openBrowser(), gateways.told({})]);
});
after(async () => {
  await browser?.close();
  await gateways.stop();
});

for (const [name, { variables, reach, complaints }] of Object.entries(STATES)) {
  test(`${name}: axe finds no fault and everything fits, light and dark, wide and narrow`, async () => {
    const its = await gateways.told(variables);
    const visitor = await visit(browser, its, { reducedMotion: 'reduce' });
    const { page } = visitor;
    const { keep } = documents.follow(page);
    await reach(page, its);
    await keep(name);
    for (const { colorScheme, width } of SCREENS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await faultsOf(page), [], `${colorScheme}, ${width} px`);
      assert.deepEqual(await misfitsOf(page), [], `${colorScheme}, ${width} px`);
    }
    // Text of twice the size on a usual screen, as browsers set it.
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    assert.deepEqual(await misfitsOf(page), [], 'at 200 % of the text');
    visitor.complaints = visitor.complaints.filter((words) => !complaints?.test(words));
    await leaveInSilence(visitor);
  });
}

test('the HTML of every page and state is valid', async () => {
  assert.equal(documents.count, Object.keys(STATES).length);
  assert.deepEqual(await documents.faults(), []);
});

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

test('in forced colours every control keeps an edge, and nothing that tells something is a background alone', async () => {
  const visitor = await visit(browser, gateway, { forcedColors: 'active' });
  const { page } = visitor;
  for (const path of ['/', '/signup/trial', '/nothing/here']) {
    await page.goto(gateway.url + path);
    const bare = await page.locator('.button, input:not([type=hidden]), select, .plan, .panel, .sheet').evaluateAll(
      (all) => all.filter((element) => {
        const { borderTopWidth, borderTopStyle, appearance } = getComputedStyle(element);
        const isDrawn = borderTopStyle !== 'none' && parseFloat(borderTopWidth) > 0;
        return !isDrawn && appearance !== 'auto' && !element.closest('.trap');
      }).map((element) => element.outerHTML.slice(0, 80)));
    assert.deepEqual(bare, [], path);
    assert.deepEqual(await faultsOf(page), [], path);
  }
  await leaveInSilence(visitor);
});

test('in forced colours the words of the plans stay one below the other', async () => {
  const visitor = await visit(browser, gateway, { forcedColors: 'active', viewport: { width: 1280, height: 800 } });
  const { page } = visitor;
  await page.goto(gateway.url);
  const [title, lead] = await Promise.all(['h1', '.lead'].map((part) => page.locator(part).boundingBox()));
  assert.equal(lead.x, title.x);
  assert.ok(lead.y >= title.y + title.height);
  await leaveInSilence(visitor);
});

for (const colorScheme of ['light', 'dark']) {
  test(`on paper, ${colorScheme}: dark words on no ground, and nothing that only a screen can do`, async () => {
    const visitor = await visit(browser, gateway, { colorScheme });
    const { page } = visitor;
    await page.emulateMedia({ media: 'print', colorScheme });
    for (const path of ['/', '/signup/trial', '/nothing/here']) {
      await page.goto(gateway.url + path);
      const wrong = await page.evaluate(() => [...document.querySelectorAll('body, body *')]
        .filter((element) => !element.closest('.cf-turnstile, .mark, noscript')).filter((element) => {
          const { color, backgroundColor, backgroundImage } = getComputedStyle(element);
          return color !== 'rgb(0, 0, 0)' || backgroundColor !== 'rgba(0, 0, 0, 0)' || backgroundImage !== 'none';
        }).map((element) => element.outerHTML.slice(0, 80)));
      assert.deepEqual(wrong, [], path);
      for (const screenOnly of ['.reveal', '.bottom nav:has([hreflang])', '.skip']) {
        assert.equal(await page.locator(screenOnly).filter({ visible: true }).count(), 0, `${screenOnly} on ${path}`);
      }
    }
    await leaveInSilence(visitor);
  });
}

test('who asks for less motion gets none', async () => {
  const visitor = await visit(browser, gateway, { reducedMotion: 'reduce' });
  const { page } = visitor;
  for (const path of ['/', '/signup/trial', '/signup/status']) {
    await page.goto(gateway.url + path);
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
      const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
      return parseFloat(transitionDuration) > 0 || animationName !== 'none' || scrollBehavior === 'smooth';
    }).map((element) => element.outerHTML.slice(0, 80)));
    assert.deepEqual(moving, [], path);
  }
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
