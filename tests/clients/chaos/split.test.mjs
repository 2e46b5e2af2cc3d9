// One of two servers is cut off from Redis by the network, for longer than its lease, and comes back. Its clients and its
// publishers still reach it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import PusherHttp from 'pusher';

import { freePorts } from '../../e2e/support/free-ports.mjs';
import { Server } from '../support/server.mjs';
import { Island } from './support/island.mjs';
import { Publisher } from './support/publisher.mjs';
import { Redis } from './support/redis.mjs';
import { Visitor } from './support/visitor.mjs';

const application = { appId: '1', key: 'members-key', secret: 'members-secret' };
const room = 'presence-room';

/** Members of a server that is gone are gone for all others within this time. */
const GHOSTS = 15_000;

/** How long anything else may take before the test gives up. */
const PATIENCE = 30_000;

describe('a server whose network to Redis is cut, and healed', { timeout: 180_000 }, () => {
  const island = new Island();
  const complaints = [];
  const visitors = [];
  let redis;
  let nodes = [];
  let publishers = [];
  let published;
  let isOver = false;

  const [mainland, cutOff] = [0, 1];

  before(async () => {
    await island.start();
    const [port] = await freePorts(1);
    redis = new Redis(port, ['127.0.0.1', island.redis.outside]);
    await redis.start();
    nodes = await Promise.all([
      start('mainland', '127.0.0.1', { redis: '127.0.0.1' }),
      start('cut off', island.visitors.inside, { redis: island.redis.outside, within: island.entrance }),
    ]);
    visit(mainland, 'ada');
    visit(cutOff, 'bob');
    publishers = nodes.map(publisher);
  });
  after(async () => {
    isOver = true;
    await published;
    visitors.forEach((visitor) => visitor.client.disconnect());
    await Promise.all(nodes.map((node) => node.server.stop()));
    await redis?.remove();
    await island.stop();
  });

  async function start(name, host, { redis: redisHost, within }) {
    const scaling = { channel: 'reverb', servers: [{ host: redisHost, port: redis.port }] };
    const server = await Server.start({ within, host, workers: 2, scaling });

    return { name, host, port: server.port, server, lives: 1 };
  }

  function visit(index, userId) {
    const { host, port } = nodes[index];
    const http = new PusherHttp({ ...application, host, port });
    const visitor = new Visitor(userId, { host, port, http, key: application.key, userId, complain: (what) => complaints.push(what) });
    visitor.enter(room);
    visitors.push(visitor);
  }

  function publisher(node) {
    return new Publisher(node.name, {
      application,
      stopped: () => isOver,
      pace: () => pause(50),
      choose: () => ({ node, channel: room }),
    });
  }

  const visitor = (name) => visitors.find((visitor) => visitor.name === name);
  const list = (name) => [...visitor(name).current.get(room)?.members ?? []].sort().join();
  const ask = async (index, path) => {
    const { host, port } = nodes[index];

    return new PusherHttp({ ...application, host, port, timeout: 5_000 }).get({ path });
  };
  const users = async (index) => {
    const answer = await (await ask(index, `/channels/${room}/users`)).json();

    return (answer.users ?? []).map(({ id }) => id).sort().join();
  };

  /** Waits until it is so; gives how long that took. */
  async function until(what, isSo, milliseconds = PATIENCE) {
    const began = performance.now();
    while (!(await isSo())) {
      assert.ok(performance.now() - began < milliseconds, `still waiting for ${what}; lists: ${visitors.map(({ name }) => `${name}: ${list(name)}`)}`);
      await pause(20);
    }

    return Math.round(performance.now() - began);
  }

  /** What was accepted at a server and never reached a visitor. */
  function lost(index, name) {
    const heard = new Set(visitor(name).subscriptions.flatMap((subscription) => [...subscription.heard]));

    return publishers[index].accepted.filter(({ event }) => !heard.has(event));
  }

  test('is one with the other at first', async () => {
    await until('both to know both', () => list('ada') === 'ada,bob' && list('bob') === 'ada,bob');
    published = Promise.all(publishers.map((publisher) => publisher.run()));
  });

  test('goes on by itself, and says what it does not know', async (context) => {
    await island.cut();
    context.diagnostic(`noticed after ${await until('the warning', () => nodes[cutOff].server.program.output.includes('No connection to Redis'))} ms`);
    const began = performance.now();
    const answer = await ask(cutOff, '/connections');
    const { connections } = await answer.json();

    assert.equal(answer.headers.get('Reverb-Incomplete'), 'redis');
    assert.equal(connections, 1);
    assert.ok(performance.now() - began < 5_000, 'the answer took too long');
    visit(cutOff, 'eve');
    await until('those who are here to know each other', () => list('bob') === 'ada,bob,eve' && list('eve') === 'ada,bob,eve');
    const own = publishers[cutOff].accepted.at(-1);
    await until('a later event', () => publishers[cutOff].accepted.length > publishers[cutOff].accepted.indexOf(own) + 10);
    await until('its events', () => lost(cutOff, 'bob').length === 0);
  });

  test('has no members any more for the other within 15 s', async (context) => {
    context.diagnostic(`gone after ${await until('bob to be gone', () => list('ada') === 'ada', GHOSTS)} ms more`);

    assert.equal(await users(mainland), 'ada');
    assert.equal((await (await ask(mainland, '/connections')).json()).connections, 1);
  });

  test('is one with the other again when it is healed, and what either owed arrives once and in order', async (context) => {
    await island.heal();
    const everybody = 'ada,bob,eve';
    const isWhole = async () => ['ada', 'bob', 'eve'].every((name) => list(name) === everybody)
      && await users(mainland) === everybody && await users(cutOff) === everybody;
    context.diagnostic(`whole again after ${await until('the whole truth', isWhole)} ms`);
    const enough = publishers.map(({ accepted }) => accepted.length + 20);
    await until('further events', () => publishers.every(({ accepted }, index) => accepted.length >= enough[index]));
    isOver = true;
    await published;
    context.diagnostic(`what was owed came after ${await until('what was owed', () => lost(cutOff, 'ada').length === 0)} ms more`);
    context.diagnostic(`what was missed came after ${await until('what was missed', () => lost(mainland, 'bob').length === 0)} ms more`);
    context.diagnostic(`of ${publishers.map(({ accepted }) => accepted.length)} events`);

    assert.deepEqual(lost(mainland, 'ada'), []);
    assert.deepEqual(lost(cutOff, 'bob'), []);
    assert.deepEqual(complaints, []);
    assert.deepEqual(publishers.flatMap(({ refusals }) => [...refusals]), []);
    assert.deepEqual(visitors.flatMap(({ subscriptions }) => subscriptions.map(({ until }) => until)), [null, null, null], 'somebody was disconnected');
  });
});
