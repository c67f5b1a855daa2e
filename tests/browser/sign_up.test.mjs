// The main job: a visitor comes by a link, picks a plan, fills the form, and lands in the studio with everything sent.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startGateway } from './gateway.mjs';
import {
  FLOWS, agree, arrived, challengeSolved, fill, leaveInSilence, openBrowser, receiptsOf, somebody, submit, submitButton,
  visit,
} from './visitor.mjs';

const CAMPAIGN = 'utm_source=newsletter&utm_medium=email&utm_campaign=spring%20%26%20sensors&gclid=Cj0K-x_1';

let browser, gateway;
before(async () => { [browser, gateway] = await Promise.all([openBrowser(), startGateway()]); });
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

for (const flow of Object.values(FLOWS)) {
  describe(flow.slug, () => {
    test('from the plans to the studio, with everything that was typed and where the visitor came from', async () => {
      const visitor = await visit(browser, gateway);
      const { page } = visitor;
      const person = somebody();
      await page.goto(`${gateway.url}/?${CAMPAIGN}`);
      await page.getByRole('link', { name: flow.choose }).click();
      assert.equal(new URL(page.url()).pathname, `/signup/${flow.slug}`);
      assert.equal(new URL(page.url()).search, `?${CAMPAIGN}`);

      await fill(page, { ...person, ...flow.further });
      await agree(page);
      await challengeSolved(page);
      await submit(page);

      const received = await arrived(page, gateway);
      const { password, turnstileResponse, ...rest } = received;
      assert.match(password, /^•+$/, 'the studio masks it');
      assert.equal(typeof turnstileResponse, flow.slug === 'trial' ? 'string' : 'undefined');
      assert.deepEqual(rest, {
        name: person.name,
        username: person.username,
        email: person.email,
        ...flow.forwarded,
        privacyPolicy: true,
        redirectUrlOrigin: gateway.sandbox,
        redirectUrlQueryParams: CAMPAIGN.replaceAll('%20', '+'),
        utmParams: [
          { utm_source: 'newsletter' }, { utm_medium: 'email' }, { utm_campaign: 'spring & sensors' },
          { gclid: 'Cj0K-x_1' },
        ],
      });
      const query = new URLSearchParams(await page.locator('#redirect-query').textContent());
      assert.equal(query.get('utm_campaign'), 'spring & sensors');
      assert.ok((await page.content()).includes(flow.operation));
      assert.equal(await receiptsOf(person.username, gateway), 1);
      await leaveInSilence(visitor);
    });

    test('an empty form comes back with a summary that has the focus and leads to each field', async () => {
      const visitor = await visit(browser, gateway);
      const { page } = visitor;
      const person = somebody();
      await page.goto(`${gateway.url}/signup/${flow.slug}`);
      await challengeSolved(page);
      await submit(page);

      const summary = page.locator('#error-summary');
      await summary.waitFor();
      assert.equal(await summary.evaluate((element) => element === document.activeElement), true, 'it has the focus');
      assert.match(await page.title(), /^Error: /);
      const targets = await summary.locator('a').evaluateAll((links) => links.map((link) => link.hash.slice(1)));
      assert.deepEqual(targets, flow.required);
      for (const target of targets) {
        await summary.locator(`a[href="#${target}"]`).click();
        assert.equal(await page.evaluate(() => document.activeElement.name), target);
        const control = page.locator(`#${target}`);
        assert.equal(await control.getAttribute('aria-invalid'), 'true');
        const ids = (await control.getAttribute('aria-describedby')).split(' ');
        assert.ok(ids.includes(`${target}-error`));
        assert.match(await page.locator(`#${target}-error`).textContent(), /\S/);
      }

      await fill(page, person);
      await agree(page);
      await challengeSolved(page);
      await submit(page);
      assert.equal((await arrived(page, gateway)).username, person.username);
      await leaveInSilence(visitor);
    });

    test('a taken username is told at its field, the answers stay, and the challenge is not asked again', async () => {
      const visitor = await visit(browser, gateway);
      const { page } = visitor;
      const person = somebody();
      await page.goto(`${gateway.url}/signup/${flow.slug}?utm_source=ad`);
      await fill(page, { ...person, ...flow.further, username: 'taken' });
      await agree(page);
      await challengeSolved(page);
      await submit(page);

      await page.locator('#error-summary').waitFor();
      assert.match(await page.locator('#username-error').textContent(), /taken/i);
      const kept = { name: person.name, username: 'taken', email: person.email, jobTitle: flow.further.jobTitle };
      for (const [name, value] of Object.entries(kept)) {
        assert.equal(await page.locator(`[name="${name}"]`).inputValue(), value);
      }
      assert.equal(await page.locator('[name="password"]').inputValue(), '', 'a password is in no page');
      assert.ok(await page.locator('[name="privacyPolicy"]').isChecked());
      assert.equal(await page.locator('.cf-turnstile').count(), 0);

      await fill(page, { username: person.username, password: person.password });
      await submit(page);
      const received = await arrived(page, gateway);
      assert.equal(received.username, person.username);
      assert.deepEqual(received.utmParams, [{ utm_source: 'ad' }]);
      await leaveInSilence(visitor);
    });

    test('the keyboard alone is enough, a challenge that asks for a click included', async () => {
      const asking = await startGateway({ SIGNUP__TURNSTILE__SITE_KEY: '3x00000000000000000000FF' });
      try {
        const visitor = await visit(browser, asking);
        const { page } = visitor;
        const person = somebody();
        await page.goto(asking.url);
        await tabTo(page, (focused) => focused.text === flow.choose);
        await page.keyboard.press('Enter');
        await page.waitForURL(`**/signup/${flow.slug}`);
        for (const [name, value] of Object.entries(person)) {
          await tabTo(page, (focused) => focused.name === name);
          await page.keyboard.type(value);
        }
        await tabTo(page, (focused) => focused.name === 'privacyPolicy');
        await page.keyboard.press('Space');
        await tabTo(page, (focused) => focused.id === 'human');
        await page.keyboard.press('Space');
        await challengeSolved(page);
        await tabTo(page, (focused) => focused.type === 'submit');
        await page.keyboard.press('Enter');
        assert.equal((await arrived(page, asking)).username, person.username);
        await leaveInSilence(visitor);
      } finally {
        await asking.stop();
      }
    });
  });
}

