// What `php artisan reverb:start` says to a wrong start: one line with the cause and the remedy, and an exit code.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { App } from './support/app.mjs';

let app;

before(async () => { app = await App.start(); });
after(() => app.stop());

const free = { REVERB_SERVER_SOCKET: '/nonexistent/never-made.sock' };

const mistakes = [
  ['a port in use', () => [`--port=${app.port}`], {}, /in use/i],
  ['a host that is no address', () => ['--host=not-an-address'], {}, /not-an-address/],
  ['a port out of range', () => ['--port=70000'], {}, /70000/],
  ['a port that is no number', () => ['--port=http'], {}, /http/],
  ['a missing key', () => [], { REVERB_APP_KEY: '' }, /key/i],
  ['a missing secret', () => [], { REVERB_APP_SECRET: '' }, /secret/i],
  ['a missing application id', () => [], { REVERB_APP_ID: '' }, /id/i],
  ['a socket file in a folder that is not there', () => ['--port=0'], free, /never-made\.sock/],
];

for (const [what, options, env, expected] of mistakes) {
  test(`${what} is named`, async () => {
    refused(await app.artisan(['reverb:start', ...options()], { env }), expected);
  });
}

for (const command of ['reverb:start', 'messages:post']) {
  test(`${command} says how to get the extension when PHP has not loaded it`, async () => {
    refused(await app.artisan([command], { php: process.env.PHP }), /extension.*reverb|reverb.*extension/is);
  });
}

function refused({ code, output }, expected) {
  assert.ok(code > 0, `it ended with ${code}: ${output}`);
  assert.match(output, expected);
  assert.doesNotMatch(output, /#\d+ |Stack trace/, 'no trace');
}
