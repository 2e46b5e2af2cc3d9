// Public, private and presence channels, client events and toOthers(), through the application's own
// /broadcasting/auth, with stock pusher-js and both generations of Laravel Echo.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { App } from './support/app.mjs';
import { collect, event, hear, state, subscribed } from './support/hear.mjs';
import { Visitor } from './support/visitor.mjs';

const posted = 'App\\Events\\MessagePosted';
let app;
let ada;
let bob;

before(async () => { app = await App.start(); });
after(() => app.stop());

describe('pusher-js', () => {
  before(arrive);
  afterEach(leave);

  test('an event fired by an HTTP request reaches every subscriber of a public channel', async () => {
    const channels = [ada, bob].map((visitor) => visitor.pusher().subscribe('messages'));
    await Promise.all(channels.map(subscribed));
    const heard = channels.map((channel) => event(channel, posted));

    const response = await ada.request('POST', '/messages', { text: 'Grüße 👋' });

    assert.equal(response.status, 204);
    for (const data of await Promise.all(heard)) {
      assert.equal(data.text, 'Grüße 👋');
      assert.equal(data.author, ada.settings.visitor.name);
    }
  });

  test('a visitor may subscribe to its own private channel', async () => {
    const data = await subscribed(ada.pusher().subscribe(`private-App.Models.User.${ada.id}`));

    assert.deepEqual(data, {});
  });

  test('a visitor may not subscribe to the private channel of another', async () => {
    const channel = ada.pusher().subscribe(`private-App.Models.User.${bob.id}`);

    const error = await hear('the refusal', (resolve) => channel.bind('pusher:subscription_error', resolve));

    assert.equal(error.type, 'AuthError');
    assert.match(error.error, /403/);
  });

  test('a signature that is not the application’s is refused by the server', async () => {
    const client = ada.pusher();
    ada.authorize = (_request, answer) => answer(null, { auth: `${ada.settings.key}:${'0'.repeat(64)}` });

    client.subscribe('private-anything');
    const error = await hear('the error', (resolve) => client.connection.bind('error', resolve));

    delete ada.authorize;
    assert.equal(error.data.code, 4009);
  });

  test('toOthers() leaves out the connection that asked, and nobody else', async () => {
    const [own, other] = [ada.pusher(), bob.pusher()];
    const channels = [own, other].map((client) => client.subscribe('messages'));
    await Promise.all(channels.map(subscribed));
    const [atAda, atBob] = channels.map((channel) => collect(channel, posted));

    await ada.request('POST', '/messages', { text: 'to others' }, { 'X-Socket-ID': own.connection.socket_id });
    await ada.request('POST', '/messages', { text: 'to all' });

    assert.deepEqual((await atBob.all(2)).map(({ text }) => text), ['to others', 'to all']);
    assert.deepEqual((await atAda.all(1)).map(({ text }) => text), ['to all']);
  });

  test('a client event reaches the other members and not its sender', async () => {
    const channels = [ada, bob].map((visitor) => visitor.pusher().subscribe('presence-room'));
    await Promise.all(channels.map(subscribed));
    const [atAda, atBob] = channels.map((channel) => collect(channel, 'client-typing'));

    channels[0].trigger('client-typing', { turn: 1 });
    await atBob.all(1);
    channels[1].trigger('client-typing', { turn: 2 });

    assert.deepEqual(await atAda.all(1), [{ turn: 2 }]);
    assert.deepEqual(atBob.seen, [{ turn: 1 }]);
  });
});

for (const version of [2, 1]) {
  describe(`Laravel Echo ${version}`, () => {
    before(arrive);
    afterEach(leave);

    test('listens to an event by its class name', async () => {
      const echo = ada.echo(version);
      const heard = hear('the event', (resolve) => echo.channel('messages').listen('MessagePosted', resolve));
      await subscribed(echo.channel('messages').subscription);

      await bob.request('POST', '/messages', { text: 'through Echo' });

      assert.equal((await heard).text, 'through Echo');
    });

    test('sees who is here, who joins and who leaves', async () => {
      const room = ada.echo(version).join('room');
      const here = await hear('here()', (resolve) => room.here(resolve));
      const joining = hear('joining()', (resolve) => room.joining(resolve));
      const leaving = hear('leaving()', (resolve) => room.leaving(resolve));

      const bobs = bob.echo(version).join('room');
      const seenByBob = await hear('here()', (resolve) => bobs.here(resolve));
      bob.leave();

      assert.deepEqual(here, [ada.settings.visitor]);
      assert.deepEqual(byId(seenByBob), byId([ada.settings.visitor, bob.settings.visitor]));
      assert.deepEqual(await joining, bob.settings.visitor);
      assert.deepEqual(await leaving, bob.settings.visitor);
    });

    test('whispers', async () => {
      const [hers, his] = [ada, bob].map((visitor) => visitor.echo(version).join('room'));
      await Promise.all([hers, his].map((room) => hear('here()', (resolve) => room.here(resolve))));
      const heard = hear('the whisper', (resolve) => his.listenForWhisper('typing', resolve));

      hers.whisper('typing', { id: ada.id });

      assert.deepEqual(await heard, { id: ada.id });
    });

    test('hears what is addressed to one user only', async () => {
      const echo = ada.echo(version);
      await state(echo.connector.pusher, 'connected');
      const channel = echo.private(`App.Models.User.${ada.id}`);

      await hear('the subscription', (resolve) => channel.subscribed(resolve));
    });
  });
}

async function arrive() {
  [ada, bob] = await Promise.all([Visitor.arrive(app), Visitor.arrive(app)]);
}

function leave() {
  [ada, bob].forEach((visitor) => visitor?.leave());
}

function byId(members) {
  return [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
}
