// A real nginx before the server: upgrades, the HTTP API, long silence, a path, TLS, and who the client is.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';

import { collect, event, state, subscribed } from '../e2e/support/hear.mjs';
import { block } from './support/readme.mjs';
import { Site, credentials } from './support/site.mjs';

const posted = 'App\\Events\\MessagePosted';
const { REVERB_CERTIFICATE: certificate } = process.env;

/** The site of README.md on these ports. */
const readme = (port, server) => block('proxy_pass', {
  'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
  '/etc/ssl/ws.example.com.crt': `${certificate}/certificate.pem`,
  '/etc/ssl/ws.example.com.key': `${certificate}/key.pem`,
  '127.0.0.1:8080': `127.0.0.1:${server}`,
});

/** The headers that Laravel's documentation of Reverb sets, on every request alike; further lines are a test's. */
const documented = (location = '/', more = '') => (port, server) => `server {
  listen 127.0.0.1:${port};
  location ${location} {
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Scheme $scheme;
    proxy_set_header SERVER_PORT $server_port;
    proxy_set_header REMOTE_ADDR $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
    ${more}
    proxy_pass http://127.0.0.1:${server};
  }
}`;

async function siteOf(t, settings) {
  const site = await Site.start(settings);
  t.after(() => site.stop());

  return site;
}

test('clients and publishers come through the nginx of the documentation', async (t) => {
  const site = await siteOf(t, { proxy: documented() });
  const channel = site.client().subscribe('messages');
  await subscribed(channel);
  const seen = collect(channel, posted);

  const command = await site.artisan('messages:post', 'Hello', '--times=20');

  assert.equal(command.code, 0, command.output);
  assert.deepEqual((await seen.all(20)).map(({ number }) => number), Array.from({ length: 20 }, (_, index) => index + 1));
});

test('the nginx of README.md ends TLS for clients', async (t) => {
  const site = await siteOf(t, { proxy: readme, env: { REVERB_SERVER_SOCKET: `/tmp/reverb-production-${process.pid}.sock` } });
  const channel = site.client({ forceTLS: true }).subscribe('messages');
  await subscribed(channel);
  const message = event(channel, posted);

  const command = await site.artisan('messages:post', 'Hello');

  assert.equal(command.code, 0, command.output);
  assert.equal((await message).text, 'Hello');
});

for (const [whose, settings] of Object.entries({
  client: { REVERB_APP_ACTIVITY_TIMEOUT: '1' },
  server: { REVERB_APP_PING_INTERVAL: '1' },
})) {
  test(`a connection on which nothing happens outlives nginx's patience, thanks to the pings of the ${whose}`, async (t) => {
    const site = await siteOf(t, { proxy: documented('/', 'proxy_read_timeout 5s;'), env: settings });
    const client = site.client();
    await state(client, 'connected');
    const { socket_id: id } = client.connection;
    const signs = collect(client.connection, 'message');

    // One or two seconds apart, so that nginx would have lost its patience meanwhile.
    await signs.all(6);

    assert.deepEqual([client.connection.state, client.connection.socket_id], ['connected', id]);
    assert.match(signs.seen[0].event, /^pusher:p[io]ng$/);
  });
}

test('nginx passes a path on to a server that has it, too', async (t) => {
  const site = await siteOf(t, { proxy: documented('/ws/'), env: { REVERB_SERVER_PATH: '/ws' } });
  await state(site.client({ wsPath: '/ws' }), 'connected');

  const statuses = await Promise.all(['/ws/up', '/up'].map(async (path) => (await fetch(`http://127.0.0.1:${site.proxyPort}${path}`)).status));

  assert.deepEqual(statuses, [200, 404]);
});

test('clients behind nginx are told of a stop, and come back', async (t) => {
  const site = await siteOf(t, { proxy: documented() });
  const client = site.client();
  await state(client, 'connected');
  const errors = collect(client.connection, 'error');

  await site.server.stop();
  const [{ data }] = await errors.all(1);
  await site.startServer();
  await state(client, 'connected');

  assert.equal(data.code, 4100);
});

for (const [trusted, shown] of [['127.0.0.1', '127.0.0.7'], ['127.0.0.0/24,203.0.113.9', '198.51.100.4'], ['*', '127.0.0.7'], ['', '127.0.0.1']]) {
  test(`the server takes a client for ${shown} if it trusts ${trusted || 'nobody'}`, async (t) => {
    const site = await siteOf(t, { proxy: documented(), args: ['--debug'], env: { REVERB_TRUSTED_PROXIES: trusted } });

    // The client claims to have come through another proxy; nginx appends where it really comes from.
    const socket = await upgrade(site.proxyPort, { 'X-Forwarded-For': '198.51.100.4, 203.0.113.9' }, '127.0.0.7');

    assert.equal((await site.server.says(/Client Address \.+ [\d.]+ (\S+)/))[1], shown);
    socket.destroy();
  });
}

/** Opens a WebSocket from an address of this machine. */
async function upgrade(port, headers, localAddress) {
  const handshake = request({
    host: '127.0.0.1',
    port,
    localAddress,
    path: `/app/${credentials.REVERB_APP_KEY}`,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...headers,
    },
  }).end();
  const [, socket] = await once(handshake, 'upgrade');

  return socket;
}
