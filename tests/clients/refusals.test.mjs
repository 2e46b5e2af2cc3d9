// Connections that stock pusher-js must give up: it is told why, and does not come back.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pushers } from './support/generations.mjs';
import { refusal, settled, state, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const app = serve();

for (const { name, Pusher } of pushers) {
  describe(name, { timeout: 600_000 }, () => {
    test('an unknown key', async () => {
      await givenUp(app('members-key').client(Pusher, { key: 'no-such-key' }), { code: 4001, message: 'Application does not exist' });
    });

    test('an origin that the application does not allow', async () => {
      await givenUp(app('foreign-key').client(Pusher), { code: 4009, message: 'Origin not allowed' });
    });

    test('one connection too many', async () => {
      const first = app('full-key').client(Pusher);
      await state(first, 'connected');

      await givenUp(app('full-key').client(Pusher), { code: 4004, message: 'Application is over connection quota' });
      await settled(first);
    });

    test('one channel too many is refused, and the connection goes on', async () => {
      const client = app('limited-key').client(Pusher);
      await Promise.all([subscribed(client.subscribe('one')), subscribed(client.subscribe('two'))]);
      const error = refusal(client);
      const channel = client.subscribe('three');

      assert.deepEqual(await error, { code: 4301, message: 'Connection subscribes to too many channels' });
      assert.equal(channel.subscribed, false);
      client.unsubscribe('one');
      await subscribed(client.subscribe('four'));
    });

    test('one member too many is refused, but not another socket of a member', async () => {
      const enter = (userId) => app('limited-key').client(Pusher, { member: { user_id: userId } }).subscribe('presence-room');
      await subscribed(enter(7));
      const outsider = enter(8);

      assert.deepEqual(await refusal(outsider.pusher), { code: 4301, message: 'Presence channel has too many members' });
      assert.equal((await subscribed(enter('7'))).count, 1);
    });

    test('too many messages, where they end the connection', async () => {
      const client = app('strict-key').client(Pusher);
      await Promise.all([subscribed(client.subscribe('one')), subscribed(client.subscribe('two'))]);

      client.subscribe('three');

      await givenUp(client, { code: 4301, message: 'Rate limit exceeded' });
    });

    test('what is too large for a message ends the connection, and pusher-js comes back', async () => {
      const client = app('members-key').client(Pusher);
      await state(client, 'connected');
      const first = client.connection.socket_id;
      const left = state(client, 'connecting');

      client.send_event('client-large', 'x'.repeat(10_000), 'news');

      await left;
      await state(client, 'connected');
      assert.notEqual(client.connection.socket_id, first);
    });
  });
}

async function givenUp(client, expected) {
  const [error, end] = [refusal(client), state(client, 'disconnected')];

  assert.deepEqual(await error, expected);
  await end;
}
