// Client events, which Laravel Echo calls whispers, under each setting of `accept_client_events_from`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pushers } from './support/generations.mjs';
import { collect, refusal, settled, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const app = serve();
const numbers = Array.from({ length: 20 }, (_, number) => number);

for (const { name, Pusher } of pushers) {
  describe(name, { timeout: 600_000 }, () => {
    for (const channelName of ['private-room', 'private-cache-room', 'news']) {
      test(`members of ${channelName} hear each other, but not themselves`, async () => {
        const [ada, bob] = await enter('members-key', channelName);
        const [own, heard] = [ada, bob].map((channel) => collect(channel, 'client-typing'));

        ada.trigger('client-typing', { empty: {}, text: 'ä👋', number: 0.1 });
        ada.trigger('client-typing', 'just text');

        assert.deepEqual(await heard.all(2), [{ empty: {}, text: 'ä👋', number: 0.1 }, 'just text']);
        await settled(ada.pusher);
        assert.deepEqual(own.seen, []);
      });
    }

    test('who is not subscribed is refused', async () => {
      const [ada, bob] = await enter('members-key', 'private-room');
      const heard = collect(bob, 'client-typing');
      ada.pusher.unsubscribe('private-room');
      const error = refusal(ada.pusher);

      ada.pusher.send_event('client-typing', {}, 'private-room');

      assert.deepEqual(await error, { code: 4009, message: 'The client is not a member of the specified channel.' });
      await settled(bob.pusher);
      assert.deepEqual(heard.seen, []);
    });

    test('outsiders may write to public channels where the application lets all write', async () => {
      const [, bob] = await enter('open-key', 'news');
      const outsider = app('open-key').client(Pusher);
      await subscribed(outsider.subscribe('elsewhere'));
      const heard = collect(bob, 'client-typing');

      outsider.send_event('client-typing', { from: 'outside' }, 'news');

      assert.deepEqual(await heard.all(1), [{ from: 'outside' }]);
    });

    test('nobody may write where the application lets none write', async () => {
      const [ada, bob] = await enter('mute-key', 'private-room');
      const heard = collect(bob, 'client-typing');
      const error = refusal(ada.pusher);

      ada.trigger('client-typing', {});

      assert.deepEqual(await error, { code: 4301, message: 'The app does not have client messaging enabled.' });
      await settled(bob.pusher);
      assert.deepEqual(heard.seen, []);
    });

    test('client events above the limit are refused, and the connection goes on', async () => {
      const [ada] = await enter('limited-key', 'private-room');
      const error = refusal(ada.pusher);

      // Far more than the one of a second, so that a new second amid them excuses none but one.
      numbers.forEach((number) => ada.trigger('client-typing', number));

      assert.deepEqual(await error, { code: 4301, message: 'Rate limit exceeded' });
      await settled(ada.pusher);
    });

    async function enter(key, channelName) {
      const channels = [app(key).client(Pusher), app(key).client(Pusher)].map((client) => client.subscribe(channelName));
      await Promise.all(channels.map(subscribed));

      return channels;
    }
  });
}
