// Events that the extension encrypts, read by stock pusher-js, whichever way they take to the server.

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';

import { pushers } from './support/generations.mjs';
import { collect, hear, settled, subscribed } from './support/listen.mjs';
import { Publisher } from './support/publisher.mjs';
import { Server } from './support/server.mjs';

const application = { app_id: '1', key: 'members-key', secret: 'members-secret' };
const masterKey = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64');
const anotherKey = Buffer.from('fedcba9876543210fedcba9876543210').toString('base64');
const channelName = 'private-encrypted-news';
const farewells = [];
const data = { text: 'Grüße 👋', list: [], nothing: {} };

// The last first, so that clients leave before their server does.
afterEach(async () => {
  while (farewells.length > 0) {
    await farewells.pop()();
  }
});

for (const { name, Pusher } of pushers) {
  describe(name, { timeout: 600_000 }, () => {
    for (const way of ['process', 'unix', 'http']) {
      test(`reads what came by the way "${way}", alone and in a batch`, async () => {
        const { publisher, port } = await open(way);
        const client = visit(Pusher, port, (request) => authorization(publisher, request));
        const channel = client.subscribe(channelName);
        await subscribed(channel);
        const heard = collect(channel, 'posted');
        const wire = onTheWire(client, 'posted');

        await publisher.call('publish', [channelName], 'posted', JSON.stringify(data));
        await publisher.call('publishBatch', [
          { channels: ['news'], event: 'posted', data: '1' },
          { channels: [channelName], event: 'posted', data: '2' },
        ]);

        assert.deepEqual(await heard.all(2), [data, 2]);
        assert.deepEqual(Object.keys(await wire), ['nonce', 'ciphertext']);
        assert.equal(await publisher.call('route'), way);
      });
    }

    test('asks for the new secret when the application has another key', async () => {
      const { publisher, options, port } = await open('http');
      const rotated = await start({ ...options, encryption_master_key_base64: anotherKey });
      let signer = publisher;
      const channel = visit(Pusher, port, (request) => authorization(signer, request)).subscribe(channelName);
      await subscribed(channel);
      const heard = collect(channel, 'posted');

      signer = rotated;
      await rotated.call('publish', [channelName], 'posted', '"after the change"');

      assert.deepEqual(await heard.all(1), ['after the change']);
    });

    test('reports and drops what was encrypted with a key that it cannot get', async () => {
      const { publisher, options, port } = await open('http');
      const rotated = await start({ ...options, encryption_master_key_base64: anotherKey });
      // Before there is a client: that is when pusher-js looks at it.
      const complaint = hear('a complaint', (resolve) => {
        Pusher.log = (text) => text.includes('Dropping encrypted event') && resolve(text);
      });
      farewells.push(() => { Pusher.log = undefined; });
      const client = visit(Pusher, port, (request) => authorization(publisher, request));
      const channel = client.subscribe(channelName);
      await subscribed(channel);
      const heard = collect(channel, 'posted');

      await rotated.call('publish', [channelName], 'posted', '"unreadable"');
      await complaint;
      await publisher.call('publish', [channelName], 'posted', '"readable"');

      assert.deepEqual(await heard.all(1), ['readable']);
      await settled(client);
      assert.deepEqual(heard.seen, ['readable']);
    });
  });
}

/** A server, and a publisher that reaches it by one way. */
async function open(way) {
  const options = { ...application, encryption_master_key_base64: masterKey };

  if (way === 'process') {
    const publisher = await start(options, { serve: true });

    return { publisher, options, port: publisher.port };
  }

  const socket = join(tmpdir(), `reverb-clients-${process.pid}.sock`);
  const server = await Server.start({ socket });
  farewells.push(() => server.stop());
  const address = way === 'unix' ? { socket } : { scheme: 'http', host: '127.0.0.1', port: server.port };
  const reaching = { ...options, ...address };

  return { publisher: await start(reaching), options: reaching, port: server.port };
}

async function start(...args) {
  const publisher = await Publisher.start(...args);
  farewells.push(() => publisher.leave());

  return publisher;
}

function visit(Pusher, port, sign) {
  const client = new Pusher(application.key, {
    wsHost: '127.0.0.1',
    wsPort: port,
    forceTLS: false,
    enabledTransports: ['ws'],
    cluster: '',
    channelAuthorization: { customHandler: (request, answer) => sign(request).then((auth) => answer(null, auth), answer) },
  });
  farewells.push(() => client.disconnect());

  return client;
}

function authorization(publisher, { socketId, channelName: channel }) {
  return publisher.call('authorizeChannel', socketId, channel);
}

function onTheWire(client, event) {
  return hear(`${event} as it travels`, (resolve) => {
    client.connection.bind('message', (message) => message.event === event && resolve(message.data));
  });
}
