// What a visitor sees when their browser, or the studio, does less than we hoped for.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startGateway } from './gateway.mjs';
import {
  FLOWS, agree, arrived, challengeSolved, fill, leaveInSilence, openBrowser, somebody, submit, visit,
} from './visitor.mjs';

let browser, gateway;
before(async () => { [browser, gateway] = await Promise.all([openBrowser(), startGateway()]); });
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

for (const flow of Object.values(FLOWS)) {
  test(`${flow.slug}: without script the form says what is needed, and errors come back with the answers`, async () => {
    const visitor = await visit(browser, gateway, { javaScriptEnabled: false });
    const { page } = visitor;
    const person = somebody();
    await page.goto(`${gateway.url}/signup/${flow.slug}?utm_source=ad`);
    const sentence = page.locator('.challenge noscript p');
    assert.match(await sentence.innerText(), /needs JavaScript/);
    assert.ok(await sentence.isVisible());
    await page.locator('[name="name"]').fill(person.name);
    await page.locator('[name="username"]').fill('a');
    await page.locator('[name="email"]').fill('no address');
    await page.locator('[name="jobTitle"]').fill('Engineer');
    await submit(page);
    await page.locator('#error-summary').waitFor();
    assert.equal(new URL(page.url()).search, '?utm_source=ad');
    const kept = { name: person.name, username: 'a', email: 'no address', jobTitle: 'Engineer' };
    for (const [name, value] of Object.entries(kept)) {
      assert.equal(await page.locator(`[name="${name}"]`).inputValue(), value);
    }

    await page.locator('[name="username"]').fill(person.username);
    await page.locator('[name="email"]').fill(person.email);
    await page.locator('[name="password"]').fill(person.password);
    await agree(page);
    await submit(page);
    await page.locator('#cf-turnstile-response-error').waitFor();
    const links = page.locator('#error-summary a');
    assert.deepEqual(await links.evaluateAll((all) => all.map((link) => link.hash)), ['#cf-turnstile-response']);
    assert.equal(await page.locator('[name="email"]').inputValue(), person.email);
    await leaveInSilence(visitor);
  });
}

test('a blocked challenge script: a sentence helps, the answers survive, and it goes on once unblocked', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const person = somebody();
  await page.route(gateway.challengeScript, (route) => route.abort('blockedbyclient'));
  await page.goto(`${gateway.url}/signup/trial`);
  await page.getByText('The security check did not load').waitFor();
  await fill(page, person);
  await agree(page);
  await submit(page);
  await page.locator('#cf-turnstile-response-error').waitFor();
  assert.equal(await page.locator('[name="email"]').inputValue(), person.email);
  await page.getByText('The security check did not load').waitFor();

  await page.unroute(gateway.challengeScript);
  await fill(page, { password: person.password });
  await submit(page);
  await page.locator('#cf-turnstile-response-error').waitFor();
  await challengeSolved(page);
  await fill(page, { password: person.password });
  await submit(page);
  assert.equal((await arrived(page, gateway)).email, person.email);
  visitor.complaints = visitor.complaints.filter((words) => !words.includes('ERR_BLOCKED_BY_CLIENT'));
  await leaveInSilence(visitor);
});

test('a challenge that fails: a sentence helps, and a press gets an answer', async () => {
  const failing = await startGateway({ SIGNUP__TURNSTILE__SITE_KEY: '2x00000000000000000000AB' });
  try {
    const visitor = await visit(browser, failing);
    const { page } = visitor;
    const person = somebody();
    await page.goto(`${failing.url}/signup/pro`);
    await page.getByText('The security check did not work').waitFor();
    await fill(page, person);
    await agree(page);
    await submit(page);
    await page.locator('#cf-turnstile-response-error').waitFor();
    assert.equal(await page.locator('[name="email"]').inputValue(), person.email);
    await leaveInSilence(visitor);
  } finally {
    await failing.stop();
  }
});

test('a challenge script that never comes: after a while a sentence helps', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.clock.install();
  await page.route(gateway.challengeScript, () => {});
  await page.goto(`${gateway.url}/signup/pro`, { waitUntil: 'commit' });
  await page.locator('form[method="post"]').waitFor();
  await page.route(gateway.challengeScript, (route) => route.continue());
  // A deferred script before it has run, and this one waits for no other.
  await page.waitForFunction(() => typeof window.challengeFailed === 'function');
  await page.clock.fastForward(11_000);
  await page.getByText('The security check did not load').waitFor();
  await visitor.context.close();
});

/// A visit to a form whose challenge has run out of time.
async function afterItsTime(prepare) {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  // So long ago that the second token is of now: the gateway looks at its age.
  await page.clock.install({ time: Date.now() - 305_000 });
  await prepare?.(page);
  await page.goto(`${gateway.url}/signup/pro`);
  await page.clock.runFor(2_000);
  await challengeSolved(page);
  await page.evaluate(() => {
    window.helped = [];
    const box = document.querySelector('.challenge .help');
    new MutationObserver(() => window.helped.push(box.textContent)).observe(box, { childList: true });
  });
  await page.clock.runFor(300_000);
  return visitor;
}

