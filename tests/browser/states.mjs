// Every page and state that a visitor can see, and how it is reached: in any language, so by names and ids alone.

import { FLOWS, agree, arrived, challengeSolved, fill, somebody, submit } from './visitor.mjs';

/// No visitor of a suite is stopped by a limit that is not meant.
const GENEROUS = { SIGNUP__RATE_LIMIT__CLIENT__BURST: '100000', SIGNUP__RATE_LIMIT__EMAIL__BURST: '100000' };

const TENANTS = { SIGNUP_CONFIG: 'config/tenants.example.toml' };

const heading = (page) => page.locator('h1').first().waitFor();

const at = (path) => async (page, { url }) => {
  await page.goto(url + path);
  await heading(page);
};

/// The form of a flow, ready to be sent.
async function openForm(page, url, flow = 'pro', query = '') {
  await page.goto(`${url}/signup/${flow}${query}`);
  await challengeSolved(page);
}

/// What comes back when somebody sends everything.
const sent = (changes, { flow = 'pro', query = '', back = '#notice' } = {}) => async (page, { url }) => {
  await openForm(page, url, flow, query);
  await fill(page, somebody(changes));
  await agree(page);
  await submit(page);
  await page.locator(back).waitFor();
};

/// The status page after a sign-up that leads to one of the sandbox's accounts.
const status = (username, flow) => async (page, gateway) => {
  await openForm(page, gateway.url, flow);
  await fill(page, somebody({ username }));
  await agree(page);
  await submit(page);
  await arrived(page, gateway);
  await page.goto(`${gateway.url}/signup/status`);
  await heading(page);
};

const withErrors = (flow) => async (page, { url }) => {
  await openForm(page, url, flow);
  await submit(page);
  await page.locator('#error-summary').waitFor();
  await challengeSolved(page);
};

/// A form that nobody could press for: another method, type or size than the page's own.
const forged = (path, attributes, from = '/') => async (page, { url }) => {
  await page.goto(from.startsWith('/') ? url + from : from);
  await page.evaluate(([action, more]) => {
    const form = Object.assign(document.createElement('form'), { action, method: 'post', ...more });
    document.body.append(form);
    form.submit();
  }, [url + path, attributes]);
  await page.locator('code').waitFor();
};

const ofTenant = (host, reach) => (page, gateway) =>
  reach(page, { ...gateway, url: gateway.url.replace('localhost', host) });

/// `variables` are what the gateway is told for it; `complaints` what the browser may say about it.
function state(reach, variables = {}, complaints = undefined) {
  return { reach, variables: { ...GENEROUS, ...variables }, complaints };
}

const forms = Object.keys(FLOWS).flatMap((flow) => [
  [`${flow} form`, state(at(`/signup/${flow}`))],
  [`${flow} form, filled by its link`, state(at(`/signup/${flow}?email=ada%40engines.com&name=Ada%20Lovelace`))],
  [`${flow} form with errors`, state(withErrors(flow))],
]);

const notices = Object.entries({
  'an upstream that is down': 'down',
  'an upstream that is broken': 'broken',
  'an unknown outcome': 'vague',
  'a refusal in words of the upstream': 'refused',
  'an address in use': 'exists',
}).map(([name, username]) => [`form after ${name}`, state(sent({ username }))]);

const accounts = [
  'unconfirmed', 'unpaid', 'professional', 'trialing', 'trial-over', 'suspended', 'status-missing', 'status-down',
].map((username) => [`status of “${username}”`, state(status(username, username.startsWith('trial') ? 'trial' : 'pro'))]);

