// The stock HTTP SDK for Node.js: publishing one by one and in batches, questions, and refusals.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import PusherHttp from 'pusher';
import Pusher from 'pusher-js';

import { collect, event, settled, state, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const app = serve();

describe('publishing with the SDK for Node.js', { timeout: 600_000 }, () => {
  test('one event reaches a hundred channels', async () => {
    const names = Array.from({ length: 100 }, (_, number) => `news-${number}`);
    const client = app('members-key').client(Pusher);
    const channels = names.map((name) => client.subscribe(name));
    await Promise.all(channels.map(subscribed));
    const heard = channels.map((channel) => collect(channel, 'posted'));

    const response = await app('members-key').http.trigger(names, 'posted', { id: 1 });

    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {});
    await Promise.all(heard.map((events) => events.all(1)));
    await settled(client);
    assert.deepEqual(heard.map(({ seen }) => seen), names.map(() => [{ id: 1 }]));
  });

  test('the socket that is named does not hear the event', async () => {
    const [ada, bob] = await Promise.all([enter('news'), enter('news')]);
    const [own, heard] = [ada, bob].map((channel) => collect(channel, 'posted'));

    await app('members-key').http.trigger('news', 'posted', 1, { socket_id: ada.pusher.connection.socket_id });
    await app('members-key').http.trigger('news', 'posted', 2);

    assert.deepEqual(await heard.all(2), [1, 2]);
    assert.deepEqual(await own.all(1), [2]);
  });

  test('publishing tells of the channels what it is asked', async () => {
    await Promise.all([enter('news'), enter('news'), enter('presence-room', 7), enter('presence-room', '7')]);

    const response = await app('members-key').http.trigger(['news', 'presence-room', 'empty'], 'posted', 1,
      { info: 'subscription_count,user_count' });

    assert.deepEqual(await response.json(), {
      channels: { news: { subscription_count: 2 }, 'presence-room': { user_count: 1 }, empty: {} },
    });
  });

  test('a batch arrives in its order, each event where it belongs', async () => {
    const [news, secrets] = await Promise.all([enter('news'), enter('private-encrypted-secrets')]);
    const heard = [];
    [news, secrets].forEach((channel) => channel.bind_global((event, data) => {
      return event.startsWith('pusher:') || heard.push([channel.name, event, data]);
    }));
    const last = Promise.all([event(news, 'third'), event(secrets, 'second')]);

    const response = await app('members-key').http.triggerBatch([
      { channel: 'news', name: 'first', data: { id: 1 } },
      { channel: 'private-encrypted-secrets', name: 'second', data: 'secret' },
      { channel: 'elsewhere', name: 'lost', data: {} },
      { channel: 'news', name: 'not for you', data: {}, socket_id: news.pusher.connection.socket_id },
      { channel: 'news', name: 'third', data: 'text' },
    ]);

    assert.deepEqual(await response.json(), { batch: {} });
    await last;
    await Promise.all([settled(news.pusher), settled(secrets.pusher)]);
    assert.deepEqual(heard.filter(([name]) => name === 'news'), [['news', 'first', { id: 1 }], ['news', 'third', 'text']]);
    assert.deepEqual(heard.filter(([name]) => name !== 'news'), [['private-encrypted-secrets', 'second', 'secret']]);
  });

  test('a batch tells of the channels what it is asked', async () => {
    await Promise.all([enter('news'), enter('presence-room', 7)]);

    const response = await app('members-key').http.triggerBatch([
      { channel: 'news', name: 'posted', data: 1, info: 'subscription_count' },
      { channel: 'news', name: 'posted', data: 1 },
      { channel: 'presence-room', name: 'posted', data: 1, info: 'user_count' },
    ]);

    assert.deepEqual(await response.json(), { batch: [{ subscription_count: 1 }, {}, { user_count: 1 }] });
  });
});

describe('asking with the SDK for Node.js', { timeout: 600_000 }, () => {
  test('which channels there are', async () => {
    assert.deepEqual(await app('members-key').get('/channels'), { channels: {} });
    await Promise.all([enter('news'), enter('presence-room', 7), enter('presence-hall', 7), enter('presence-room', 8)]);

    assert.deepEqual(await app('members-key').get('/channels'), {
      channels: { news: {}, 'presence-room': {}, 'presence-hall': {} },
    });
    assert.deepEqual(await app('members-key').get('/channels', { filter_by_prefix: 'presence-', info: 'user_count' }), {
      channels: { 'presence-room': { user_count: 2 }, 'presence-hall': { user_count: 1 } },
    });
    assert.deepEqual(await app('open-key').get('/channels'), { channels: {} });
  });

  test('how one channel is', async () => {
    const answers = async (...channels) => Promise.all(channels.map((channel) => {
      return app('members-key').get(`/channels/${channel}`, { info: 'occupied,user_count,subscription_count,cache' });
    }));
    await Promise.all([enter('news'), enter('news'), enter('presence-room', 7), enter('cache-price')]);
    await app('members-key').http.trigger('cache-price', 'price', { price: 1 });

    assert.deepEqual(await answers('news', 'presence-room', 'empty', 'cache-price'), [
      { occupied: true, subscription_count: 2 },
      { occupied: true, user_count: 1 },
      { occupied: false },
      { occupied: true, subscription_count: 1, cache: { event: 'price', data: '{"price":1}', channel: 'cache-price' } },
    ]);
  });

  test('who is in a presence channel', async () => {
    await enter('presence-room', 7);
    await enter('presence-room', '8');
    await enter('presence-room', '7');

    assert.deepEqual(await app('members-key').get('/channels/presence-room/users'), { users: [{ id: 7 }, { id: '8' }] });
  });

  test('how many connections there are', async () => {
    const clients = [app('members-key').client(Pusher), app('members-key').client(Pusher)];
    await Promise.all(clients.map((client) => state(client, 'connected')));

    assert.deepEqual(await app('members-key').get('/connections'), { connections: 2 });
  });
});

describe('refusing the SDK for Node.js', { timeout: 600_000 }, () => {
  for (const { what, options, request, status, body } of [
    { what: 'a wrong secret', options: { secret: 'wrong' }, status: 401, body: 'Authentication signature invalid.' },
    { what: 'a wrong key', options: { key: 'open-key' }, status: 401, body: 'Authentication signature invalid.' },
    { what: 'an unknown application', options: { appId: '99' }, status: 404, body: 'No matching application for ID [99].' },
    {
      what: 'an event without channels',
      request: (http) => http.trigger([], 'posted', {}),
      status: 422,
      body: '{"channel":["The channel field is required when channels is not present."],'
        + '"channels":["The channels field is required when channel is not present."]}',
    },
    {
      what: 'an event that is too large',
      request: (http) => http.trigger('news', 'posted', 'x'.repeat(10_000)),
      status: 413,
      body: 'Payload too large.',
    },
    { what: 'the users of no channel', request: (http) => http.get({ path: '/channels/presence-x/users' }), status: 404, body: '{}' },
  ]) {
    test(what, async () => {
      const http = new PusherHttp({
        appId: '1', key: 'members-key', secret: 'members-secret', host: '127.0.0.1', port: app('members-key').port, ...options,
      });
      const refused = (request ?? (() => http.get({ path: '/channels' })))(http);

      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof PusherHttp.RequestError);
        assert.deepEqual([error.status, error.body], [status, body]);

        return true;
      });
    });
  }
});

async function enter(name, userId) {
  const client = app('members-key').client(Pusher, { member: { user_id: userId } });
  const channel = client.subscribe(name);
  await subscribed(channel);

  return channel;
}
