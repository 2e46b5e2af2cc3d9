// bin/demo from the outside: it starts fast the second time, and ends with everything it has started.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, beforeEach, test } from 'node:test';

import { freePorts } from './support/free-ports.mjs';
import { accepts, Program } from './support/program.mjs';

// Set by tests/e2e/run: the application and a PHP with the extension.
const { REVERB_APP: folder, REVERB_PHP: php } = process.env;

const root = fileURLToPath(new URL('../..', import.meta.url));
let work;
let port;
let appPort;

before(async () => { work = await mkdtemp(join(tmpdir(), 'reverb-demo-')); });
after(() => rm(work, { recursive: true }));
beforeEach(async () => { [port, appPort] = await freePorts(2); });

test('a second run shows its address within ten seconds, and Ctrl-C stops everything', async (t) => {
  // A machine that takes long for this little is slow or busy.
  const command = await Program.run(php, ['artisan', '--version'], { cwd: folder, env: process.env });
  const began = performance.now();
  const demo = await shown(start());
  const milliseconds = performance.now() - began;

  const page = await (await fetch(`http://127.0.0.1:${appPort}`)).text();
  demo.process.kill('SIGINT');
  const { code } = await demo.end(60_000);

  assert.match(page, /Who is here/);
  assert.doesNotMatch(demo.output, /Building|Fetching|Installing|downloading|making/);
  assert.ok(milliseconds < Math.max(10_000, 30 * command.milliseconds), `it took ${milliseconds} ms`);
  assert.equal(code, 130, demo.output);
  assert.deepEqual(await Promise.all([port, appPort].map(accepts)), [false, false]);
  t.diagnostic(`it took ${Math.round(milliseconds)} ms`);
});

test('when the server dies, the demo says so and stops the rest', async () => {
  const demo = await shown(start());

  process.kill(await serverOf(demo), 'SIGKILL');
  const { code, output } = await demo.end(60_000);

  assert.equal(code, 1);
  assert.match(output, /a program has ended/);
  assert.deepEqual(await Promise.all([port, appPort].map(accepts)), [false, false]);
});

test('a port in use is named, with the option that chooses another', async () => {
  const demo = await shown(start());

  const second = await start().end(60_000);
  demo.process.kill('SIGTERM');
  const first = await demo.end(60_000);

  assert.equal(second.code, 1);
  assert.match(second.output, new RegExp(`port ${port} is in use.*--port`));
  assert.equal(first.code, 143, first.output);
});

function start() {
  return new Program(join(root, 'bin/demo'), [`--port=${port}`, `--app-port=${appPort}`], {
    cwd: root,
    env: { ...process.env, REVERB_SERVER_SOCKET: join(work, 'reverb.sock') },
  });
}

async function shown(demo) {
  await demo.says(/Open http:\/\//);

  return demo;
}

/** The child of bin/demo whose command line is `reverb:start`. */
async function serverOf(demo) {
  const pids = (await readFile(`/proc/${demo.process.pid}/task/${demo.process.pid}/children`, 'utf8')).trim().split(' ');
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8')));

  return Number(pids[lines.findIndex((line) => line.includes('reverb:start'))]);
}
