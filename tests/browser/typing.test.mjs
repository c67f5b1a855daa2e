// What a form says while it is being filled in.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startGateway } from './gateway.mjs';
import { fill, leaveInSilence, openBrowser, somebody, visit } from './visitor.mjs';

let browser, gateway;
before(async () => { [browser, gateway] = await Promise.all([openBrowser(), startGateway()]); });
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

/// What the meter says of a password, by its number.
async function strengthOf(page, password) {
  await page.locator('[name=password]').fill('');
  await page.clock.runFor(500);
  await page.locator('[name=password]').fill(password);
  await page.clock.runFor(500);
  return Number(await page.locator('.strength').getAttribute('data-level'));
}

test('walks over the keyboard, sequences and own words are easy to guess, unrelated words are not', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.clock.install();
  await page.goto(`${gateway.url}/signup/pro`);
  await fill(page, { name: 'Augusta Kingbird' });
  for (const [password, least, most] of [
    ['1q2w3e4r5t6y', 0, 0],
    ['qazwsxedc', 0, 0],
    ['1qaz2wsx3edc', 0, 0],
    ['zaq12wsxcde3', 0, 0],
    ['abcdefghijkl', 0, 0],
    ['augustakingbird', 0, 0],
    ['brass cogs', 0, 1],
    ['seven herons wade', 2, 3],
    ['were we there yesterday', 2, 3],
    ['brass cogs & 12 punched cards', 3, 3],
    ['x9#Tz!4mQ&7w', 2, 3],
  ]) {
    const level = await strengthOf(page, password);
    assert.ok(level >= least && level <= most, `${password}: ${level}`);
  }
  await leaveInSilence(visitor);
});

test('a password counts for as much while it is shown', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.clock.install();
  await page.goto(`${gateway.url}/signup/pro`);
  const { password } = somebody();
  assert.equal(await strengthOf(page, password), 3);
  await page.locator('.reveal').click();
  assert.equal(await page.locator('[name=password]').getAttribute('type'), 'text');
  assert.equal(await strengthOf(page, password), 3);
  // At once, not when somebody types on.
  await page.locator('[name=password]').fill('seven');
  await page.locator('.reveal').click();
  assert.equal(await page.locator('.strength').getAttribute('data-level'), '0');
  await leaveInSilence(visitor);
});

test('a username that cannot be is told below its field before anything is sent', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.goto(`${gateway.url}/signup/pro`);
  const field = page.locator('[name=username]');
  const rule = await page.locator('#username-hint').textContent();
  const line = page.locator('#username + .help');
  const place = 'Username must not begin or end with a dot or underscore, or have two of them in a row';
  for (const [said, names] of [
    [rule, ['abc', '.a', 'ada lovelace', 'adä.lovelace', 'ada..lövelace', 'a'.repeat(31)]],
    [place, ['ada..lovelace', 'ada._lovelace', '.ada', '_ada', 'ada_', 'ada.', '____']],
    ['', ['ada.lovelace', '  ada-lovelace ', '-ada-', 'A_d.9', 'a'.repeat(30), '']],
  ]) {
    for (const typed of names) {
      await field.fill(typed);
      await field.blur();
      assert.equal(await line.textContent(), said, typed);
    }
  }
  await leaveInSilence(visitor);
});
