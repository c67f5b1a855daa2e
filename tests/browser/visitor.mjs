// A person at a browser: what they type, where they end, and what the browser complained about on the way.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const WAIT_MS = 10_000;

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/// The switches let it run as root, and keep it from asking for anything by itself.
const SWITCHES = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export async function openBrowser() {
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find((path) => existsSync(path));
  assert.ok(executablePath, 'no Chromium: install the Debian package chromium, or name one in CHROMIUM');
  // Playwright turns the back/forward cache off; visitors have it.
  return chromium.launch({ executablePath, args: SWITCHES, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
}

/// A page in a fresh profile. `complaints` grows with everything that a visitor's console would show.
export async function visit(browser, gateway, options = {}) {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  context.setDefaultTimeout(WAIT_MS);
  const complaints = [];
  const requests = [];
  await context.exposeBinding('tellOfViolation', (_source, words) => complaints.push(words));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.tellOfViolation(`CSP: ${event.violatedDirective} stopped ${event.blockedURI} on ${event.documentURI}`);
    });
  });
  context.on('request', (request) => requests.push(request));
  context.on('weberror', (error) => complaints.push(`uncaught: ${error.error().message}`));
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isStatusOfAPage(message)) {
      complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  const page = await context.newPage();
  const isOurs = (url) => url.startsWith(`${gateway.url}/`);
  return { page, context, complaints, requests, gateway, isOurs };
}

/// Chromium reports every page that is answered with 4xx or 5xx as a failed resource. Those pages are asked for here.
function isStatusOfAPage(message) {
  return /^Failed to load resource: the server responded with a status of \d{3}/.test(message.text())
    && message.page()?.url() === message.location().url;
}

/// Ends a visit that must have been silent.
export async function leaveInSilence(visitor) {
  await visitor.context.close();
  assert.deepEqual(visitor.complaints, [], 'nothing on the console, nothing stopped by the policy');
}

let count = 0;

/// A person nobody has seen before.
export function somebody(changes = {}) {
  count += 1;
  const username = `ada.${process.pid.toString(36)}.${count}`;
  return {
    name: 'Ada Lovelace',
    username,
    email: `${username}@analytical-engines.com`,
    password: 'brass cogs & 12 punched cards',
    ...changes,
  };
}

export const FLOWS = {
  pro: {
    slug: 'pro',
    choose: 'Choose Professional',
    operation: 'POST /v1/api-create-pro-user',
    required: ['name', 'username', 'email', 'password', 'privacyPolicy'],
    further: { jobTitle: 'Engineer', companyName: 'Analytical Engines', projectName: 'Difference' },
    forwarded: { jobTitle: 'Engineer', companyName: 'Analytical Engines', projectName: 'Difference' },
  },
  trial: {
    slug: 'trial',
    choose: 'Start a trial',
    operation: 'POST /v1/api-user-create-enterprise-trial',
    required: ['name', 'username', 'email', 'password', 'privacyPolicy'],
    further: {
      jobTitle: 'Engineer', companyName: 'Analytical Engines', organizationName: 'Engines', companySize: '11-50',
      country: 'GB', stateOrProvince: 'England', useCase: 'Predictive maintenance',
      userHasMLModelsInProduction: 'no, but we will soon',
    },
    forwarded: {
      jobTitle: 'Engineer', companyName: 'Analytical Engines', organizationName: 'Engines', companySize: '11-50',
      country: 'United Kingdom', stateOrProvince: 'England', useCase: 'Predictive maintenance',
      userHasMLModelsInProduction: 'no, but we will soon',
    },
  },
};

/// Types into fields, chooses in selects and radio buttons, by their HTML names.
export async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const control = page.locator(`[name="${name}"]`);
    const type = await control.first().evaluate((element) => element.type);
    if (type === 'radio') await page.locator(`[name="${name}"][value="${value}"]`).check();
    else if (type === 'select-one') await control.selectOption(value);
    else await control.fill(value);
  }
}

export const agree = (page) => page.locator('[name="privacyPolicy"]').check();

export const submitButton = (page) => page.locator('form[method="post"] button[type="submit"]');

/// The stand-in challenge solves itself; this waits until it has.
export async function challengeSolved(page) {
  await page.waitForFunction(() => document.querySelector('[name="cf-turnstile-response"]')?.value);
}

export async function submit(page) {
  await submitButton(page).click();
}

/// The studio's page that shows what was sent.
export async function arrived(page, gateway) {
  await page.waitForURL((url) => url.origin === gateway.sandbox && url.pathname.startsWith('/studio/welcome/'));
  return JSON.parse(await page.locator('#received-payload').textContent());
}

/// How many sign-ups of this username the studio received.
export async function receiptsOf(username, gateway) {
  const index = await (await fetch(gateway.sandbox)).text();
  const received = index.slice(index.indexOf('id="received"'), index.indexOf('id="usernames"'));
  return received.split(`<td>${username}</td>`).length - 1;
}
