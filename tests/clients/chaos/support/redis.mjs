// A Redis of the test's own: keeps nothing on disk, so that it is empty after each start.

import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Program } from '../../../e2e/support/program.mjs';

export class Redis {
  constructor(port, addresses = ['127.0.0.1']) {
    this.port = port;
    this.addresses = addresses;
    this.folder = mkdtempSync(join(tmpdir(), 'reverb-redis-'));
  }

  async start() {
    const settings = { port: this.port, 'protected-mode': 'no', dir: this.folder, save: '', appendonly: 'no' };
    const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    options.push('--bind', ...this.addresses);
    this.program = new Program(process.env.REVERB_TEST_REDIS ?? 'redis-server', options, { env: process.env });
    await this.program.listens(this.port);
  }

  async kill() {
    this.program.signal('SIGKILL');
    await this.program.ended;
  }

  freeze() {
    this.program.signal('SIGSTOP');
  }

  thaw() {
    this.program.signal('SIGCONT');
  }

  /** Sends one command and gives its raw answer. */
  command(...words) {
    return new Promise((resolve, reject) => {
      const socket = createConnection(this.port, '127.0.0.1');
      const encoded = words.map((word) => Buffer.from(word)).map((word) => `$${word.length}\r\n${word.toString('latin1')}\r\n`);
      socket.once('error', reject);
      socket.once('data', (answer) => { socket.destroy(); resolve(answer.toString('latin1')); });
      socket.write(Buffer.from(`*${words.length}\r\n${encoded.join('')}`, 'latin1'));
    });
  }

  async remove() {
    await this.kill();
    rmSync(this.folder, { recursive: true });
  }
}
