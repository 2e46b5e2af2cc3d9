// A server with TLS, and stock clients that verify its certificate; only the browser is told to trust it unseen.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { echoes, pushers } from './support/generations.mjs';
import { event, hear, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const key = (name) => fileURLToPath(new URL(`../tls/keys/${name}`, import.meta.url));
const app = serve({
  options: { tls: { local_cert: key('certificate.pem'), local_pk: key('pkcs8-aes256.pem'), passphrase: 'open sesame' } },
});
const posted = 'App\\Events\\Posted';
// More than a record holds.
const text = 'Grüße 👋 '.repeat(700);

for (const { name, Pusher } of pushers) {
  describe(name, { timeout: 600_000 }, () => {
    test('talks over wss, and hears what was published over https', async () => {
      const client = app('members-key').client(Pusher, { member: { user_id: 'ada' } });
      const channels = ['news', 'private-news', 'presence-news'].map((channel) => client.subscribe(channel));
      await Promise.all(channels.map(subscribed));
      const heard = channels.map((channel) => event(channel, posted));

      await app('members-key').http.trigger(channels.map((channel) => channel.name), posted, { text });

      assert.deepEqual(await Promise.all(heard), [{ text }, { text }, { text }]);
    });
  });

  for (const { name: above, Echo } of echoes) {
    test(`${above} on ${name} needs no other options than Laravel gives it`, { timeout: 600_000 }, async () => {
      const { port } = app('members-key');
      const echo = new Echo({
        broadcaster: 'reverb', key: 'members-key', Pusher, wsHost: 'localhost', wsPort: port, wssPort: port,
        forceTLS: true, enabledTransports: ['ws', 'wss'],
      });
      app('members-key').farewells.push(() => echo.disconnect());
      const channel = echo.channel('news');
      await subscribed(channel.subscription);
      const heard = hear(posted, (resolve) => channel.listen('Posted', resolve));

      await app('members-key').http.trigger('news', posted, { text });

      assert.deepEqual(await heard, { text });
    });
  }
}

describe('in a browser', { timeout: 600_000 }, () => {
  let browser;

  before(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  });
  after(() => browser.close());

  test('pusher-js talks over wss', async () => {
    const application = app('members-key');
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    application.farewells.push(() => context.close());
    const page = await context.newPage();
    await page.addScriptTag({ path: fileURLToPath(new URL('node_modules/pusher-js/dist/web/pusher.min.js', import.meta.url)) });
    await page.evaluate((port) => new Promise((resolve) => {
      const client = new Pusher('members-key', {
        wsHost: 'localhost', wsPort: port, wssPort: port, forceTLS: true, enabledTransports: ['ws', 'wss'], cluster: '',
      });
      const channel = client.subscribe('news');
      channel.bind('pusher:subscription_succeeded', resolve);
      window.heard = new Promise((hear) => { channel.bind('App\\Events\\Posted', hear); });
    }), application.port);

    await application.http.trigger('news', posted, { text });

    assert.deepEqual(await page.evaluate(() => window.heard), { text });
  });
});