export const STATES = Object.fromEntries([
  ['plans', state(at('/'))],
  ['plans, one alone', state(at('/'), { SIGNUP__FLOWS__TRIAL__ENABLED: 'false' })],
  ['plans, none', state(at('/'), { SIGNUP__FLOWS__TRIAL__ENABLED: 'false', SIGNUP__FLOWS__PRO__ENABLED: 'false' })],
  ['plans of a tenant', state(ofTenant('globex.localhost', at('/')), TENANTS)],
  ...forms,
  ['trial form, filled in', state(async (page, { url }) => {
    await openForm(page, url, 'trial');
    await fill(page, { ...somebody(), ...FLOWS.trial.further });
    await agree(page);
  })],
  ['trial form with two mistakes', state(async (page, { url }) => {
    await openForm(page, url, 'trial');
    const mistakes = { username: 'ada..lovelace', email: 'ada@gmail.com' };
    await fill(page, { ...somebody(), ...FLOWS.trial.further, ...mistakes });
    await agree(page);
    await submit(page);
    await page.locator('#error-summary').waitFor();
    await challengeSolved(page);
  })],
  ['trial form of a tenant', state(ofTenant('acme.localhost', withErrors('trial')), TENANTS)],
  ['form after a taken username', state(sent({ username: 'taken' }, { back: '#error-summary' }))],
  ['form after a doubtful address', state(
    sent({ email: 'invalid@engines.com' }, { back: '#error-summary' }), { SIGNUP__UPSTREAM__VALIDATE_EMAIL: 'true' },
  )],
  ...notices,
  ['form after an upstream that is too slow', state(sent({ username: 'slow' }), { SIGNUP__UPSTREAM__TIMEOUT: '1s' })],
  ['form after a challenge that cannot be verified', state(
    sent({}), { SIGNUP__TURNSTILE__SITEVERIFY_URL: 'http://127.0.0.1:9/siteverify' },
  )],
  ['form after a trap', state(async (page, { url }) => {
    await openForm(page, url);
    await page.evaluate(() => { document.querySelector('.trap input').value = 'spam'; });
    await submit(page);
    await page.locator('#notice').waitFor();
  }, { SIGNUP__HONEYPOT__MODE: 'enforce' })],
  ['form that has expired', state(async (page, { url }) => {
    await openForm(page, url);
    await page.evaluate(() => { document.querySelector('[name=submission_id]').value = 'old'; });
    await submit(page);
    await page.locator('#notice').waitFor();
  })],
  ['form over the limit', state(async (page, { url }) => {
    await openForm(page, url, 'trial');
    for (let sendings = 0; sendings < 2 && await page.locator('#notice').count() === 0; sendings += 1) {
      await submit(page);
      await page.locator('#notice, #error-summary').waitFor();
      await challengeSolved(page);
    }
    await page.locator('#notice').waitFor();
  }, { SIGNUP__RATE_LIMIT__CLIENT__BURST: '1', SIGNUP__RATE_LIMIT__CLIENT__PERIOD: '1h' })],
  ['form in another language after errors', state(async (page, { url }) => {
    await withErrors('pro')(page, { url });
    await page.locator('.bottom button').first().click();
    await page.waitForURL(/lang=/);
    await heading(page);
  })],
  ['form for a prepared account', state(at('/signup/pro?activationCode=welcome'))],
  ['form for a prepared account that exists', state(async (page, { url }) => {
    await openForm(page, url, 'pro', '?activationCode=claimed');
    await fill(page, { password: somebody().password });
    await agree(page);
    await submit(page);
    await page.locator('#notice').waitFor();
  })],
  ['form by a code that cannot be used', state(at('/signup/pro?activationCode=used'))],
  ['form by a code that nobody could look up', state(at('/signup/pro?activationCode=down'))],
  ['form by a link that has expired', state(at('/signup/pro?ctx=old'))],
  ['form whose challenge fails', state(async (page, { url }) => {
    await page.goto(`${url}/signup/pro`);
    await page.locator('.help:not(:empty)').waitFor();
  }, { SIGNUP__TURNSTILE__SITE_KEY: '2x00000000000000000000AB' })],
  ['form whose challenge is blocked', state(async (page, { url, challengeScript }) => {
    await page.route(challengeScript, (route) => route.abort('blockedbyclient'));
    await page.goto(`${url}/signup/pro`);
    await page.locator('.help:not(:empty)').waitFor();
  }, {}, /ERR_BLOCKED_BY_CLIENT/)],
  ['account that is active already', state(at('/signup/pro?activationCode=active'))],
  ['status of nobody', state(at('/signup/status'))],
  ...accounts,
  ['403', state(forged('/signup/pro', {}, 'about:blank'))],
  ['404', state(at('/nothing/here'))],
  ['405', state(forged('/signup/status', {}))],
  ['413', state(forged('/signup/pro', { innerHTML: `<textarea name=name>${'long '.repeat(10_000)}</textarea>` }))],
  ['415', state(forged('/signup/pro', { enctype: 'text/plain' }))],
  ['421', state(ofTenant('nobody.localhost', at('/')), { SIGNUP__SERVER__STRICT_HOSTS: 'true' })],
  ['429', state(async (page, { url }) => {
    await page.goto(url);
    await page.goto(url);
    await page.locator('code').waitFor();
  }, { SIGNUP__RATE_LIMIT__PAGES__BURST: '1', SIGNUP__RATE_LIMIT__PAGES__PERIOD: '1h' })],
  ['the sandbox', state(async (page, { sandbox }) => page.goto(sandbox))],
  ['the sandbox after a sign-up', state(async (page, gateway) => {
    await openForm(page, gateway.url, 'trial', '?utm_source=ad');
    await fill(page, { ...somebody(), ...FLOWS.trial.further });
    await agree(page);
    await submit(page);
    await arrived(page, gateway);
  })],
]);
