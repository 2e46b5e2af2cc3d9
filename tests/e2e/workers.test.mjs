// Ten thousand broadcasts from php-fpm workers that come and go, while the server does so, too.

import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import Pusher from 'pusher-js';

import { request } from './support/fastcgi.mjs';
import { freePorts } from './support/free-ports.mjs';
import { hear, subscribed } from './support/hear.mjs';
import { Program } from './support/program.mjs';

// Set by tests/e2e/run: the application, a PHP with the extension, php-fpm, and the folder of the ini file for it.
const { REVERB_APP: folder, REVERB_PHP: php, REVERB_FPM: fpm, REVERB_INI: extensions } = process.env;

const wanted = 10_000;
const requestsPerWorker = 40;
const pools = ['static', 'ondemand'].flatMap((manager) => ['yes', 'no'].map((cleared) => ({ manager, cleared })));
const application = { key: 'work-key', secret: 'work-secret', app_id: '1' };
const script = fileURLToPath(new URL('support/broadcast.php', import.meta.url));

let work;
let port;
let server;
let workers;

before(async () => {
  work = await mkdtemp(join(tmpdir(), 'reverb-e2e-'));
  [port] = await freePorts(1);
  await writeFile(join(work, 'fpm.conf'), configuration());
  const env = { ...process.env, PHP_INI_SCAN_DIR: `:${extensions}`, REVERB_MARK: 'set' };
  workers = new Program(fpm, ['-F', '-O', '-R', '-y', join(work, 'fpm.conf')], { cwd: folder, env });
  await Promise.all(pools.map((_, index) => workers.listens(join(work, `${index}.sock`))));
});

after(async () => {
  server?.client.disconnect();
  await Promise.all([server?.program.stop(), workers.stop()]);
  await rm(work, { recursive: true });
});

test('each acknowledged event arrives exactly once, in its worker\'s order', { timeout: 600_000 }, async (t) => {
  const answers = [];
  const heard = [];
  server = await serve(heard);
  const restarts = restartAt([1500, 3000, 4500, 6000, 7500, 9000], heard);

  await Promise.all(Array.from({ length: 2 * pools.length }, (_, lane) => produce(lane, answers, restarts)));
  await restarts.done();
  const last = await broadcast(0, 'last');
  assert.equal(last.failure, null);
  await server.heard(last.id);

  const acknowledged = answers.filter(({ failure }) => failure === null);
  const ids = new Set(heard.map(({ id }) => id));
  assert.equal(ids.size, heard.length, 'no event twice');
  inOrder(heard);
  const missing = acknowledged.filter(({ id }) => !ids.has(id));
  missing.forEach((event) => wereLastWords(event, acknowledged, heard));
  for (const { id, failure } of answers.filter((answer) => answer.failure !== null)) {
    assert.match(failure, /^Cannot broadcast \[done\]: .*(reverb:start|was lost: )/);
    assert.ok(!failure.includes('not running') || !ids.has(id), `${id} was refused, and arrived`);
  }

  const perPool = pools.map((_, pool) => new Set(answers.filter((answer) => answer.pool === pool).map(({ worker }) => worker)).size);
  assert.ok(perPool.every((count) => count >= wanted / pools.length / requestsPerWorker / 2), `workers: ${perPool}`);
  t.diagnostic(`${acknowledged.length} acknowledged, of which ${missing.length} were in servers that were killed; `
    + `${answers.length - acknowledged.length} refused while there was none; workers: ${perPool}`);
});

/** Sends one request after the other until enough events are acknowledged; restarts are waited for by nobody. */
async function produce(lane, answers, restarts) {
  while (restarts.acknowledged < wanted) {
    const answer = await broadcast(lane % pools.length, restarts.next());
    answers.push(answer);
    if (answer.failure === null) {
      restarts.count();
    } else {
      // As a visitor who tries again; a crowd that does so at once would keep the new server from the processor.
      await pause(20);
    }
  }
}

