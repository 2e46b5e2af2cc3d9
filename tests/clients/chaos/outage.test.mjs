// Redis is away for a minute and comes back empty, while three servers go on publishing to their own clients.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { missing, wrongAnswers, wrongLists } from './support/checker.mjs';
import { Storm } from './support/storm.mjs';

const OUTAGE = 60_000;

/** Within this time after its return the cluster's truth is whole again, and what was owed has arrived. */
const RECOVERY = 5_000;

describe('Redis is away for a minute', { timeout: 400_000 }, () => {
  const storm = new Storm({ seed: 1, nodes: 3, visitors: 100, publishers: 2 });
  let isOver = false;

  before(async () => {
    await storm.start();
    await storm.settle();
    storm.publishers = [0, 1].map((index) => storm.publisher(index, () => isOver));
  });
  after(() => storm.stop());

  test('whoever is here stays, and what was published arrives everywhere once it is back', async (context) => {
    const published = Promise.all(storm.publishers.map((publisher) => publisher.run()));
    const end = storm.history.disturb('Redis is away');
    await storm.redis.kill();
    await pause(OUTAGE);
    await storm.redis.start();
    end();
    isOver = true;
    await published;
    const back = performance.now();
    // What counts is when a look begins: on a busy machine it takes long to ask everybody.
    let began;
    let wrong;
    do {
      await pause(50);
      began = performance.now();
      const answers = await Promise.all(storm.nodes.map((node) => wrongAnswers(storm, node)));
      wrong = [...wrongLists(storm.visitors), ...answers.flat(), ...missing(storm)];
    } while (wrong.length > 0 && began - back < RECOVERY);
    context.diagnostic(`whole again after ${Math.round(began - back)} ms`);

    assert.deepEqual(wrong.slice(0, 10), []);
    assert.deepEqual(storm.complaints, []);
    assert.deepEqual(storm.publishers.flatMap((publisher) => [...publisher.refusals]), []);
    assert.deepEqual(storm.nodes.flatMap((node) => node.unexpectedEnds), []);
    assert.ok(storm.visitors.every((visitor) => visitor.subscriptions.every(({ until }) => until === null)), 'somebody was disconnected');
    assert.ok(storm.publishers.every((publisher) => publisher.accepted.length > 100), 'hardly anything was published');
  });
});