for (const width of [390, 1280]) {
  test(`the summary leads to where label, hint and error are in sight too, ${width} px wide`, async () => {
    const visitor = await visit(browser, gateway, { viewport: { width, height: 700 } });
    const { page } = visitor;
    const names = ['name', 'username', 'email', 'password', 'companySize', 'country', 'stateOrProvince', 'privacyPolicy'];
    await page.goto(`${gateway.url}/signup/trial?lang=de`);
    await challengeSolved(page);
    // A control character in every field that takes text, and a choice that is none.
    await page.evaluate(() => document.querySelectorAll('input[type=text], select').forEach((control) => {
      if (control.closest('.trap')) return;
      if (control.localName === 'select') control.selectedOptions[0].value = '\u0007';
      else control.value = '\u0007';
    }));
    await page.evaluate(() => {
      const choice = document.querySelector('[type=radio]');
      Object.assign(choice, { value: 'none', checked: true });
    });
    await submit(page);
    await page.locator('#error-summary').waitFor();
    const targets = await page.locator('#error-summary a').evaluateAll((all) => all.map((link) => link.hash.slice(1)));
    for (const name of [...names, 'userHasMLModelsInProduction']) assert.ok(targets.includes(name), `${name}: ${targets}`);
    for (const target of targets) {
      await page.locator(`#error-summary a[href="#${target}"]`).focus();
      await page.keyboard.press('Enter');
      const hidden = await page.evaluate((id) => {
        const field = document.getElementById(id).closest('.field');
        return [...field.querySelectorAll('label, legend, .hint, .error, .choice'), document.getElementById(id)].filter((part) => {
          const { top, bottom } = part.getBoundingClientRect();
          return top < 0 || bottom > innerHeight;
        }).map((part) => `${part.localName} ${part.textContent}`);
      }, target);
      assert.deepEqual(hidden, [], target);
    }
    await leaveInSilence(visitor);
  });
}

