// Kinds of processes that broadcast, besides php-fpm, queue workers and commands: each keeps one connection to the
// server, of its own, and each of its events arrives once, in its order.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import Pusher from 'pusher-js';

import { apacheConfiguration, unprivileged } from './support/apache.mjs';
import { freePorts } from './support/free-ports.mjs';
import { collect, hear, subscribed } from './support/hear.mjs';
import { Program } from './support/program.mjs';
import { Visitor } from './support/visitor.mjs';

// Set by tests/e2e/run: the application, a PHP with the extension, its version, and the folder of the ini file for it.
const { REVERB_APP: folder, REVERB_PHP: php, PHP_VERSION_SHORT: version, REVERB_INI: extensions } = process.env;

const key = 'kinds-key';
let work;
let env;
let port;
let webPort;
let server;

before(async () => {
  work = await mkdtemp(join(tmpdir(), 'reverb-kinds-'));
  // Apache's processes are another user's.
  await chmod(work, 0o777);
  [port, webPort] = await freePorts(2);
  env = {
    ...process.env,
    REVERB_APP_ID: '1',
    REVERB_APP_KEY: key,
    REVERB_APP_SECRET: 'kinds-secret',
    REVERB_HOST: '127.0.0.1',
    REVERB_PORT: String(port),
    REVERB_SCHEME: 'http',
    REVERB_SERVER_SOCKET: join(work, 'reverb.sock'),
    BROADCAST_DRIVER: 'reverb',
    BROADCAST_CONNECTION: 'reverb',
  };
});

beforeEach(async () => { server = await serve(); });
afterEach(() => server.stop());
after(() => rm(work, { recursive: true }));

for (const { name, options, workers } of [
  { name: 'with two workers', options: ['--no-reload'], workers: '2' },
  { name: 'that starts anew when .env changes', options: [], workers: undefined },
]) {
  test(`php artisan serve ${name}`, async () => {
    const web = new Program(php, ['artisan', 'serve', '--host=127.0.0.1', `--port=${webPort}`, '--tries=0', ...options], {
      cwd: folder,
      env: { ...env, PHP_CLI_SERVER_WORKERS: workers ?? '' },
    });
    await web.listens(webPort);

    await post(40);

    eachOnce(await server.publishers(40));
    await web.stop();
  });
}

test('Apache, whose processes come and go', async () => {
  const configuration = join(work, 'apache.conf');
  await writeFile(configuration, apacheConfiguration({ folder, work, port: webPort, php: version, requestsPerProcess: 5 }));
  const [command, ...args] = [...unprivileged(), 'apache2', '-D', 'FOREGROUND', '-f', configuration];
  const web = new Program(command, args, { cwd: folder, env: { ...env, PHP_INI_SCAN_DIR: `:${extensions}` } });
  await web.listens(webPort);

  await post(40);

  const publishers = await server.publishers(40);
  eachOnce(publishers);
  assert.ok(publishers.length >= 40 / 5, `processes: ${publishers}`);
  await web.stop();
});

for (const way of ['the unix socket', 'HTTP']) {
  test(`a worker that forks others, over ${way}`, async () => {
    const overSocket = way === 'the unix socket';
    const [workers, events] = [3, 10];

    const { code, output } = await Program.run(php, [script('workers-that-fork'), folder, String(workers), String(events)], {
      cwd: folder, env: overSocket ? env : { ...env, REVERB_SERVER_SOCKET: '' },
    });

    assert.equal(code, 0, output);
    const groups = workers + 5;
    const heard = await server.posted.all(groups * events);
    const who = grouped(heard);
    assert.equal(who.size, groups);
    who.forEach((list, author) => assert.deepEqual(list.map(({ number }) => number), upTo(events), author));
    const publishers = await server.publishers(groups * events);
    eachOnce(publishers);
    assert.equal(publishers.length, overSocket ? workers + 2 : 0);
  });
}

