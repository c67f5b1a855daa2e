// What impatient people do: press twice, go back, press again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startGateway } from './gateway.mjs';
import {
  agree, arrived, challengeSolved, fill, leaveInSilence, openBrowser, receiptsOf, somebody, submit, submitButton, visit,
} from './visitor.mjs';

let browser, gateway;
before(async () => { [browser, gateway] = await Promise.all([openBrowser(), startGateway()]); });
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

async function filled(person, path = '/signup/pro') {
  const visitor = await visit(browser, gateway);
  await visitor.page.goto(gateway.url + path);
  await fill(visitor.page, person);
  await agree(visitor.page);
  await challengeSolved(visitor.page);
  return visitor;
}

test('a double click makes one account', async () => {
  const person = somebody();
  const visitor = await filled(person);
  await submitButton(visitor.page).dblclick();
  await arrived(visitor.page, gateway);
  assert.equal(await receiptsOf(person.username, gateway), 1);
  await leaveInSilence(visitor);
});

test('two posts of one form at the same moment make one account, whatever the script does', async () => {
  const person = somebody({ username: 'sluggish' });
  const visitor = await filled(person);
  const { page } = visitor;
  const before = await receiptsOf(person.username, gateway);
  // form.submit() goes past every listener; the second post ends the first on its way.
  await page.evaluate(async () => {
    const form = document.querySelector('form[method="post"]');
    form.submit();
    await new Promise((settle) => setTimeout(settle, 300));
    form.submit();
  });
  assert.equal((await arrived(page, gateway)).email, person.email);
  assert.equal(await receiptsOf(person.username, gateway), before + 1);
  await leaveInSilence(visitor);
});

test('while the studio takes its time the button says so and cannot be pressed again', async () => {
  const person = somebody({ username: 'sluggish' });
  const visitor = await filled(person);
  const { page } = visitor;
  const before = await receiptsOf(person.username, gateway);
  const posts = visitor.requests.filter((request) => request.method() === 'POST');
  assert.deepEqual(posts, []);
  const [asIs, sending] = await page.evaluate(() => {
    const button = document.querySelector('form[method="post"] button[type="submit"]');
    const told = [button.textContent];
    button.click();
    button.click();
    return [...told, { words: button.textContent, disabled: button.getAttribute('aria-disabled') }];
  });
  assert.notEqual(sending.words, asIs);
  assert.equal(sending.disabled, 'true');
  await arrived(page, gateway);
  assert.equal(visitor.requests.filter((request) => request.method() === 'POST').length, 1);
  assert.equal(await receiptsOf(person.username, gateway), before + 1);
  await leaveInSilence(visitor);
});

test('back after success: a fresh form with what was typed, and no second account', async () => {
  const person = somebody();
  const visitor = await filled(person);
  const { page } = visitor;
  await submit(page);
  await arrived(page, gateway);

  await page.goBack();
  assert.equal(await submitButton(page).getAttribute('aria-disabled'), null);
  assert.equal(await page.locator('[name="username"]').inputValue(), person.username);
  await fill(page, { password: person.password });
  await challengeSolved(page);
  await submit(page);
  await page.locator('#username-error').waitFor();
  await leaveInSilence(visitor);
});

// Chromium keeps no page that says `no-store` in its back/forward cache; other browsers do.
async function likeABrowserThatKeepsPages({ page, context }) {
  await context.grantPermissions(['local-network-access']);
  await page.route(`${gateway.url}/signup/**`, async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const response = await route.fetch();
    return route.fulfill({ response, headers: { ...response.headers(), 'cache-control': 'private' } });
  });
}

async function backFromTheCache(page) {
  await page.goBack({ waitUntil: 'commit' });
  await page.waitForFunction(() => window.isTheSame);
}

async function signedUpAndBack(person) {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await likeABrowserThatKeepsPages(visitor);
  await page.goto(`${gateway.url}/signup/pro`);
  await page.evaluate(() => { window.isTheSame = true; });
  await fill(page, person);
  await agree(page);
  await challengeSolved(page);
  const token = await page.locator('[name="cf-turnstile-response"]').inputValue();
  await submit(page);
  await arrived(page, gateway);
  const place = page.url();
  await backFromTheCache(page);
  return { visitor, page, place, token };
}

test('back to a kept page: the button works, the challenge is new, and the same form leads to the same place', async () => {
  const person = somebody();
  const { visitor, page, place, token } = await signedUpAndBack(person);
  assert.equal(await submitButton(page).getAttribute('aria-disabled'), null);
  assert.equal(await page.locator('[name="username"]').inputValue(), person.username);
  await page.waitForFunction(
    (spent) => ![spent, ''].includes(document.querySelector('[name="cf-turnstile-response"]').value), token);
  await submit(page);
  await arrived(page, gateway);
  assert.equal(page.url(), place);
  assert.equal(await receiptsOf(person.username, gateway), 1);
  await leaveInSilence(visitor);
});

test('back to a kept page, and another address: the form says it was used, and a fresh one makes the account', async () => {
  const { visitor, page } = await signedUpAndBack(somebody());
  const other = somebody();
  await fill(page, other);
  await challengeSolved(page);
  await submit(page);
  await page.getByRole('heading', { name: 'This form has already been used' }).waitFor();
  assert.equal(await page.locator('[name="email"]').inputValue(), other.email);
  assert.equal(await receiptsOf(other.username, gateway), 0);

  await fill(page, { password: other.password });
  await challengeSolved(page);
  await submit(page);
  assert.equal((await arrived(page, gateway)).email, other.email);
  await leaveInSilence(visitor);
});
