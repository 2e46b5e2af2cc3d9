// Every kind of channel, with stock pusher-js; events are published by the stock HTTP SDK for Node.js.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pushers } from './support/generations.mjs';
import { collect, event, hear, refusal, settled, state, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const app = serve();
const ada = { user_id: 'ada', user_info: { name: 'Ada' } };

for (const { name, Pusher } of pushers) {
  describe(name, { timeout: 600_000 }, () => {
    test('connects and gets a socket id that the HTTP SDK takes for one', async () => {
      const client = app('members-key').client(Pusher);

      await state(client, 'connected');

      assert.match(client.connection.socket_id, /^\d+\.\d+$/);
    });

    for (const channelName of ['news', 'private-news', 'presence-news', 'private-encrypted-news',
      'cache-news', 'private-cache-news', 'presence-cache-news', 'private-encrypted-cache-news',
      'with_every-sign=of@the,rule.;', 'x'.repeat(199)]) {
      test(`hears events on ${channelName.slice(0, 40)}`, async () => {
        // What the other generation left in a cache is not for this one.
        const mine = channelName + name.at(-1);
        const { http } = app('members-key');
        const channel = app('members-key').client(Pusher, { member: ada }).subscribe(mine);
        await subscribed(channel);
        const heard = collect(channel, 'App\\Events\\Posted');

        await http.trigger(mine, 'App\\Events\\Posted', { text: 'Grüße 👋 </script>', nothing: {}, list: [], big: 1e15 });
        await http.trigger(mine, 'App\\Events\\Posted', ['a', 1, null]);

        assert.deepEqual(await heard.all(2), [
          { text: 'Grüße 👋 </script>', nothing: {}, list: [], big: 1_000_000_000_000_000 },
          ['a', 1, null],
        ]);
      });
    }

    for (const channelName of ['cache-', 'private-cache-', 'presence-cache-', 'private-encrypted-cache-']) {
      test(`a newcomer to a ${channelName} channel gets the last event, or a cache miss`, async () => {
        const fresh = `${channelName}fresh-${name.at(-1)}`;
        const { http } = app('members-key');
        const first = app('members-key').client(Pusher, { member: ada }).subscribe(fresh);
        const firstMisses = collect(first, 'pusher:cache_miss');
        await firstMisses.all(1);
        await http.trigger(fresh, 'price', { price: 1 });
        await http.trigger(fresh, 'price', { price: 2 });

        const client = app('members-key').client(Pusher, { member: ada });
        const second = client.subscribe(fresh);
        const misses = collect(second, 'pusher:cache_miss');
        const prices = collect(second, 'price');

        assert.deepEqual(await prices.all(1), [{ price: 2 }]);
        await settled(client);
        assert.deepEqual([prices.seen.length, misses.seen.length, firstMisses.seen.length], [1, 0, 1]);
      });
    }

    test('what is sent on an encrypted channel is unreadable without the shared secret', async () => {
      const application = app('members-key');
      const withoutSecret = ({ socketId, channelName }, answer) => {
        const { auth } = application.http.authorizeChannel(socketId, channelName);
        answer(null, { auth, shared_secret: Buffer.alloc(32).toString('base64') });
      };
      const [insider, outsider] = [application.client(Pusher), application.client(Pusher, { sign: withoutSecret })];
      const channels = [insider, outsider].map((client) => client.subscribe('private-encrypted-secrets'));
      await Promise.all(channels.map(subscribed));
      const [inside, outside] = channels.map((channel) => collect(channel, 'secret'));
      const onTheWire = hear('the event', (resolve) => {
        outsider.connection.bind('message', ({ event: what, data }) => what === 'secret' && resolve(data));
      });

      await application.http.trigger('private-encrypted-secrets', 'secret', 'the moon is made of cheese');

      assert.deepEqual(await inside.all(1), ['the moon is made of cheese']);
      assert.deepEqual(Object.keys(await onTheWire), ['nonce', 'ciphertext']);
      await settled(outsider);
      assert.deepEqual(outside.seen, []);
    });

    test('a wrong signature subscribes to nothing, and the connection goes on', async () => {
      const sign = (_request, answer) => answer(null, { auth: `members-key:${'0'.repeat(64)}` });
      const client = app('members-key').client(Pusher, { sign });
      const error = refusal(client);
      const channel = client.subscribe('private-news');

      assert.deepEqual(await error, { code: 4009, message: 'Connection is unauthorized' });
      assert.equal(channel.subscribed, false);
      await subscribed(client.subscribe('news'));
    });

    test('an application that refuses is a subscription error', async () => {
      const sign = (_request, answer) => answer(new Error('403'), null);
      const channel = app('members-key').client(Pusher, { sign }).subscribe('private-news');

      const error = await hear('the refusal', (resolve) => channel.bind('pusher:subscription_error', resolve));

      assert.deepEqual(error, { type: 'AuthError', error: '403' });
    });

    test('nothing is heard between unsubscribing and subscribing again', async () => {
      const { http } = app('members-key');
      const client = app('members-key').client(Pusher);
      const messages = [];
      client.connection.bind('message', (message) => message.event === 'count' && messages.push(message.data));
      await subscribed(client.subscribe('news'));
      client.unsubscribe('news');
      await settled(client);
      await http.trigger('news', 'count', 1);

      const channel = client.subscribe('news');
      await subscribed(channel);
      const heard = event(channel, 'count');
      await http.trigger('news', 'count', 2);

      assert.equal(await heard, 2);
      assert.deepEqual(messages, [2]);
    });

    test('who changes its mind before the answer is subscribed to what it wanted last', async () => {
      const { http } = app('members-key');
      const client = app('members-key').client(Pusher);
      await state(client, 'connected');
      // What is unwanted comes first: pusher-js leaves it when it hears the answer, thus before it reports the others'.
      for (const channelName of ['unwanted', 'wanted', 'private-wanted']) {
        client.subscribe(channelName);
        client.unsubscribe(channelName);
      }
      const channels = ['wanted', 'private-wanted'].map((channelName) => client.subscribe(channelName));
      await Promise.all(channels.map(subscribed));
      await settled(client);

      assert.deepEqual(await app('members-key').get('/channels'), { channels: { wanted: {}, 'private-wanted': {} } });
      const heard = channels.map((channel) => event(channel, 'posted'));
      await http.trigger(['wanted', 'private-wanted', 'unwanted'], 'posted', 1);
      assert.deepEqual(await Promise.all(heard), [1, 1]);
    });

    test('subscribers learn how many they are, where the application wants it', async () => {
      const [first, second] = [app('counted-key').client(Pusher), app('counted-key').client(Pusher)];
      const channel = first.subscribe('news');
      await counted(channel, 1);

      // The second's answer and the first's count have connections of their own: either may come first.
      const both = counted(channel, 2);
      await subscribed(second.subscribe('news'));
      await both;
      assert.equal(channel.subscriptionCount, 2);

      second.unsubscribe('news');
      await counted(channel, 1);
      assert.equal(channel.subscriptionCount, 1);
    });
  });
}

function counted(channel, count) {
  return hear(`the count ${count}`, (resolve) => {
    channel.bind('pusher:subscription_count', (data) => data.subscription_count === count && resolve(data));
  });
}
