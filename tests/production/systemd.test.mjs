// systemd itself reads the unit that README.md shows.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Program } from '../e2e/support/program.mjs';
import { block } from './support/readme.mjs';

const { REVERB_APP: folder, REVERB_PHP: php } = process.env;
const unit = () => block('[Service]', { '/usr/bin/php': php, '/var/www/app': folder });

async function verify(t, text) {
  const work = await mkdtemp(join(tmpdir(), 'reverb-systemd-'));
  t.after(() => rm(work, { recursive: true }));
  await writeFile(join(work, 'reverb.service'), text);

  return Program.run('systemd-analyze', ['verify', '--man=no', '--generators=no', join(work, 'reverb.service')], { cwd: work, env: process.env });
}

test('the unit has nothing that systemd does not understand', async (t) => {
  const { code, output } = await verify(t, unit());

  assert.deepEqual([code, output.split('\n').filter((line) => line.includes('reverb.service'))], [0, []], output);
});

test('systemd would say so', async (t) => {
  const { output } = await verify(t, unit().replace('TimeoutStopSec', 'TimeoutStop'));

  assert.match(output, /reverb\.service:\d+: Unknown key (name )?'TimeoutStop'/);
});