test('a shell whose lines run in forks of one another, as those of tinker do', async () => {
  const post = (number) => `App\\Events\\MessagePosted::dispatch('', 'shell', ${number});`;
  const lines = [post(1), post(2), `${post(3)} posix_kill(getmypid(), SIGKILL);`, post(4), post(5)];

  const { code, output } = await Program.run(php, [script('shell'), folder, ...lines], { cwd: folder, env });

  assert.equal(code, 0, output);
  assert.deepEqual((await server.posted.all(5)).map(({ number }) => number), upTo(5));
  const publishers = await server.publishers(5);
  eachOnce(publishers);
  assert.equal(publishers.length, 5);
});

test('a process that serves many requests, while the server is replaced', async () => {
  const loop = new Program(php, [script('loop'), folder], { cwd: folder, env, input: 'pipe' });
  const answers = createInterface({ input: loop.process.stdout })[Symbol.asyncIterator]();
  const broadcast = async (number) => {
    loop.process.stdin.write(`${number}\n`);

    return (await answers.next()).value;
  };

  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM']) {
    for (const number of upTo(20)) {
      assert.equal(await broadcast(number), 'taken');
    }
    assert.deepEqual((await server.posted.all(20)).map(({ number }) => number), upTo(20));
    assert.deepEqual(await server.publishers(20), [loop.process.pid]);

    await server.stop(signal);
    assert.match(await broadcast(0), /^Cannot broadcast .*(php artisan reverb:start|was lost: )/);
    server = await serve();
  }

  loop.process.stdin.end();
  const { code, output } = await loop.end(10_000);
  assert.equal(code, 0, output);
});

/** Starts a server, and somebody who hears what is posted there. */
async function serve() {
  const program = new Program(php, ['artisan', 'reverb:start', '--debug', '--host=127.0.0.1', `--port=${port}`], { cwd: folder, env });
  await program.listens(port);
  await program.listens(env.REVERB_SERVER_SOCKET);
  const client = new Pusher(key, {
    wsHost: '127.0.0.1', wsPort: port, forceTLS: false, enabledTransports: ['ws'], cluster: '',
  });
  const channel = client.subscribe('messages');
  await subscribed(channel);
  const posted = collect(channel, 'App\\Events\\MessagePosted');

  return {
    posted,
    /** The processes that have connected to the socket, as often as they have; known when the server has told of so many events. */
    publishers: async (events) => {
      await told(program, events);
      // What had come twice would have come by now.
      await subscribed(client.subscribe(`after-${events}`));
      assert.equal(posted.seen.length, events);

      return [...program.output.matchAll(/Publisher Connected \.* ?process (\d+)/g)].map(([, pid]) => Number(pid));
    },
    stop: (signal) => {
      client.disconnect();

      return program.stop(signal);
    },
  };
}

function told(program, events) {
  const count = () => program.output.split('Broadcasting To').length - 1;

  return hear(`${events} events in the server's output`, (resolve) => {
    const look = () => count() >= events && resolve();
    program.process.stdout.on('data', look);
    look();
  });
}

/** Lets four people post at the same time, and waits until all is heard. */
async function post(messages) {
  const lanes = 4;
  const url = `http://127.0.0.1:${webPort}`;
  const visitors = [];

  for (const _ of upTo(lanes)) {
    visitors.push(await Visitor.arrive({ url }));
  }
  await Promise.all(visitors.map(async (visitor, lane) => {
    for (const number of upTo(messages / lanes)) {
      const response = await visitor.request('POST', '/messages', { text: `${lane}.${number}` });
      assert.equal(response.status, 204, await response.text());
    }
  }));

  const texts = (await server.posted.all(messages)).map(({ text }) => text);
  assert.equal(new Set(texts).size, messages);
  visitors.forEach((_, lane) => {
    assert.deepEqual(texts.filter((text) => text.startsWith(`${lane}.`)), upTo(messages / lanes).map((number) => `${lane}.${number}`));
  });
}

function eachOnce(processes) {
  assert.equal(new Set(processes).size, processes.length, `a process has connected twice: ${processes}`);
}

function grouped(events) {
  const groups = new Map();
  events.forEach((event) => groups.set(event.author, [...groups.get(event.author) ?? [], event]));

  return groups;
}

function upTo(count) {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function script(name) {
  return fileURLToPath(new URL(`support/${name}.php`, import.meta.url));
}
