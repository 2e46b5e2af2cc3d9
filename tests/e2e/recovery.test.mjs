// The server dies and comes back: clients find it again, and what broadcasts meanwhile is told so at once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { App } from './support/app.mjs';
import { collect, event, hear, state, subscribed } from './support/hear.mjs';
import { Visitor } from './support/visitor.mjs';

const posted = 'App\\Events\\MessagePosted';
let app;
let visitor;

before(async () => {
  app = await App.start();
  visitor = await Visitor.arrive(app);
});

after(async () => {
  visitor?.leave();
  await app.stop();
});

for (const signal of ['SIGKILL', 'SIGTERM']) {
  test(`clients and php-fpm workers go on after ${signal} and a restart`, async () => {
    const client = visitor.pusher();
    const channel = client.subscribe('messages');
    await subscribed(channel);
    const first = event(channel, posted);
    await visitor.request('POST', '/messages', { text: 'before' });
    assert.equal((await first).text, 'before');

    const lost = hear('the loss of the connection', (resolve) => client.connection.bind('connecting', resolve));
    await app.server.stop(signal);
    await lost;
    const again = subscribed(channel);
    await app.startServer();
    await state(client, 'connected');
    await again;

    const seen = collect(channel, posted);
    for (const text of ['one', 'two', 'three', 'four']) {
      const response = await visitor.request('POST', '/messages', { text });
      assert.equal(response.status, 204, await response.text());
    }
    assert.deepEqual((await seen.all(4)).map(({ text }) => text), ['one', 'two', 'three', 'four']);
    client.disconnect();
  });
}

test('while no server runs, a broadcast fails quickly with a cause and a remedy', async (t) => {
  const usual = { command: await app.artisan(['messages:post']), request: await post('somebody might hear this') };
  await app.server.stop();
  t.after(() => app.startServer());

  const command = await app.artisan(['messages:post']);
  const { response, milliseconds } = await post('nobody hears this');
  const answer = await response.json();

  assert.notEqual(command.code, 0);
  assert.match(command.output, /reverb:start/);
  assert.doesNotMatch(command.output, /#\d+ /, 'no trace');
  assert.equal(usual.command.code, 0, usual.command.output);
  assert.ok(command.milliseconds < Math.max(5000, 3 * usual.command.milliseconds), `it took ${command.milliseconds} ms`);
  assert.equal(response.status, 500);
  assert.equal(answer.exception, 'Illuminate\\Broadcasting\\BroadcastException');
  assert.match(answer.message, /reverb:start/);
  assert.equal(usual.request.response.status, 204);
  assert.ok(milliseconds < Math.max(3000, 3 * usual.request.milliseconds), `it took ${milliseconds} ms`);
});

/** Posts a message, and tells how long that took. */
async function post(text) {
  const began = performance.now();
  const response = await visitor.request('POST', '/messages', { text });

  return { response, milliseconds: performance.now() - began };
}
