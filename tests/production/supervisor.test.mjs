// A real supervisord keeps the server running, with the lines that README.md shows.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { freePorts } from '../e2e/support/free-ports.mjs';
import { collect, hear, state } from '../e2e/support/hear.mjs';
import { Program } from '../e2e/support/program.mjs';
import { block } from './support/readme.mjs';
import { Pusher, credentials } from './support/site.mjs';

const { REVERB_APP: folder, REVERB_PHP: php } = process.env;
let work;
let port;
let env;
let supervisor;
let client;

before(async () => {
  work = await mkdtemp(join(tmpdir(), 'reverb-supervisor-'));
  [port] = await freePorts(1);
  env = {
    ...process.env,
    ...credentials,
    REVERB_SERVER_HOST: '127.0.0.1',
    REVERB_SERVER_PORT: String(port),
    REVERB_SERVER_SOCKET: join(work, 'reverb.sock'),
    // The restart goes through the cache; the other tests' servers have another one.
    CACHE_DRIVER: 'file',
  };
  await writeFile(join(work, 'supervisord.conf'), `${configuration()}
[unix_http_server]
file=${work}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${work}/supervisor.sock
`);
  const options = ['--nodaemon', `--configuration=${work}/supervisord.conf`, `--logfile=${work}/log`, `--pidfile=${work}/pid`];
  supervisor = new Program('supervisord', options, { cwd: folder, env });
  await supervisor.listens(port);
  client = new Pusher(credentials.REVERB_APP_KEY, {
    wsHost: '127.0.0.1', wsPort: port, forceTLS: false, enabledTransports: ['ws'], cluster: '',
  });
  await state(client, 'connected');
});

after(async () => {
  client.disconnect();
  await supervisor.stop();
  await rm(work, { recursive: true });
});

function configuration() {
  return block('[program:reverb]', {
    'php /var/www/app/artisan': `${php} ${folder}/artisan`,
    'user=www-data\n': '',
    '/var/log/reverb.log': `${work}/reverb.log`,
  });
}

const control = (...words) => Program.run('supervisorctl', ['-c', join(work, 'supervisord.conf'), ...words], { cwd: folder, env });

/** The process id of the server that runs, or is about to, and is not the given one. */
async function pidOtherThan(pid) {
  for (const deadline = performance.now() + 90_000; performance.now() < deadline; await pause(50)) {
    const running = (await control('status')).output.match(/RUNNING +pid (\d+)/)?.[1];

    if (running && running !== pid) {
      return running;
    }
  }

  throw new Error(`No other server than ${pid} runs: ${supervisor.output}`);
}

test('the server may open as many files as minfds asks for, and more', async () => {
  const pid = await pidOtherThan();
  const [, soft, hard] = (await readFile(`/proc/${pid}/limits`, 'utf8')).match(/^Max open files +(\d+) +(\d+)/m);

  assert.equal(soft, hard);
  assert.ok(Number(soft) >= 10_000, soft);
});

test('reverb:restart makes Supervisor start the server anew, and clients come back', async () => {
  const before = await pidOtherThan();
  const errors = collect(client.connection, 'error');
  const lost = hear('the loss of the connection', (resolve) => client.connection.bind('connecting', resolve));

  const restart = await Program.run(php, ['artisan', 'reverb:restart'], { cwd: folder, env });
  assert.equal(restart.code, 0, restart.output);
  await lost;
  await state(client, 'connected');

  assert.equal((await errors.all(1))[0].data.code, 4100);
  assert.notEqual(await pidOtherThan(before), before);
  await supervisor.says(/exited: reverb \(exit status 0; expected\)/);
});

test('supervisorctl stop is a farewell within its time', async () => {
  await pidOtherThan();
  const errors = collect(client.connection, 'error');

  const stop = await control('stop', 'reverb');

  assert.equal(stop.code, 0, stop.output);
  assert.equal((await errors.all(1))[0].data.code, 4100);
  await supervisor.says(/stopped: reverb \(exit status 0\)/);
  assert.doesNotMatch(supervisor.output, /SIGKILL/);
  assert.match(await readFile(join(work, 'reverb.log'), 'utf8'), /Gracefully terminating connections\.\s*$/);
});