test('the keyboard alone corrects a mistake: from the summary to the field, and on', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const person = somebody();
  await page.goto(`${gateway.url}/signup/pro`);
  await fill(page, { ...person, username: 'a' });
  await agree(page);
  await challengeSolved(page);
  await page.locator('[name="email"]').press('Enter');
  await page.locator('#error-summary').waitFor();
  await challengeSolved(page);

  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.hash), '#username', 'the summary had the focus');
  await page.keyboard.press('Enter');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(person.username);
  await tabTo(page, (focused) => focused.name === 'password');
  await page.keyboard.type(person.password);
  await page.keyboard.press('Enter');
  assert.equal((await arrived(page, gateway)).username, person.username);
  await leaveInSilence(visitor);
});

test('a personal address that the trial refuses: the way to the other plan brings along what was typed', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const person = somebody();
  person.email = person.email.replace(/@.*/, '@gmail.com');
  const methods = [];
  page.on('request', (request) => request.isNavigationRequest() && methods.push(request.method()));
  await page.goto(`${gateway.url}/signup/trial?utm_source=ad`);
  await fill(page, { ...person, ...FLOWS.trial.further });
  await agree(page);
  await challengeSolved(page);
  await submit(page);
  await page.locator('#email-error').waitFor();
  await page.locator('.ways').getByRole('link', { name: 'Professional' }).click();
  await page.waitForURL('**/signup/pro?utm_source=ad');
  const kept = { name: person.name, username: person.username, email: person.email, jobTitle: 'Engineer', password: '' };
  for (const [name, value] of Object.entries(kept)) {
    assert.equal(await page.locator(`[name="${name}"]`).inputValue(), value, name);
  }
  assert.equal(await page.locator('#error-summary, #notice, .field.wrong').count(), 0, 'no reproach');
  assert.deepEqual(methods, ['GET', 'POST', 'POST']);

  await fill(page, { password: person.password });
  await challengeSolved(page);
  await submit(page);
  const received = await arrived(page, gateway);
  assert.deepEqual([received.email, received.companyName], [person.email, 'Analytical Engines']);
  await leaveInSilence(visitor);
});

test('a link to another plan is a link until something was typed', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const methods = [];
  page.on('request', (request) => request.isNavigationRequest() && methods.push(request.method()));
  const choose = (flow) => Promise.all([
    page.waitForURL(`**/signup/${flow.slug}`), page.locator('.others').getByRole('link', { name: flow.choose }).click(),
  ]);
  await page.goto(`${gateway.url}/signup/trial`);
  await choose(FLOWS.pro);
  await fill(page, { jobTitle: 'Engineer' });
  await choose(FLOWS.trial);
  assert.equal(await page.locator('[name="jobTitle"]').inputValue(), 'Engineer');
  assert.deepEqual(methods, ['GET', 'GET', 'POST']);
  await leaveInSilence(visitor);
});

test('a press before the challenge is solved waits for it, and then goes through', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  await page.goto(`${gateway.url}/signup/pro`);
  await fill(page, somebody());
  await agree(page);
  // The stand-in starts anew, so that the press certainly comes first.
  await page.evaluate(() => {
    window.turnstile.reset();
    document.querySelector('form[method="post"] button[type="submit"]').click();
  });
  assert.equal(await submitButton(page).getAttribute('aria-disabled'), 'true');
  await arrived(page, gateway);
  await leaveInSilence(visitor);
});

/// A form that was filled in and sent before the challenge's script has come, and what lets that come.
async function pressedEarly(page, where, person) {
  let comes;
  const isReleased = new Promise((settle) => { comes = settle; });
  await page.route(where.challengeScript, async (route) => {
    await isReleased;
    await route.continue();
  });
  await page.goto(`${where.url}/signup/pro`, { waitUntil: 'commit' });
  await page.waitForFunction(() => typeof window.challengeFailed === 'function');
  await fill(page, person);
  await agree(page);
  await submit(page);
  assert.equal(await submitButton(page).getAttribute('aria-disabled'), 'true', 'the press waits');
  return comes;
}

