// A thousand events in a loop, from each kind of process that broadcasts: each arrives exactly once and in order.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { App } from './support/app.mjs';
import { collect, subscribed } from './support/hear.mjs';
import { Visitor } from './support/visitor.mjs';

const count = 1000;
const expected = Array.from({ length: count }, (_, index) => index + 1);
let app;
let visitors;
let bursts;

before(async () => { app = await App.start(); });
after(() => app.stop());

beforeEach(async () => {
  visitors = await Promise.all([Visitor.arrive(app), Visitor.arrive(app)]);
  const channels = visitors.map((visitor) => visitor.pusher().subscribe('messages'));
  bursts = channels.map((channel) => collect(channel, 'App\\Events\\NumberFired'));
  await Promise.all(channels.map(subscribed));
});

afterEach(() => visitors?.forEach((visitor) => visitor.leave()));

test('from a php-fpm request', async (t) => {
  const response = await visitors[0].request('POST', '/bursts', { run: 'fpm', count });

  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  await everyListenerHeard('fpm');
  t.diagnostic(`${count} broadcasts took ${body.milliseconds} ms in the request`);
});

test('from several php-fpm requests, one after the other, in the order of the requests', async () => {
  for (const run of ['first', 'second', 'third']) {
    await visitors[0].request('POST', '/bursts', { run, count: 100 });
  }

  for (const burst of bursts) {
    const runs = (await burst.all(300)).map(({ run, number }) => `${run} ${number}`);
    assert.deepEqual(runs, ['first', 'second', 'third'].flatMap((run) => expected.slice(0, 100).map((number) => `${run} ${number}`)));
  }
});

test('from a queue worker', async () => {
  const env = { QUEUE_CONNECTION: 'database' };
  const queued = await app.artisan(['messages:burst', String(count), '--run=queue', '--queue'], { env });
  assert.equal(queued.code, 0, queued.output);
  assert.equal(bursts[0].seen.length, 0, 'nothing is broadcast before a worker runs');

  const worker = await app.artisan(['queue:work', '--stop-when-empty', '--sleep=0'], { env });

  assert.equal(worker.code, 0, worker.output);
  await everyListenerHeard('queue');
});

test('from a queue worker that takes one job for each event', async () => {
  const env = { QUEUE_CONNECTION: 'database' };
  const messages = collect(bursts[0].channel, 'App\\Events\\MessagePosted');
  await app.artisan(['messages:post', '--times=100'], { env });

  const worker = await app.artisan(['queue:work', '--stop-when-empty', '--sleep=0'], { env });

  assert.equal(worker.code, 0, worker.output);
  assert.deepEqual((await messages.all(100)).map(({ number }) => number), expected.slice(0, 100));
});

test('from the command line', async () => {
  const { code, output } = await app.artisan(['messages:burst', String(count), '--run=cli']);

  assert.equal(code, 0, output);
  await everyListenerHeard('cli');
});

/** The last event is followed by a message, so that one too many would have been seen before the comparison. */
async function everyListenerHeard(run) {
  for (const burst of bursts) {
    await burst.all(count);
  }
  await visitors[0].request('POST', '/bursts', { run: 'end', count: 1 });

  for (const burst of bursts) {
    const seen = await burst.all(count + 1);
    assert.equal(seen.at(-1).run, 'end');
    assert.deepEqual(seen.slice(0, -1).map(({ number }) => number), expected);
    assert.ok(seen.slice(0, -1).every((event) => event.run === run));
  }
}
