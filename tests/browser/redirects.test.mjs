// Where a sign-up leads: to another origin, and on from there, as far as the policy names it.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { Gateways } from './gateway.mjs';
import { agree, challengeSolved, fill, leaveInSilence, openBrowser, somebody, submit, visit } from './visitor.mjs';

/// A server on a port of its own, and so another origin.
async function origin(answer) {
  const server = createServer(answer);
  await new Promise((settle) => server.listen(0, '127.0.0.1', settle));
  return { url: `http://127.0.0.1:${server.address().port}`, server };
}

let browser, gateways, payment, studio;
before(async () => {
  gateways = new Gateways();
  payment = await origin((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Payment</title><link rel="icon" href="data:,"><h1>Payment</h1>');
  });
  studio = await origin((request, response) => response.writeHead(302, { location: `${payment.url}${request.url}` }).end());
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await gateways.stop();
  for (const { server } of [payment, studio]) {
    server.closeAllConnections();
    server.close();
  }
});

async function signUp(variables) {
  const gateway = await gateways.told({ SIGNUP__REDIRECT__DEFAULT_ORIGIN: studio.url, ...variables });
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.goto(`${gateway.url}/signup/pro?utm_source=ad`);
  await fill(page, somebody());
  await agree(page);
  await challengeSolved(page);
  await submit(page);
  return visitor;
}

test('a redirect to another origin that leads on to a second allowed one arrives', async () => {
  const visitor = await signUp({ SIGNUP__REDIRECT__HOP_ORIGINS: payment.url });
  await visitor.page.waitForURL(`${payment.url}/**`);
  await visitor.page.getByRole('heading', { name: 'Payment' }).waitFor();
  assert.equal(new URL(visitor.page.url()).searchParams.get('utm_source'), 'ad');
  await leaveInSilence(visitor);
});

test('a second origin that nobody allowed is where the browser stops', async () => {
  const visitor = await signUp({});
  const { context, complaints } = visitor;
  const deadline = Date.now() + 10_000;
  while (!complaints.some((words) => /form-action/.test(words))) {
    assert.ok(Date.now() < deadline, `the policy stopped nothing: ${complaints}`);
    await new Promise((settle) => setTimeout(settle, 50));
  }
  assert.ok(!visitor.page.url().startsWith(payment.url), visitor.page.url());
  await context.close();
});