test('a press while the challenge script is on its way waits for it, and then goes through', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const person = somebody();
  const statuses = [];
  page.on('response', (answer) => answer.request().method() === 'POST' && statuses.push(answer.status()));
  const comes = await pressedEarly(page, gateway, person);
  assert.deepEqual(statuses, [], 'nothing is sent without a token');
  comes();
  assert.equal((await arrived(page, gateway)).email, person.email);
  assert.deepEqual(statuses, [303]);
  await leaveInSilence(visitor);
});

test('a press that waits for the challenge is taken back by who goes to another plan', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const person = somebody();
  const comes = await pressedEarly(page, gateway, person);
  await Promise.all([
    page.waitForURL('**/signup/trial'),
    page.locator('.others [data-plan]').click().then(comes),
  ]);
  assert.equal(await page.locator('[name="email"]').inputValue(), person.email);
  assert.deepEqual(
    visitor.requests.filter((request) => request.method() === 'POST').map((request) => new URL(request.url()).pathname),
    ['/signup/trial'], 'the form that was left is not sent',
  );
  await leaveInSilence(visitor);
});

describe('a challenge that asks for a tick', () => {
  let asking;
  before(async () => { asking = await startGateway({ SIGNUP__TURNSTILE__SITE_KEY: '3x00000000000000000000FF' }); });
  after(() => asking?.stop());

  const tick = 'Tick the box above to continue.';
  const posts = (visitor) => visitor.requests.filter((request) => request.method() === 'POST').length;
  const isPointedAt = (page) => page.waitForFunction(() => document.activeElement.matches('.challenge'));

  async function pressed(person) {
    const visitor = await visit(browser, asking);
    const { page } = visitor;
    const comes = await pressedEarly(page, asking, person);
    comes();
    await isPointedAt(page);
    return visitor;
  }

  test('ends the wait of a press, says what to do, and a further press says it again', async () => {
    const person = somebody();
    const visitor = await pressed(person);
    const { page } = visitor;
    const help = page.locator('.challenge .help');
    assert.equal(await help.textContent(), tick);
    assert.ok(await help.evaluate((line) => line.matches('.calm')), 'nothing went wrong');
    assert.equal(await submitButton(page).getAttribute('aria-disabled'), null);
    assert.equal(await page.locator('#said').textContent(), '');
    await submit(page);
    await isPointedAt(page);
    assert.equal(posts(visitor), 0, 'an answer would cost the password');

    await page.locator('#human').click();
    await challengeSolved(page);
    assert.equal(await help.textContent(), '');
    await submit(page);
    assert.equal((await arrived(page, asking)).email, person.email);
    assert.equal(posts(visitor), 1);
    await leaveInSilence(visitor);
  });

  test('holds nobody who cannot see it', async () => {
    const visitor = await pressed(somebody());
    const { page } = visitor;
    for (let presses = 0; presses < 3; presses += 1) await submit(page);
    await page.locator('#cf-turnstile-response-error').waitFor();
    await leaveInSilence(visitor);
  });
});

/// Presses Tab until the focus is where it should be; every stop on the way must be visible.
async function tabTo(page, isThere) {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      let element = document.activeElement;
      while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return {
        id: element.id, name: element.name, type: element.type, text: element.textContent.trim(),
        isMarked: style.outlineStyle !== 'none' || style.boxShadow !== 'none', isOnScreen: box.width > 0 && box.height > 0,
        isBody: element === document.body,
      };
    });
    if (focused.isBody) continue;
    assert.ok(focused.isMarked && focused.isOnScreen, `the focus cannot be seen: ${JSON.stringify(focused)}`);
    if (isThere(focused)) return;
  }
  assert.fail('the Tab key does not lead there');
}
