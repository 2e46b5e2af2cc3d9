// Signing in with stock pusher-js: server-to-user events, watchlists, and the end of a user's connections.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pushers } from './support/generations.mjs';
import { collect, event, hear, message, refusal, settled, state, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const app = serve();

for (const { name, Pusher } of pushers) {
  describe(name, { timeout: 600_000 }, () => {
    test('signs in with what the HTTP SDK signed', async () => {
      const client = await signedIn({ id: 'ada', user_info: { name: 'Ada' } });

      assert.deepEqual(client.user.user_data, { id: 'ada', user_info: { name: 'Ada' } });
    });

    test('a wrong signature signs nobody in', async () => {
      const client = app('members-key').client(Pusher, {
        userAuthentication: {
          customHandler: (_request, answer) => {
            answer(null, { auth: `members-key:${'0'.repeat(64)}`, user_data: '{"id":"ada"}' });
          },
        },
      });
      const error = refusal(client);
      client.signin();

      assert.deepEqual(await error, { code: 4009, message: 'Connection is unauthorized' });
      assert.equal(client.user.user_data, null);
    });

    test('events to a user reach all of its connections and nobody else', async () => {
      const [one, two, other] = await Promise.all(['ada', 'ada', 'bob'].map((id) => signedIn({ id })));
      const [first, second, others] = [one, two, other].map((client) => collect(client.user, 'mail'));

      await app('members-key').http.sendToUser('ada', 'mail', { subject: 'Hello' });

      assert.deepEqual(await Promise.all([first.all(1), second.all(1)]), [[{ subject: 'Hello' }], [{ subject: 'Hello' }]]);
      await settled(other);
      assert.deepEqual(others.seen, []);
    });

    test('nobody subscribes to the events of another user', async () => {
      const client = await signedIn({ id: 'bob' });
      const error = refusal(client);

      // pusher-js knows better than to ask...
      client.send_event('pusher:subscribe', { channel: '#server-to-user-ada' });

      assert.deepEqual(await error, { code: 4009, message: 'Connection is unauthorized' });
    });

    test('a watchlist tells who is online, who comes and who goes', async () => {
      const bob = await signedIn({ id: 'bob' });
      const ada = app('members-key').client(Pusher, { user: { id: 'ada', watchlist: ['bob', 'eve'] } });
      const [online, offline] = ['online', 'offline'].map((status) => collect(ada.user.watchlist, status));
      ada.signin();
      assert.deepEqual(await online.all(1), [{ name: 'online', user_ids: ['bob'] }]);

      await signedIn({ id: 'eve' });
      await online.all(2);
      bob.disconnect();

      assert.deepEqual(await offline.all(1), [{ name: 'offline', user_ids: ['bob'] }]);
      assert.deepEqual(online.seen, [{ name: 'online', user_ids: ['bob'] }, { name: 'online', user_ids: ['eve'] }]);
    });

    test('the connections of a user are terminated, and do not come back', async () => {
      const [ada, bob] = await Promise.all(['ada', 'bob'].map((id) => signedIn({ id })));
      const [error, end] = [refusal(ada), state(ada, 'disconnected')];

      await app('members-key').http.terminateUserConnections('ada');

      assert.deepEqual(await error, { code: 4009, message: 'Connection is unauthorized' });
      await end;
      await settled(bob);
    });

    test('the connections of a presence member are terminated', async () => {
      const client = app('members-key').client(Pusher, { member: { user_id: 7 } });
      await subscribed(client.subscribe('presence-room'));
      const end = state(client, 'disconnected');

      await app('members-key').http.terminateUserConnections('7');

      await end;
    });

    test('a signed-in user joins presence channels as itself, without channel data', async () => {
      const watcher = app('members-key').client(Pusher, { member: { user_id: 'bob' } }).subscribe('presence-room');
      await subscribed(watcher);
      const added = event(watcher, 'pusher:member_added');

      const client = await signedIn({ id: 'ada', user_info: { name: 'Ada' } });
      const members = await subscribed(client.subscribe('presence-room'));

      assert.deepEqual(members.me, { id: 'ada', info: { name: 'Ada' } });
      assert.deepEqual(await added, { id: 'ada', info: { name: 'Ada' } });
      assert.deepEqual(await app('members-key').get('/channels/presence-room/users'), { users: [{ id: 'bob' }, { id: 'ada' }] });
    });

    async function signedIn(user) {
      const client = app('members-key').client(Pusher, { user });
      const success = message(client, 'pusher:signin_success');
      client.signin();
      await success;
      // pusher-js now subscribes to the user's events, on a channel that it does not hand out...
      await hear('the subscription', (resolve) => {
        client.connection.bind('message', ({ event: what, channel }) => {
          return what === 'pusher_internal:subscription_succeeded' && channel === `#server-to-user-${user.id}` && resolve();
        });
      });

      return client;
    }
  });
}
