// Copyright (c) 2026, the mfaops.auth0 contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// @auth0/auth0-auth-js, unmodified, against the tenant of the one argument: every call of its MfaClient. Silent when all is well.
// It reads what a user's phone received from the tenant's control address.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

// Found by NODE_PATH, since the package is not beside this file.
const { AuthClient } = createRequire(import.meta.url)('@auth0/auth0-auth-js');

const domain = process.argv[2];
const client = new AuthClient({ domain, clientId: 'app', clientSecret: 'app-secret' });
const realm = 'Username-Password-Authentication';
const audience = `https://${domain}/mfa/`;

const login = (username, options) => client.getTokenByPassword({ username, password: 'Correct-Horse-7', realm, ...options });

async function mfaToken(username, options) {
  const error = await login(username, options).catch((error) => error);
  assert.equal(error.cause?.error, 'mfa_required');
  return error.cause.mfa_token;
}

async function control(path) {
  return (await fetch(`https://${domain}/_control/${path}`)).json();
}

async function newestCode(userId) {
  return (await control(`codes?user_id=${encodeURIComponent(userId)}`)).at(-1).code;
}

// RFC 6238, SHA-1, six digits, 30 seconds.
function otp(secret) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = digest.at(-1) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1000000).padStart(6, '0');
}

function subject(accessToken) {
  return JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url')).sub;
}

// A user without a factor enrolls an OTP app with the mfa_token of a login.
const newcomer = 'user00001@example.com';
const first = await mfaToken(newcomer);
assert.deepEqual(await client.mfa.listAuthenticators({ mfaToken: first }), []);
const app = await client.mfa.enrollAuthenticator({ authenticatorTypes: ['otp'], mfaToken: first });
assert.match(app.barcodeUri, /^otpauth:\/\/totp\//);
assert.equal(app.recoveryCodes.length, 1);
const inactive = await client.mfa.listAuthenticators({ mfaToken: first });
assert.deepEqual(inactive.map((item) => [item.authenticatorType, item.active]), [['otp', false], ['recovery-code', false]]);
await assert.rejects(
  client.mfa.verify({ factorType: 'otp', otp: '000000', mfaToken: first }),
  { name: 'MfaVerifyError', message: 'Invalid otp_code.', statusCode: 403 },
);
assert.ok((await client.mfa.verify({ factorType: 'otp', otp: otp(app.secret), mfaToken: first })).accessToken);

// With an active factor an mfa_token lists and challenges, but neither enrolls nor deletes.
const second = await mfaToken(newcomer, { audience });
const [active] = await client.mfa.listAuthenticators({ mfaToken: second });
assert.deepEqual([active.authenticatorType, active.active], ['otp', true]);
assert.equal((await client.mfa.challengeAuthenticator({ challengeType: 'otp', mfaToken: second })).challengeType, 'otp');
await assert.rejects(client.mfa.enrollAuthenticator({ authenticatorTypes: ['otp'], mfaToken: second }), {
  name: 'MfaEnrollmentError',
  message: 'User is already enrolled.',
});
await assert.rejects(client.mfa.deleteAuthenticator({ authenticatorId: active.id, mfaToken: second }), {
  name: 'MfaDeleteAuthenticatorError',
});

// The recovery code opens the way to a token for the MFA API, and is replaced.
const [recoveryCode] = app.recoveryCodes;
const granted = await client.mfa.verify({ factorType: 'recovery-code', recoveryCode, mfaToken: second });
assert.match(granted.recoveryCode, /^[1-9A-HJ-NP-Z]{24}$/);
assert.notEqual(granted.recoveryCode, recoveryCode);
const token = granted.accessToken;

// With that token: enroll a phone, confirm it with the code that it received, use it, and remove everything.
const phone = await client.mfa.enrollAuthenticator({
  authenticatorTypes: ['oob'], oobChannels: ['sms'], phoneNumber: '+15005550142', mfaToken: token,
});
assert.equal(phone.recoveryCodes, undefined);
const userId = subject(token);
await client.mfa.verify({
  factorType: 'oob', oobCode: phone.oobCode, bindingCode: await newestCode(userId), mfaToken: token,
});
const third = await mfaToken(newcomer, { audience });
const sms = (await client.mfa.listAuthenticators({ mfaToken: third })).find((item) => item.id.startsWith('sms|'));
assert.equal(sms.name, 'XXXXXXXX0142');
const challenge = await client.mfa.challengeAuthenticator({ challengeType: 'oob', authenticatorId: sms.id, mfaToken: third });
assert.equal(challenge.bindingMethod, 'prompt');
const tokens = await client.mfa.verify({
  factorType: 'oob', oobCode: challenge.oobCode, bindingCode: await newestCode(userId), mfaToken: third,
});
await client.mfa.deleteAuthenticator({ authenticatorId: sms.id, mfaToken: tokens.accessToken });
await client.mfa.deleteAuthenticator({ authenticatorId: active.id, mfaToken: tokens.accessToken });
const left = await client.mfa.listAuthenticators({ mfaToken: tokens.accessToken });
assert.deepEqual(left.map((item) => item.authenticatorType), ['recovery-code']);
