// The suite's own senses: a test that cannot fail proves nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startGateway } from './gateway.mjs';
import { faultsOf, misfitsOf } from './look.mjs';
import { Documents } from './markup.mjs';
import { openBrowser, visit } from './visitor.mjs';

let browser, gateway;
before(async () => { [browser, gateway] = await Promise.all([openBrowser(), startGateway()]); });
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

test('a box that does not fit does not go unseen', async () => {
  const { page, context } = await visit(browser, gateway);
  await page.goto(gateway.url);
  assert.deepEqual(await misfitsOf(page), []);
  await page.locator('h2').first().evaluate((heading) => { heading.textContent = 'x'.repeat(20); heading.style.whiteSpace = 'nowrap'; });
  await page.setViewportSize({ width: 320, height: 800 });
  await page.locator('h2').first().evaluate((heading) => { heading.style.fontSize = '3rem'; });
  const misfits = await misfitsOf(page);
  assert.ok(misfits.some((line) => line.includes('plan')), misfits.join());
  await context.close();
});

test('a fault of accessibility, and one of the HTML, do not go unseen', async () => {
  const { page, context } = await visit(browser, gateway);
  const documents = new Documents();
  const { keep } = documents.follow(page);
  await page.route(gateway.url, async (route) => {
    const response = await route.fetch();
    const html = (await response.text()).replace('</main>', '<img src="/static/x.png"><p><div></p></main>');
    await route.fulfill({ response, body: html });
  });
  await page.goto(gateway.url);
  await keep('the plans');
  assert.ok((await faultsOf(page)).some((line) => line.startsWith('image-alt')));
  assert.ok((await documents.faults()).some((line) => line.includes('No “p” element in scope')));
  await context.close();
});

for (const [what, trouble, words] of [
  ['an inline style', () => { document.body.setAttribute('style', 'color: red'); }, 'style-src-attr'],
  ['an inline script', () => {
    document.body.append(Object.assign(document.createElement('div'), { innerHTML: '<i onclick="0"></i>' }));
  }, 'script-src-attr'],
  ['a foreign image', () => { new Image().src = 'http://127.0.0.1:9/pixel.gif'; }, 'img-src'],
  ['a foreign request', () => fetch('http://127.0.0.1:9/').catch(() => {}), 'connect-src'],
  ['an error in a script', () => { setTimeout(() => { throw new Error('oops'); }); }, 'oops'],
  ['a missing asset', () => fetch('/static/0000000000000000/app.css'), '404'],
]) {
  test(`${what} does not go unseen`, async () => {
    const { page, context, complaints } = await visit(browser, gateway);
    await page.goto(gateway.url);
    assert.deepEqual(complaints, []);
    await page.evaluate(trouble);
    const deadline = Date.now() + 10_000;
    while (!complaints.some((complaint) => complaint.includes(words)) && Date.now() < deadline) {
      await page.waitForTimeout(20);
    }
    assert.ok(complaints.some((complaint) => complaint.includes(words)), `${words}: ${complaints}`);
    await context.close();
  });
}
