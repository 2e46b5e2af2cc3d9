// The builds that browsers load, in a headless Chromium, which offers permessage-deflate as Node.js' clients do not.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { serve } from './support/serve.mjs';

const flags = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'];
// Large enough to be compressed, and alike enough to be worth it.
const text = 'Grüße aus dem Browser 👋 '.repeat(100);
const posted = 'App\\Events\\Posted';
let browser;

before(async () => { browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags }); });
after(() => browser.close());

for (const [compression, extensions] of [[false, /^undefined$/], [true, /^permessage-deflate\b/]]) {
  describe(`${compression ? 'with' : 'without'} compression`, { timeout: 600_000 }, () => {
    const app = serve({ compression });

    for (const generation of ['pusher-js', 'pusher-js-7']) {
      test(`${generation} has every kind of channel`, async () => {
        const page = await open(app('members-key'), `${generation}/dist/web/pusher-with-encryption.min.js`);
        const names = ['news', 'private-news', 'presence-news', 'private-encrypted-news', 'cache-news'];
        const count = await page.evaluate(async (names) => {
          const channels = names.map((name) => pusher.subscribe(name));
          await Promise.all(channels.map((channel) => new Promise((resolve) => {
            channel.bind('pusher:subscription_succeeded', resolve);
          })));
          window.heard = Promise.all(channels.map((channel) => new Promise((resolve) => {
            const events = [];
            channel.bind('App\\Events\\Posted', (event) => events.push(event) === 3 && resolve(events));
          })));

          return pusher.channel('presence-news').members.count;
        }, names);

        for (const name of names) {
          for (let id = 1; id <= 3; id += 1) {
            await app('members-key').http.trigger(name, posted, { id, text });
          }
        }

        const expected = [1, 2, 3].map((id) => ({ id, text }));
        assert.deepEqual(await page.evaluate(() => window.heard), names.map(() => expected));
        assert.equal(count, 1);
        assert.match(String(page.extensions), extensions);
      });

      test(`${generation} whispers to another tab`, async () => {
        const build = `${generation}/dist/web/pusher.min.js`;
        const [ada, bob] = [await open(app('members-key'), build), await open(app('members-key'), build)];
        for (const page of [ada, bob]) {
          await page.evaluate(() => new Promise((resolve) => {
            const channel = pusher.subscribe('private-room');
            window.heard = new Promise((hear) => { channel.bind('client-typing', hear); });
            channel.bind('pusher:subscription_succeeded', resolve);
          }));
        }

        await ada.evaluate((data) => pusher.channel('private-room').trigger('client-typing', data), { text, nothing: {} });

        assert.deepEqual(await bob.evaluate(() => window.heard), { text, nothing: {} });
      });
    }

    for (const [generation, below] of [['laravel-echo', 'pusher-js'], ['laravel-echo-1', 'pusher-js-7']]) {
      test(`${generation} listens and knows who is here`, async () => {
        const page = await open(app('members-key'), `${below}/dist/web/pusher.min.js`, `${generation}/dist/echo.iife.js`);
        const here = await page.evaluate(() => new Promise((resolve) => {
          // The build of Echo 2 is a module as a variable...
          const echo = new (Echo.default ?? Echo)({ broadcaster: 'reverb', key: pusher.key, client: pusher });
          const room = echo.join('room').here(resolve);
          window.heard = new Promise((hear) => { room.listen('Posted', hear); });
        }));

        await app('members-key').http.trigger('presence-room', posted, { text });

        assert.deepEqual(await page.evaluate(() => window.heard), { text });
        assert.deepEqual(here, [{ name: 'Ada' }]);
      });
    }
  });
}

/** A tab with a connected `pusher`, and with what the server said about extensions in `extensions`. */
async function open(application, ...scripts) {
  const context = await browser.newContext();
  application.farewells.push(() => context.close());
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  network.on('Network.webSocketHandshakeResponseReceived', ({ response }) => {
    page.extensions = response.headers['Sec-WebSocket-Extensions'];
  });
  await page.exposeFunction('sign', (socketId, channelName) => {
    const member = { user_id: 'ada', user_info: { name: 'Ada' } };

    return application.http.authorizeChannel(socketId, channelName, channelName.startsWith('presence-') ? member : undefined);
  });
  for (const script of scripts) {
    await page.addScriptTag({ path: fileURLToPath(new URL(`node_modules/${script}`, import.meta.url)) });
  }
  await page.evaluate(({ key, port }) => new Promise((resolve) => {
    window.pusher = new Pusher(key, {
      wsHost: '127.0.0.1',
      wsPort: port,
      forceTLS: false,
      enabledTransports: ['ws'],
      cluster: '',
      channelAuthorization: {
        customHandler: async ({ socketId, channelName }, answer) => answer(null, await sign(socketId, channelName)),
      },
    });
    pusher.connection.bind('connected', resolve);
  }), { key: application.key, port: application.port });

  return page;
}
