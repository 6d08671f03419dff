// Walks through the pages in a headless browser as a person would, passkey included, and has every one of them checked
// for accessibility (axe-core). Ends with an error at the first thing that is not as it should be.
//
//   node pages.mjs ISSUER DEVICE_CODE_OF_A_TV [FOLDER FOR PICTURES]
import { createRequire } from 'node:module';
import { mkdirSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const [issuer, userCode, pictures] = process.argv.slice(2);
if (pictures) mkdirSync(pictures, { recursive: true });

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server', '--disable-background-networking'],
});
const checks = [];

const sessions = new Map();
async function sessionOf(page) {
  if (!sessions.has(page)) sessions.set(page, await page.createCDPSession());
  return sessions.get(page);
}

async function look(page, name) {
  for (const [size, width, height] of [['phone', 390, 844], ['desk', 1280, 800]]) {
    await page.setViewport({ width, height, deviceScaleFactor: 1 });
    if (pictures) await page.screenshot({ path: `${pictures}/${name}-${size}.png`, fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    if (wide) throw new Error(`${name}: wider than a ${size}`);
    // Through the protocol: the page's own policy lets no foreign script in, which is what it is for.
    // One session per page, kept: detaching any of them takes the virtual authenticator away.
    const client = await sessionOf(page);
    const source = (await import('node:fs')).readFileSync(axe, 'utf8');
    const run = `${source}; axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join(' | '))))`;
    const { result, exceptionDetails } = await client.send('Runtime.evaluate', { expression: run, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${name}: ${exceptionDetails.text}`);
    const violations = JSON.parse(result.value);
    if (violations.length) throw new Error(`${name} (${size}): ${violations.join('\n')}`);
  }
  checks.push(name);
}

const expectText = async (page, text) => {
  const body = await page.evaluate(() => document.body.innerText);
  if (!body.includes(text)) throw new Error(`"${text}" is not on the page:\n${body}`);
};
const press = async (page, selector) => {
  try {
    await Promise.all([page.waitForNavigation({ timeout: 15000 }), page.click(selector)]);
  } catch (error) {
    const body = await page.evaluate(() => document.body.innerText);
    throw new Error(`${selector} at ${page.url()}: ${error.message}\n${body}`);
  }
};

try {
  const page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) throw new Error(message.text());
  });
  const next = encodeURIComponent(`/device?user_code=${userCode}`);

  await page.goto(`${issuer}/sign-in?next=${next}`);
  await look(page, 'sign-in');
  await page.type('#email', 'mia@lumen.example');
  await page.type('#password', 'wrong');
  await press(page, 'button.primary');
  await expectText(page, 'do not match');
  await look(page, 'sign-in-wrong');
  await page.type('#password', 'lumen-demo');
  await press(page, 'button.primary');

  await expectText(page, 'Connect a device');
  await look(page, 'device-code');
  await press(page, 'button.primary');
  await expectText(page, 'Is this your device?');
  await expectText(page, userCode);
  await look(page, 'device-confirm');
  await press(page, 'button.primary');
  await expectText(page, 'Your device is signed in');
  await look(page, 'device-done');

  const authorize = `${issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code', client_id: 'rp', redirect_uri: `${issuer.replace('localhost', '127.0.0.1')}/health/live`, scope: 'openid profile email offline_access',
    state: 's', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
  })}`;
  await page.goto(authorize);
  await expectText(page, 'wants access');
  await look(page, 'consent');
  await press(page, 'button.primary');
  if (!new URL(page.url()).searchParams.has('code')) throw new Error(`no code at ${page.url()}`);

  await page.goto(`${issuer}/account`);
  const authenticator = await sessionOf(page);
  await authenticator.send('WebAuthn.enable');
  await authenticator.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await expectText(page, 'Signed in');
  await look(page, 'account');
  await press(page, '#passkey-add');
  await expectText(page, 'Your passkey is ready');
  await look(page, 'account-passkey');
  await press(page, 'form[action="/sign-out"] button');
  await press(page, '#passkey-sign-in');
  await expectText(page, 'mia@lumen.example');
  if (new URL(page.url()).pathname !== '/account') throw new Error(`after the passkey: ${page.url()}`);
  await press(page, 'form[action="/account/remove-passkey"] button');
  await expectText(page, 'The passkey is removed');
  await press(page, 'form[action="/sign-out"] button');
  await page.click('#passkey-sign-in');
  await page.waitForFunction(() => !document.getElementById('passkey-problem').hidden);
  await look(page, 'sign-in-passkey-refused');

  for (const [path, text] of [['register', 'Create an account'], ['recover', 'Forgot your password']]) {
    await page.goto(`${issuer}/${path}`);
    await expectText(page, text);
    await look(page, path);
  }
  await page.goto(`${issuer}/register/confirm?link=x`);
  await look(page, 'link-gone');

  // All of it but the passkeys works without a script.
  const plain = await browser.createBrowserContext();
  const old = await plain.newPage();
  await old.setJavaScriptEnabled(false);
  await old.goto(`${issuer}/sign-in`);
  await old.type('#email', 'mia@lumen.example');
  await old.type('#password', 'lumen-demo');
  await press(old, 'button.primary');
  if (!(await old.content()).includes('mia@lumen.example')) throw new Error('no sign-in without a script');
  console.log(JSON.stringify(checks));
} finally {
  await browser.close();
}