async function broadcast(pool, id) {
  const answer = JSON.parse(await request(join(work, `${pool}.sock`), {
    SCRIPT_FILENAME: script,
    SCRIPT_NAME: '/broadcast.php',
    REQUEST_METHOD: 'GET',
    REVERB_APP: folder,
    // On a busy machine a server that starts anew has a crowd of publishers before it.
    REVERB_CONNECTION: JSON.stringify({ driver: 'reverb', ...application, options: { host: null }, client_options: { timeout: 60 } }),
    REVERB_SOCKET: join(work, 'reverb.sock'),
    EVENT: String(id === 'last' ? 0 : id),
  }));
  assert.equal(answer.environment, pools[pool].cleared === 'yes' ? false : 'set');

  return { ...answer, pool };
}

/** Replaces the server at these numbers of acknowledged events: by turns as `reverb:restart` does, and by a kill. */
function restartAt(numbers, heard) {
  let acknowledged = 0;
  let id = 0;
  let current = Promise.resolve();

  return {
    get acknowledged() { return acknowledged; },
    next: () => { id += 1; return id; },
    count() {
      acknowledged += 1;
      const index = numbers.indexOf(acknowledged);
      if (index >= 0) {
        current = current.then(() => replace(index % 2 === 0 ? 'SIGTERM' : 'SIGKILL', heard));
      }
    },
    done: () => current,
  };
}

async function replace(signal, heard) {
  await server.program.stop(signal);
  await server.left;
  server.client.disconnect();
  server = await serve(heard);
}

/**
 * Starts a server with a listener, and only then lets publishers find it: its socket file gets their name for it.
 * What a server was sent before somebody listens, nobody could have heard.
 */
async function serve(heard) {
  const gate = join(work, 'gate.sock');
  const env = {
    ...process.env,
    REVERB_APP_KEY: application.key,
    REVERB_APP_SECRET: application.secret,
    REVERB_APP_ID: application.app_id,
    REVERB_SERVER_SOCKET: gate,
  };
  const program = new Program(php, ['artisan', 'reverb:start', '--host=127.0.0.1', `--port=${port}`], { cwd: folder, env });
  await program.listens(port);
  const generation = listen(heard, program);
  await generation.subscribed;
  await rename(gate, join(work, 'reverb.sock'));

  return generation;
}

/** Keeps what is heard from one server, until that ends the connection. */
function listen(heard, program) {
  const client = new Pusher(application.key, {
    wsHost: '127.0.0.1', wsPort: port, forceTLS: false, enabledTransports: ['ws'], cluster: '',
  });
  const channel = client.subscribe('work');
  const waiting = new Map();
  channel.bind('done', (event) => {
    heard.push({ ...event, program });
    waiting.get(event.id)?.();
  });
  const left = new Promise((resolve) => {
    client.connection.bind('state_change', ({ previous }) => {
      if (previous === 'connected') {
        resolve();
      }
    });
  });

  return {
    program,
    client,
    left,
    subscribed: subscribed(channel),
    heard: (id) => hear(`the event ${id}`, (resolve) => {
      waiting.set(id, resolve);
      if (heard.some((event) => event.id === id)) {
        resolve();
      }
    }),
  };
}

function inOrder(heard) {
  const latest = new Map();

  for (const { worker, at, id } of heard) {
    assert.ok((latest.get(worker) ?? 0) < at, `${id} came after a later event of its worker`);
    latest.set(worker, at);
  }
}

/**
 * An acknowledged event is in the server's memory, and a kill ends that: what is missing may only be the last that
 * a server took of a worker before it was killed.
 */
function wereLastWords(event, acknowledged, heard) {
  const same = ({ worker }) => worker === event.worker;
  const previous = heard.filter(same).filter(({ at }) => at < event.at).at(-1);
  const next = heard.filter(same).find(({ at }) => at > event.at);
  assert.ok(!previous || !next || previous.program !== next.program, `${event.id} is missing in the middle`);
}

function configuration() {
  const identity = process.getuid() === 0 ? 'user = root\ngroup = root' : '';
  const pool = ({ manager, cleared }, index) => `[${manager}-${index}]
${identity}
listen = ${work}/${index}.sock
listen.backlog = 128
pm = ${manager}
pm.max_children = 2
pm.max_requests = ${requestsPerWorker}
pm.process_idle_timeout = 1s
clear_env = ${cleared}
catch_workers_output = yes
`;

  return `[global]\nerror_log = ${work}/fpm.log\n${pools.map(pool).join('')}`;
}
