// Many stock clients at once, on all threads of the server, and a server below a path.

import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, test } from 'node:test';

import PusherHttp from 'pusher';

import { pushers } from './support/generations.mjs';
import { collect, event, hear, settled, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const size = 60;
const numbers = Array.from({ length: size }, (_, number) => number);

describe('a crowd', { timeout: 600_000 }, () => {
  const app = serve({ workers: 4 });

  test('agrees on who is present, while all come and half of it goes', async () => {
    const channels = numbers.map((number) => {
      const { Pusher } = pushers[number % pushers.length];

      return app('members-key').client(Pusher, { member: { user_id: number } }).subscribe('presence-room');
    });
    await Promise.all(channels.map((channel) => present(channel, size)));

    const [going, staying] = [channels.slice(0, size / 2), channels.slice(size / 2)];
    going.forEach((channel) => channel.pusher.disconnect());
    await Promise.all(staying.map((channel) => present(channel, size / 2)));

    const { users } = await app('members-key').get('/channels/presence-room/users');
    assert.deepEqual(users.map(({ id }) => id).sort((a, b) => a - b), numbers.slice(size / 2));
  });

  test('hears what is published over one kept connection, once and in order', async () => {
    const channels = numbers.map((number) => {
      return app('members-key').client(pushers[number % pushers.length].Pusher).subscribe('news');
    });
    await Promise.all(channels.map(subscribed));
    const heard = channels.map((channel) => collect(channel, 'count'));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const http = new PusherHttp({
      appId: '1', key: 'members-key', secret: 'members-secret', host: '127.0.0.1', port: app('members-key').port, agent,
    });

    await Promise.all(numbers.map((number) => http.trigger('news', 'count', number)));

    await Promise.all(heard.map((counts) => counts.all(size)));
    await Promise.all(channels.map((channel) => settled(channel.pusher)));
    assert.deepEqual(heard.map(({ seen }) => seen), channels.map(() => numbers));
    agent.destroy();
  });

  test('knows who of it is online', async () => {
    const ids = numbers.slice(0, 20).map((number) => `user-${number}`);
    const clients = ids.map((id, number) => {
      const watchlist = ids.filter((other) => other !== id);

      return app('members-key').client(pushers[number % pushers.length].Pusher, { user: { id, watchlist } });
    });
    const all = clients.map((client) => hear('everybody online', (resolve) => {
      const online = new Set();
      client.user.watchlist.bind('online', ({ user_ids: users }) => {
        users.forEach((user) => online.add(user));
        if (online.size === ids.length - 1) {
          resolve();
        }
      });
    }));

    clients.forEach((client) => client.signin());

    await Promise.all(all);
  });
});

describe('a server below a path', { timeout: 600_000 }, () => {
  const app = serve({ path: '/ws/base' });

  for (const { name, Pusher } of pushers) {
    test(`is found by ${name} and the SDK`, async () => {
      const channel = app('members-key').client(Pusher).subscribe('private-news');
      await subscribed(channel);
      const heard = event(channel, 'posted');

      await app('members-key').http.trigger('private-news', 'posted', { id: 1 });

      assert.deepEqual(await heard, { id: 1 });
    });
  }
});

/** Resolves when a channel's members object counts so many. */
function present(channel, count) {
  return hear(`${count} members`, (resolve) => {
    const look = () => channel.members.count === count && resolve();
    channel.bind_global(look);
    look();
  });
}
