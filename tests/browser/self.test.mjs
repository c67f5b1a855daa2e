// The suite's own senses: a test that cannot fail proves nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startGateway } from './gateway.mjs';
import { openBrowser, visit } from './visitor.mjs';

let browser, gateway;
before(async () => { [browser, gateway] = await Promise.all([openBrowser(), startGateway()]); });
after(async () => {
  await browser?.close();
  await gateway?.stop();
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
    await page.waitForTimeout(200);
    assert.ok(complaints.some((complaint) => complaint.includes(words)), `${words}: ${complaints}`);
    await context.close();
  });
}
