// The page in other languages: chosen by the browser or by the visitor, whole on a small screen, right to left where that is read.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { startGateway } from './gateway.mjs';
import { faultsOf, misfitsOf } from './look.mjs';
import { Documents } from './markup.mjs';
import {
  FLOWS, agree, arrived, challengeSolved, fill, leaveInSilence, openBrowser, somebody, submit, visit,
} from './visitor.mjs';

/// TCP's first flight: ten segments of 1,460 bytes.
const FIRST_VIEW_BYTES = 14_600;

const LANGUAGES = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', ja: '日本語', ar: 'العربية' };

const documents = new Documents();

let browser, gateway;
before(async () => {
  const generous = { SIGNUP__RATE_LIMIT__CLIENT__BURST: '1000' };
  [browser, gateway] = await Promise.all([openBrowser(), startGateway(generous)]);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

for (const language of Object.keys(LANGUAGES)) {
  test(`${language}: the pages are in the browser's language, without a fault, and fit the screen`, async () => {
    const visitor = await visit(browser, gateway, { locale: language, reducedMotion: 'reduce' });
    const { page } = visitor;
    const { keep } = documents.follow(page);
    const look = async (name) => {
      await keep(`${language}, ${name}`);
      assert.equal(await page.locator('html').getAttribute('lang'), language, name);
      for (const width of [1280, 320]) {
        await page.setViewportSize({ width, height: 800 });
        assert.deepEqual(await faultsOf(page), [], `${name}, ${width} px`);
        assert.deepEqual(await misfitsOf(page), [], `${name}, ${width} px`);
      }
    };
    await page.goto(gateway.url);
    await look('the plans');
    for (const { slug } of Object.values(FLOWS)) {
      await page.goto(`${gateway.url}/signup/${slug}`);
      await challengeSolved(page);
      await submit(page);
      await page.locator('#error-summary').waitFor();
      await challengeSolved(page);
      await look(`the ${slug} form with errors`);
    }
    await page.goto(`${gateway.url}/signup/status`);
    await look('the status');
    await leaveInSilence(visitor);
  });

  test(`${language}: the first view of the trial form fits the first flight of a connection`, async () => {
    const html = await bytesOf(`/signup/trial?lang=${language}`, 'identity');
    const assets = [...html.toString().matchAll(/(?:href|src)="(\/static\/[^"]+\.(?:css|js))"/g)];
    const sizes = await Promise.all(assets.map(async ([, path]) => (await bytesOf(path, 'br')).length));
    const sum = sizes.reduce((one, other) => one + other, gzipSync(html, { level: 6 }).length);
    console.log(`first view, ${language}: ${sum} of ${FIRST_VIEW_BYTES} bytes`);
    assert.ok(sum <= FIRST_VIEW_BYTES, `${sum} bytes`);
  });
}

test('the HTML is valid in every language', async () => {
  assert.ok(documents.count >= Object.keys(LANGUAGES).length);
  assert.deepEqual(await documents.faults(), []);
});

test('the switch keeps the link, and the language stays to the end of a sign-up', async () => {
  const visitor = await visit(browser, gateway, { locale: 'de-AT' });
  const { page } = visitor;
  await page.goto(`${gateway.url}/?utm_source=a%20b&name=Jan`);
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await page.getByRole('link', { name: LANGUAGES.ar, exact: true }).click();
  await page.waitForURL(/lang=ar/);
  assert.equal(new URL(page.url()).search, '?utm_source=a%20b&name=Jan&lang=ar');
  assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');

  await page.locator('.plan .button').first().click();
  assert.equal(await page.locator('[name=name]').inputValue(), 'Jan');
  assert.equal(await page.locator('html').getAttribute('lang'), 'ar');
  await fill(page, somebody());
  await agree(page);
  await challengeSolved(page);
  await submit(page);
  await arrived(page, gateway);
  await leaveInSilence(visitor);
});

for (const javaScriptEnabled of [true, false]) {
  test(`${javaScriptEnabled ? 'with' : 'without'} script a form that came back changes its language with all that was typed`, async () => {
    const visitor = await visit(browser, gateway, { javaScriptEnabled });
    const { page } = visitor;
    const person = somebody();
    await page.goto(`${gateway.url}/signup/trial?utm_source=ad`);
    await fill(page, { ...person, username: 'a', country: 'JP' });
    await submit(page);
    await page.locator('#error-summary').waitFor();

    await page.locator('[name="jobTitle"]').fill('Ingenieurin');
    await page.locator('[name="password"]').fill(person.password);
    await page.getByRole('button', { name: LANGUAGES.de, exact: true }).click();
    await page.waitForURL('**/signup/trial?utm_source=ad&lang=de');
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    const kept = { name: person.name, username: 'a', email: person.email, jobTitle: 'Ingenieurin', country: 'JP', password: '' };
    for (const [name, value] of Object.entries(kept)) {
      assert.equal(await page.locator(`[name="${name}"]`).inputValue(), value, name);
    }
    assert.deepEqual(
      await page.locator('#error-summary a').evaluateAll((all) => all.map((link) => link.hash)),
      ['#username', '#privacyPolicy'], 'what is wrong is said again',
    );
    assert.match(await page.locator('#password-hint').textContent(), /^Geben Sie Ihr Passwort noch einmal ein/);
    if (javaScriptEnabled) {
      await fill(page, { username: person.username, password: person.password });
      await agree(page);
      await challengeSolved(page);
      await submit(page);
      const received = await arrived(page, gateway);
      assert.deepEqual([received.jobTitle, received.country], ['Ingenieurin', 'Japan']);
    }
    await leaveInSilence(visitor);
  });
}

test('a form that was not sent yet changes its language with all that was typed, and without reproach', async () => {
  const visitor = await visit(browser, gateway);
  const { page } = visitor;
  const person = somebody();
  const methods = [];
  page.on('request', (request) => request.isNavigationRequest() && methods.push(request.method()));
  const change = (role, language, tag) => Promise.all([
    page.waitForURL(`**/signup/trial?utm_source=ad&name=Jan&lang=${tag}`),
    page.getByRole(role, { name: LANGUAGES[language], exact: true }).click(),
  ]);
  await page.goto(`${gateway.url}/signup/trial?utm_source=ad&name=Jan`);
  await change('link', 'fr', 'fr');
  assert.deepEqual(methods, ['GET', 'GET'], 'nobody typed: a link is a link');

  for (const [typed, role, tag] of [[{ country: 'JP' }, 'link', 'de'], [{ jobTitle: 'Ingenieurin' }, 'button', 'es']]) {
    await fill(page, typed);
    await change(role, tag, tag);
    assert.equal(await page.locator('html').getAttribute('lang'), tag);
  }
  assert.deepEqual(methods.slice(2), ['POST', 'POST']);
  const kept = { name: 'Jan', country: 'JP', jobTitle: 'Ingenieurin', email: '', password: '' };
  for (const [name, value] of Object.entries(kept)) {
    assert.equal(await page.locator(`[name="${name}"]`).inputValue(), value, name);
  }
  assert.equal(await page.locator('#error-summary, .field.wrong').count(), 0, 'what is missing is no mistake yet');

  await fill(page, { ...person, country: 'JP' });
  await agree(page);
  await challengeSolved(page);
  await submit(page);
  const received = await arrived(page, gateway);
  assert.deepEqual([received.name, received.country], [person.name, 'Japan']);
  await leaveInSilence(visitor);
});

test('in an Arabic form Latin is typed from left to right, and a name as it is written', async () => {
  const visitor = await visit(browser, gateway, { locale: 'ar' });
  const { page } = visitor;
  await page.goto(`${gateway.url}/signup/pro`);
  const direction = (name) => page.locator(`[name=${name}]`).evaluate((input) => getComputedStyle(input).direction);
  assert.deepEqual(
    await Promise.all(['username', 'email', 'password', 'name', 'companyName'].map(direction)),
    ['ltr', 'ltr', 'ltr', 'rtl', 'rtl'],
  );
  await page.locator('[name=name]').fill('Acme Inc.');
  await page.locator('[name=companyName]').fill('شركة 5');
  assert.deepEqual(await Promise.all(['name', 'companyName'].map(direction)), ['ltr', 'rtl']);
  await leaveInSilence(visitor);
});

test('a slip in an address is asked about in a whole sentence', async () => {
  for (const [locale, question] of [
    ['en', 'Did you mean jan@acme.com?'],
    ['ja', 'jan@acme.com ではありませんか？'],
    ['ar', 'هل تقصد jan@acme.com؟'],
  ]) {
    const visitor = await visit(browser, gateway, { locale });
    const { page } = visitor;
    await page.goto(`${gateway.url}/signup/pro`);
    await page.locator('[name=email]').fill('jan@acme.con');
    await page.locator('[name=email]').blur();
    const hint = page.locator('.suggestion');
    await hint.getByRole('button').waitFor();
    const text = await hint.textContent();
    assert.equal(text.replace(/[\u2068\u2069]/g, ''), question);
    await leaveInSilence(visitor);
  }
});

function bytesOf(path, encoding) {
  return new Promise((settle, fail) => {
    get(gateway.url + path, { headers: { 'accept-encoding': encoding } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', fail);
      answer.on('end', () => settle(Buffer.concat(parts)));
    }).on('error', fail);
  });
}
