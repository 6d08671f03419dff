// Passkeys: the one thing on these pages that browsers offer to scripts only. Without this file the pages work all the
// same; the buttons stay hidden.
'use strict';
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const problem = document.getElementById('passkey-problem');

  const post = async (path, body) => {
    const response = await fetch(path, {
      method: 'POST', credentials: 'same-origin', redirect: 'error',
      headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail || answer.title);
    return answer;
  };

  const offer = (id, action) => {
    const button = document.getElementById(id);
    if (!button || !window.PublicKeyCredential) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
      button.disabled = true;
      problem.hidden = true;
      try {
        await action(button.dataset);
      } catch (error) {
        problem.textContent = error.name === 'NotAllowedError' ? 'The passkey was not used. Try again.' : error.message;
        problem.hidden = false;
      }
      button.disabled = false;
    });
  };

  offer('passkey-sign-in', async ({ next }) => {
    const { challenge, rp_id: rpId } = await post('/passkeys/challenge', {});
    const credential = await navigator.credentials.get({
      publicKey: { challenge: bytes(challenge), rpId, userVerification: 'required', timeout: 120000 },
    });
    const { location } = await post('/passkeys/sign-in', {
      next,
      credential_id: text(credential.rawId),
      client_data: text(credential.response.clientDataJSON),
      authenticator_data: text(credential.response.authenticatorData),
      signature: text(credential.response.signature),
    });
    window.location.assign(location);
  });

  offer('passkey-add', async ({ token }) => {
    const { challenge, rp_id: rpId, user, known } = await post('/passkeys/new', { token });
    const credential = await navigator.credentials.create({
      publicKey: {
        challenge: bytes(challenge),
        rp: { id: rpId, name: 'Lumen' },
        user: { id: bytes(user.id), name: user.name, displayName: user.display_name },
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        excludeCredentials: known.map((id) => ({ type: 'public-key', id: bytes(id) })),
        attestation: 'none',
        timeout: 120000,
      },
    });
    await post('/passkeys/add', {
      token,
      client_data: text(credential.response.clientDataJSON),
      attestation: text(credential.response.attestationObject),
    });
    window.location.assign('/account?done=passkey');
  });
})();
