// Presence channels in the eyes of stock pusher-js: the members object, and who comes and goes.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pushers } from './support/generations.mjs';
import { collect, event, hear, settled, subscribed } from './support/listen.mjs';
import { serve } from './support/serve.mjs';

const app = serve();
const ada = { user_id: 'ada', user_info: { name: 'Ada', tags: {}, nick: null } };
const seven = { user_id: 7, user_info: { name: 'Seven' } };
const bare = { user_id: 'bare' };

for (const { name, Pusher } of pushers) {
  describe(name, { timeout: 600_000 }, () => {
    test('the members object has everybody, numeric ids and missing infos included', async () => {
      const [first] = await enter(ada);
      const added = collect(first, 'pusher:member_added');
      await enter(seven);
      await enter(bare);

      const [, members] = await enter({ user_id: '8', user_info: 'text' });

      assert.equal(members.count, 4);
      assert.equal(members.myID, '8');
      assert.deepEqual(members.me, { id: '8', info: 'text' });
      assert.deepEqual(members.get('ada'), { id: 'ada', info: { name: 'Ada', tags: {}, nick: null } });
      assert.deepEqual(members.get(7), { id: 7, info: { name: 'Seven' } });
      assert.deepEqual(members.get('bare'), { id: 'bare', info: null });
      assert.equal(members.get('nobody'), null);
      await added.all(3);
      assert.deepEqual(ids(first.members), ['7', '8', 'ada', 'bare']);
    });

    test('a numeric id is the member’s own', async () => {
      const [, members] = await enter(seven);

      assert.equal(members.myID, 7);
      assert.deepEqual(members.me, { id: 7, info: { name: 'Seven' } });
    });

    test('members are told who comes and who goes', async () => {
      const [channel] = await enter(ada);

      const added = event(channel, 'pusher:member_added');
      const [other] = await enter(seven);
      assert.deepEqual(await added, { id: 7, info: { name: 'Seven' } });
      assert.equal(channel.members.count, 2);

      const removed = event(channel, 'pusher:member_removed');
      other.pusher.disconnect();
      assert.deepEqual(await removed, { id: 7, info: { name: 'Seven' } });
      assert.deepEqual([channel.members.count, ids(channel.members)], [1, ['ada']]);
    });

    test('a user with two sockets is one member until the last is gone', async () => {
      const [watcher] = await enter(ada);
      const [added, removed] = ['added', 'removed'].map((what) => collect(watcher, `pusher:member_${what}`));
      const [one] = await enter(seven);
      const [two, members] = await enter({ user_id: '7', user_info: { name: 'another' } });
      assert.equal(members.count, 2);
      await added.all(1);

      one.pusher.unsubscribe('presence-room');
      await settled(one.pusher);
      await settled(watcher.pusher);
      assert.deepEqual([added.seen.length, removed.seen.length], [1, 0]);

      two.pusher.disconnect();
      await removed.all(1);
      assert.deepEqual(ids(watcher.members), ['ada']);
    });

    test('client events carry the id of who sent them, as its type was', async () => {
      const [listener] = await enter(ada);
      const [sender] = await enter(seven);
      const heard = hear('the client event', (resolve) => {
        listener.bind('client-typing', (data, metadata) => resolve([data, metadata]));
      });

      sender.trigger('client-typing', { fast: true });

      assert.deepEqual(await heard, [{ fast: true }, { user_id: 7 }]);
    });

    test('coming back makes a new member', async () => {
      const [watcher] = await enter(ada);
      const [channel] = await enter(seven);
      const removed = event(watcher, 'pusher:member_removed');
      channel.pusher.unsubscribe('presence-room');
      await removed;

      const added = event(watcher, 'pusher:member_added');
      const members = await subscribed(channel.pusher.subscribe('presence-room'));

      assert.deepEqual(await added, { id: 7, info: { name: 'Seven' } });
      assert.equal(members.count, 2);
    });

    async function enter(member) {
      const channel = app('members-key').client(Pusher, { member }).subscribe('presence-room');

      return [channel, await subscribed(channel)];
    }
  });
}

function ids(members) {
  const all = [];
  members.each((member) => all.push(member.id));

  return all.sort();
}
