// Laravel Echo 1 and 2 on pusher-js 7 and 8, with the broadcaster `reverb`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { echoes, pushers } from './support/generations.mjs';
import { hear, settled, state } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const app = serve();
const posted = 'App\\Events\\Posted';

for (const { name, Echo } of echoes) {
  for (const { name: below, Pusher } of pushers) {
    describe(`${name} on ${below}`, { timeout: 600_000 }, () => {
      for (const [kind, open, channelName] of [
        ['public', (echo) => echo.channel('news'), 'news'],
        ['private', (echo) => echo.private('news'), 'private-news'],
        ['presence', (echo) => echo.join('news'), 'presence-news'],
        ['encrypted', (echo) => echo.encryptedPrivate('news'), 'private-encrypted-news'],
      ]) {
        test(`listens on a ${kind} channel until it leaves`, async () => {
          const { http } = app('members-key');
          const echo = visit('ada');
          const channel = open(echo);
          await subscribed(channel);
          const heard = hear(posted, (resolve) => channel.listen('Posted', resolve));
          const named = hear('order.shipped', (resolve) => channel.listen('.order.shipped', resolve));

          await http.trigger(channelName, posted, { text: 'Grüße' });
          await http.trigger(channelName, 'order.shipped', { id: 1 });

          assert.deepEqual(await Promise.all([heard, named]), [{ text: 'Grüße' }, { id: 1 }]);
          const missed = [];
          channel.listen('Posted', (event) => missed.push(event));
          echo.leave('news');
          await settled(echo.connector.pusher);
          await http.trigger(channelName, posted, {});
          await settled(echo.connector.pusher);
          assert.deepEqual(missed, []);
        });
      }

      test('the others hear what one socket broadcasts toOthers()', async () => {
        const [ada, bob] = [visit('ada'), visit('bob')];
        const channels = [ada, bob].map((echo) => echo.private('news'));
        await Promise.all(channels.map(subscribed));
        const [own, heard] = [[], []];
        const last = [own, heard].map((seen, index) => hear('the second event', (resolve) => {
          channels[index].listen('Posted', (event) => { seen.push(event); return event.id === 2 && resolve(); });
        }));

        await app('members-key').http.trigger('private-news', posted, { id: 1 }, { socket_id: ada.socketId() });
        await app('members-key').http.trigger('private-news', posted, { id: 2 });

        await Promise.all(last);
        assert.deepEqual([own, heard], [[{ id: 2 }], [{ id: 1 }, { id: 2 }]]);
      });

      for (const [kind, open] of [
        ['private', (echo) => echo.private('room')],
        ['presence', (echo) => echo.join('room')],
      ]) {
        test(`whispers on a ${kind} channel`, async () => {
          const [ada, bob] = [visit('ada'), visit('bob')].map(open);
          await Promise.all([subscribed(ada), subscribed(bob)]);
          const heard = hear('the whisper', (resolve) => bob.listenForWhisper('typing', resolve));

          ada.whisper('typing', { name: 'Ada', nothing: {} });

          assert.deepEqual(await heard, { name: 'Ada', nothing: {} });
        });
      }

      test('knows who is here, who joins and who leaves', async () => {
        const ada = visit('ada').join('room');
        const joining = hear('somebody joins', (resolve) => ada.joining(resolve));
        const leaving = hear('somebody leaves', (resolve) => ada.leaving(resolve));
        assert.deepEqual(await hear('who is here', (resolve) => ada.here(resolve)), [{ name: 'ada' }]);

        const bob = visit('bob');
        const here = await hear('who is here', (resolve) => bob.join('room').here(resolve));

        assert.deepEqual(here, [{ name: 'ada' }, { name: 'bob' }]);
        assert.deepEqual(await joining, { name: 'bob' });
        bob.leave('room');
        assert.deepEqual(await leaving, { name: 'bob' });
      });

      test('hears notifications of a user', async () => {
        const channel = visit('ada').private('App.Models.User.1');
        await subscribed(channel);
        const heard = hear('the notification', (resolve) => channel.notification(resolve));

        await app('members-key').http.trigger('private-App.Models.User.1',
          'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated', { id: 'a', type: 'InvoicePaid' });

        assert.deepEqual(await heard, { id: 'a', type: 'InvoicePaid' });
      });

      test('is told that a subscription failed', async () => {
        const sign = (_request, answer) => answer(new Error('403'), null);
        const channel = visit('ada', { sign }).private('news');

        const error = await hear('the error', (resolve) => channel.error(resolve));

        assert.deepEqual(error, { type: 'AuthError', error: '403' });
      });

      test('makes its own pusher-js from the options of resources/js/echo.js', async () => {
        const { key, port } = app('members-key');
        const echo = new Echo({
          broadcaster: 'reverb', key, Pusher, wsHost: '127.0.0.1', wsPort: port, wssPort: port, forceTLS: false,
          enabledTransports: ['ws', 'wss'], withoutInterceptors: true,
        });
        app('members-key').farewells.push(() => echo.disconnect());

        await state(echo.connector.pusher, 'connected');

        assert.equal(echo.socketId(), echo.connector.pusher.connection.socket_id);
      });

      function visit(name, options) {
        const member = { user_id: name, user_info: { name } };
        const client = app('members-key').client(Pusher, { member, ...options });

        return new Echo({ broadcaster: 'reverb', key: client.key, client, withoutInterceptors: true });
      }
    });
  }
}

function subscribed(channel) {
  return hear(`the subscription to ${channel.name}`, (resolve) => channel.subscribed(resolve));
}
