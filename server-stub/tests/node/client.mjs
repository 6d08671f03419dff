// Drives a provider with an independent, certified client (openid-client), the same way whichever provider it is, and
// prints what was observed as JSON: one line per provider, to be compared.
//
//   node client.mjs NAME=ISSUER...     issuers with the client `rp` and what the function `login` knows
import { webcrypto } from 'node:crypto';
globalThis.crypto ??= webcrypto;
const oidc = await import('openid-client');

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const CALLBACK = 'https://rp.example/cb';

// A browser of a few lines: cookies, redirects, and the first form with what a person would type.
class Browser {
  #cookies = new Map();

  async visit(url, form) {
    for (let step = 0; step < 12; step += 1) {
      if (url.startsWith(CALLBACK)) return new URL(url);
      const response = await fetch(url, {
        method: form ? 'POST' : 'GET', redirect: 'manual', body: form ? new URLSearchParams(form) : undefined,
        headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [pair] = cookie.split(';');
        this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      form = undefined;
      if (response.status >= 300 && response.status < 400) {
        url = new URL(response.headers.get('location'), url).href;
        continue;
      }
      const page = await response.text();
      if (!response.ok) throw new Error(`${response.status} ${page.slice(0, 2000)}`);
      const decode = (text) => text.replace(/&amp;/g, '&').replace(/&quot;/g, '"').replace(/&#39;/g, "'");
      const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
      form = Object.fromEntries(hidden.map(([, name, value]) => [name, decode(value)]));
      if (page.includes('type="password"')) Object.assign(form, { email: 'mia@lumen.example', login: 'mia', password: 'lumen-demo' });
      else form.answer = 'allow';
      const action = page.match(/<form[^>]*action="([^"]*)"/);
      url = new URL(decode(action?.[1] ?? ''), url).href;
    }
    throw new Error('too many steps');
  }
}

const refused = async (work) => {
  try {
    await work();
    return 'accepted';
  } catch (error) {
    return error.error ?? error.cause?.error ?? error.code ?? error.message;
  }
};

async function observe(issuer) {
  const seen = {};
  const config = await oidc.discovery(new URL(issuer), 'rp', { id_token_signed_response_alg: 'RS256' },
    oidc.ClientSecretBasic(SECRET), { execute: [oidc.allowInsecureRequests] });
  const metadata = config.serverMetadata();
  seen.discovery = {
    issuer: metadata.issuer === issuer, iss: metadata.authorization_response_iss_parameter_supported,
    pkce: metadata.code_challenge_methods_supported, code: metadata.response_types_supported.includes('code'),
  };
  const browser = new Browser();
  const begin = async (more = {}) => {
    const verifier = oidc.randomPKCECodeVerifier();
    const state = oidc.randomState();
    const nonce = oidc.randomNonce();
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK, scope: 'openid email offline_access', prompt: 'consent', state, nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
    });
    const answer = await browser.visit(url.href);
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
    return { answer, checks, exchange: () => oidc.authorizationCodeGrant(config, answer, checks) };
  };

  const first = await begin();
  const tokens = await first.exchange();
  const claims = tokens.claims();
  seen.code = {
    type: tokens.token_type, refresh: typeof tokens.refresh_token, scope: tokens.scope.split(' ').sort(),
    claims: { sub: typeof claims.sub, nonce: 'nonce' in claims, at_hash: typeof claims.at_hash },
  };
  const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  seen.userinfo = { same: info.sub === claims.sub, email: typeof info.email };
  seen.introspection = (await oidc.tokenIntrospection(config, tokens.access_token)).active;

  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  seen.rotated = fresh.refresh_token !== tokens.refresh_token;
  seen.replayed_refresh = await refused(() => oidc.refreshTokenGrant(config, tokens.refresh_token));
  seen.family_after_replay = await refused(() => oidc.refreshTokenGrant(config, fresh.refresh_token));
  seen.access_after_replay = (await oidc.tokenIntrospection(config, fresh.access_token)).active;

  const second = await begin();
  const used = await second.exchange();
  seen.replayed_code = await refused(second.exchange);
  seen.access_after_code_replay = (await oidc.tokenIntrospection(config, used.access_token)).active;

  const third = await begin();
  third.checks.pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  seen.wrong_verifier = await refused(third.exchange);
  const revoked = await (await begin()).exchange();
  await oidc.tokenRevocation(config, revoked.refresh_token);
  seen.refresh_after_revocation = await refused(() => oidc.refreshTokenGrant(config, revoked.refresh_token));
  seen.access_after_revocation = (await oidc.tokenIntrospection(config, revoked.access_token)).active;

  const foreign = await begin();
  foreign.answer.searchParams.set('iss', 'https://evil.example');
  seen.foreign_iss = await refused(foreign.exchange);

  const key = await oidc.randomDPoPKeyPair('ES256');
  const proof = oidc.getDPoPHandle(config, key);
  const bound = await begin();
  const held = await oidc.authorizationCodeGrant(config, bound.answer, bound.checks, undefined, { DPoP: proof });
  seen.dpop = { type: held.token_type, userinfo: (await oidc.fetchUserInfo(config, held.access_token, claims.sub, { DPoP: proof })).sub === claims.sub };
  seen.dpop_stolen = await refused(() => oidc.fetchUserInfo(config, held.access_token, claims.sub)) === 'accepted';

  const pushed = await oidc.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: CALLBACK, scope: 'openid', state: oidc.randomState(),
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()), code_challenge_method: 'S256',
  });
  seen.par = (await browser.visit(pushed.href)).searchParams.has('code');

  const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' });
  seen.device = {
    code: /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/.test(device.user_code),
    complete: device.verification_uri_complete.includes(device.user_code),
  };
  const poll = () => oidc.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', { device_code: device.device_code });
  seen.device_poll = await refused(poll);
  return seen;
}

for (const target of process.argv.slice(2)) {
  const at = target.indexOf('=');
  console.log(JSON.stringify({ provider: target.slice(0, at), seen: await observe(target.slice(at + 1)) }));
}
