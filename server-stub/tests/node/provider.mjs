// The independent provider (oidc-provider), with the same client and a person called mia. Prints its issuer.
import { webcrypto } from 'node:crypto';
globalThis.crypto ??= webcrypto;
import { createServer } from 'node:http';
const { Provider } = await import('oidc-provider');

const server = createServer((request, response) => handler(request, response));
let handler;
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'rp', client_secret: 'a-secret-of-at-least-thirty-two-characters',
      redirect_uris: ['https://rp.example/cb', ...process.argv.slice(2)],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    features: {
      deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****' },
      introspection: { enabled: true }, revocation: { enabled: true },
      pushedAuthorizationRequests: { enabled: true }, dPoP: { enabled: true },
    },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@elsewhere.example`, email_verified: true, name: sub }),
    }),
    rotateRefreshToken: true,
  });
  handler = provider.callback();
  console.log(issuer);
});
