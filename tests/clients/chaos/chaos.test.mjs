// A cluster in a storm: servers and Redis are killed, stopped and told rubbish, while visitors come, go and publish.
// Afterwards what every client saw is compared with what was accepted, and what the servers say with what is so.
//
// CHAOS_SEED has a storm again, as far as the machine's own timing allows; CHAOS_SECONDS makes it longer.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { missing, unwanted, wrongAnswers, wrongLists } from './support/checker.mjs';
import { Storm } from './support/storm.mjs';

const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 32));
const seconds = Number(process.env.CHAOS_SECONDS ?? 60);

/** A dead server's members are gone for all others within this time. */
const GHOSTS = 15_000;

describe(`a storm of ${seconds} s with CHAOS_SEED=${seed}`, { timeout: (seconds + 400) * 1000 }, () => {
  const storm = new Storm({ seed });

  before(async () => {
    await storm.start();
    await storm.settle();
    await storm.rage(seconds * 1000);
  });
  after(() => storm.stop());

  test('happened: faults of each kind, events, subscriptions', (context) => {
    const accepted = storm.publishers.flatMap((publisher) => publisher.accepted);
    const heard = storm.visitors.flatMap((visitor) => visitor.subscriptions).reduce((sum, { heard: { size } }) => sum + size, 0);
    const refusals = storm.publishers.flatMap((publisher) => [...publisher.refusals]);
    context.diagnostic(`${accepted.length} events accepted, ${heard} deliveries, refusals ${JSON.stringify(refusals)}`);
    storm.history.log.forEach((line) => context.diagnostic(line));

    assert.ok(accepted.length > seconds * 10, `only ${accepted.length} events were accepted`);
    assert.ok(heard > accepted.length, `only ${heard} deliveries`);
  });

  test('no server ended but by our hand', () => {
    assert.deepEqual(storm.nodes.flatMap((node) => node.unexpectedEnds), []);
  });

  test('within 15 s after it every member list is true, and every server tells the truth', async (context) => {
    const over = performance.now();
    // What counts is when a look begins: on a busy machine it takes long to ask everybody.
    let began;
    let wrong;
    do {
      await pause(250);
      began = performance.now();
      const answers = await Promise.all(storm.nodes.map((node) => wrongAnswers(storm, node)));
      wrong = [...wrongLists(storm.visitors), ...answers.flat()];
    } while (wrong.length > 0 && began - over < GHOSTS);
    context.diagnostic(`true after ${Math.round(began - over)} ms`);

    assert.deepEqual(wrong.slice(0, 10), []);
  });

  test('nobody got an event twice or out of its publisher’s order, nor a member twice', () => {
    assert.deepEqual(storm.complaints.slice(0, 10), []);
  });

  test('every accepted event reached every subscriber', () => {
    assert.deepEqual(missing(storm).slice(0, 10), []);
  });

  test('no event reached the connection it was not for', () => {
    assert.deepEqual(unwanted(storm), []);
  });
});
