// How stock pusher-js notices that the server is there, that it is not, and that it is back.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pushers } from './support/generations.mjs';
import { event, message, refusal, settled, state, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const app = serve();

describe('liveness', { timeout: 600_000 }, () => {
  for (const { name, Pusher } of pushers) {
    test(`${name} answers the pings of the server, subscribed or not`, async () => {
      const client = app('lively-key').client(Pusher);

      await message(client, 'pusher:ping');
      // Without an answer to the first ping there would be no second, but the end.
      await message(client, 'pusher:ping');

      assert.equal(client.connection.state, 'connected');
    });

    test(`${name} asks after the activity timeout of the server, and is answered`, async () => {
      const client = app('hasty-key').client(Pusher);

      await message(client, 'pusher:pong');

      assert.equal(client.connection.state, 'connected');
    });
  }

  test('a server that does not answer is left, and taken again when it does', async () => {
    const clients = pushers.map(({ Pusher }) => app('hasty-key').client(Pusher, { pongTimeout: 1000 }));
    await Promise.all(clients.map((client) => state(client, 'connected')));
    const left = clients.map((client) => state(client, 'connecting'));

    app.freeze();
    await Promise.all(left);
    app.thaw();

    await Promise.all(clients.map((client) => state(client, 'connected')));
    await Promise.all(clients.map(settled));
  });

  test('after a restart clients come back to their channels, signed in as before', async () => {
    const clients = pushers.map(({ Pusher }) => {
      return app('members-key').client(Pusher, { user: { id: 'ada' }, member: { user_id: 'ada' } });
    });
    const names = ['news', 'private-news', 'presence-news'];
    const channels = clients.flatMap((client) => names.map((name) => client.subscribe(name)));
    const arrived = () => Promise.all([
      ...channels.map(subscribed),
      ...clients.map((client) => message(client, 'pusher:signin_success')),
    ]);
    clients.forEach((client) => client.signin());
    await arrived();
    const [told, back] = [Promise.all(clients.map(refusal)), arrived()];

    const { code } = await app.stop();
    await app.start();
    await back;

    assert.equal(code, 0);
    // This makes pusher-js wait for a second. Told to come back at once it would find the port closed, and wait for 15.
    assert.deepEqual(await told, clients.map(() => ({ code: 4100, message: 'Server is shutting down' })));
    assert.deepEqual(clients.map((client) => client.channel('presence-news').members.count), [1, 1]);
    const heard = channels.map((channel) => event(channel, 'posted'));
    await app('members-key').http.trigger(names, 'posted', 'We are back');
    assert.deepEqual(await Promise.all(heard), channels.map(() => 'We are back'));
  });
});