test('a challenge script that comes after all is waited for again', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const person = somebody();
  let comes;
  const isReleased = new Promise((settle) => { comes = settle; });
  await page.clock.install();
  await page.route(gateway.challengeScript, async (route) => {
    await isReleased;
    await route.continue();
  });
  await page.goto(`${gateway.url}/signup/pro`, { waitUntil: 'commit' });
  await page.waitForFunction(() => typeof window.challengeFailed === 'function');
  await page.clock.fastForward(11_000);
  await page.getByText('The security check did not load').waitFor();
  comes();
  await page.waitForFunction(() => !document.querySelector('.challenge .help').textContent);
  await fill(page, person);
  await agree(page);
  await submit(page);
  await page.clock.runFor(2_000);
  assert.equal((await arrived(page, gateway)).email, person.email);
  await leaveInSilence(visitor);
});

test('a challenge that runs out of time and renews itself alarms nobody, and the sign-up goes through', async () => {
  const visitor = await afterItsTime();
  const { page } = visitor;
  const person = somebody();
  await page.clock.runFor(5_000);
  await challengeSolved(page);
  assert.deepEqual((await page.evaluate(() => window.helped)).filter(Boolean), []);
  await fill(page, person);
  await agree(page);
  await submit(page);
  assert.equal((await arrived(page, gateway)).email, person.email);
  await leaveInSilence(visitor);
});

test('a challenge that runs out of time for good says so, until it is solved again', async () => {
  const visitor = await afterItsTime((page) => page.addInitScript(() => {
    document.addEventListener('readystatechange', () => {
      const widget = document.querySelector('.cf-turnstile');
      if (widget) widget.dataset.refreshExpired = 'manual';
    });
  }));
  const { page } = visitor;
  const help = page.locator('.challenge .help');
  await page.clock.runFor(5_000);
  assert.match(await help.textContent(), /ran out of time/);
  await page.evaluate(() => window.turnstile.reset());
  await page.clock.runFor(2_000);
  await challengeSolved(page);
  assert.equal(await help.textContent(), '', 'solved again, there is nothing to say');
  await leaveInSilence(visitor);
});

test('a browser that the challenge does not support is told so, and a press still gets an answer', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const person = somebody();
  await page.route(gateway.challengeScript, (route) => route.fulfill({
    contentType: 'text/javascript',
    body: "window.turnstile = {}; window[document.querySelector('.cf-turnstile').dataset.unsupportedCallback]();",
  }));
  await page.goto(`${gateway.url}/signup/pro`);
  await page.getByText('Your browser is too old for the security check').waitFor();
  await fill(page, person);
  await agree(page);
  await submit(page);
  await page.locator('#cf-turnstile-response-error').waitFor();
  assert.equal(await page.locator('[name="email"]').inputValue(), person.email);
  await leaveInSilence(visitor);
});

for (const [username, status, words] of [
  ['down', 503, 'No account was created'],
  ['broken', 502, 'could not be created'],
  ['garbage', 502, 'may have been created'],
  ['refused', 422, 'Sign-ups from your organization are closed'],
  ['exists', 422, 'may have an account already'],
]) {
  test(`the studio is “${username}”: a notice has the focus, and the answers are still there`, async () => {
    const visitor = await visit(browser, gateway);
    const { page } = visitor;
    const person = somebody({ username });
    await page.goto(`${gateway.url}/signup/pro`);
    await fill(page, person);
    await agree(page);
    await challengeSolved(page);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'), submit(page),
    ]);
    assert.equal(answer.status(), status);
    const notice = page.locator('#notice');
    await notice.waitFor();
    assert.ok((await notice.textContent()).includes(words), await notice.textContent());
    assert.equal(await notice.evaluate((element) => element === document.activeElement), true);
    assert.equal(await page.locator('[name="email"]').inputValue(), person.email);
    await leaveInSilence(visitor);
  });
}

test('a redirect to a foreign origin is not followed: the visitor ends at the status page', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.goto(`${gateway.url}/signup/pro`);
  await fill(page, somebody({ username: 'foreign' }));
  await agree(page);
  await challengeSolved(page);
  await submit(page);
  await page.waitForURL(`${gateway.url}/signup/status`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.ok(visitor.requests.every((request) => !request.url().includes('evil.example')));
  await leaveInSilence(visitor);
});

test('an activation code fills the form, and neither address nor page tell it', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.goto(`${gateway.url}/signup/pro?activationCode=welcome&utm_source=partner`);
  assert.ok(!page.url().includes('activationCode'));
  assert.equal(new URL(page.url()).searchParams.get('utm_source'), 'partner');
  assert.equal(await page.locator('[name="username"]').inputValue(), 'robin.meyer');
  assert.equal(await page.locator('[name="companyName"]').inputValue(), 'ACME Instruments');
  assert.ok(!(await page.content()).includes('activationCode'));
  await leaveInSilence(visitor);
});

test('the status page follows the account by itself', async () => {
  const visitor = await visit(browser, gateway);
  const { page, context } = visitor;
  await page.goto(`${gateway.url}/signup/trial`);
  await fill(page, somebody());
  await agree(page);
  await challengeSolved(page);
  await submit(page);
  await arrived(page, gateway);
  const studio = page;
  const status = await context.newPage();
  await status.goto(`${gateway.url}/signup/status`);
  await status.getByRole('heading', { name: 'Confirm your email address' }).waitFor();
  await status.getByRole('link', { name: 'Check again' }).focus();
  await studio.getByRole('button', { name: 'Confirm the e-mail address' }).click();
  await status.getByRole('heading', { name: 'Your trial is running' }).waitFor({ timeout: 15_000 });
  assert.equal(
    await status.evaluate(() => document.activeElement.localName), 'h1',
    'the link is gone, so who was there hears what has changed',
  );
  await leaveInSilence(visitor);
});
