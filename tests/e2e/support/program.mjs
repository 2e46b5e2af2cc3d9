// A program the tests start: its output is kept, and it ends with everything it has started.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { hear } from './hear.mjs';

const running = new Set();

process.on('exit', () => running.forEach((program) => program.signal('SIGKILL')));

// A signal alone would end this process without its 'exit'.
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.once(signal, () => process.exit(code));
}

export class Program {
  constructor(command, args, { cwd, env, input = 'ignore' }) {
    this.output = '';
    this.name = [command, ...args].join(' ');
    this.process = spawn(command, args, { cwd, env, detached: true, stdio: [input, 'pipe', 'pipe'] });
    this.ended = once(this.process, 'close').then(([code, signal]) => {
      running.delete(this);

      return { code, signal, output: this.output };
    });
    this.process.stdout.on('data', (text) => { this.output += text; });
    this.process.stderr.on('data', (text) => { this.output += text; });
    running.add(this);
  }

  /** Runs a program to its end, which must come in time. */
  static async run(command, args, options, milliseconds = 120_000) {
    const program = new Program(command, args, options);
    const began = performance.now();
    const result = await program.end(milliseconds);

    return { ...result, milliseconds: performance.now() - began };
  }

  async end(milliseconds) {
    const timeout = AbortSignal.timeout(milliseconds);
    const late = once(timeout, 'abort').then(() => {
      this.signal('SIGKILL');
      throw new Error(`${this.name} has not ended within ${milliseconds} ms. It said:\n${this.output}`);
    });

    return Promise.race([this.ended, late]);
  }

  /** Resolves with the match when the output matches, rejects when the program has ended without it. */
  async says(pattern) {
    const said = () => this.output.match(pattern);
    const end = () => this.ended.then(() => {
      throw new Error(`${this.name} never said ${pattern}, but:\n${this.output}`);
    });

    return said() ?? Promise.race([end(), hear(`${pattern} of ${this.name}`, (resolve) => {
      this.process.stdout.on('data', () => said() && resolve(said()));
    })]);
  }

  /** Resolves when a port or socket file accepts connections; rejects as soon as the program has ended instead. */
  async listens(address, milliseconds = 60_000) {
    const deadline = performance.now() + milliseconds;

    while (!(await accepts(address))) {
      if (this.process.exitCode !== null || performance.now() > deadline) {
        throw new Error(`${this.name} does not listen on ${address}. It said:\n${this.output}`);
      }
      await pause(10);
    }

    return this;
  }

  async stop(signal = 'SIGTERM') {
    this.signal(signal);

    return this.end(60_000);
  }

  signal(signal) {
    // Its process id may be that of another program by now.
    if (!running.has(this)) {
      return;
    }
    try {
      process.kill(-this.process.pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') {
        throw error;
      }
    }
  }
}

export function accepts(address) {
  return new Promise((resolve) => {
    const socket = typeof address === 'number' ? connect(address, '127.0.0.1') : connect(address);
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}
