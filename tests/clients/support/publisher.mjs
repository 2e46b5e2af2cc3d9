// A PHP process that publishes with the extension, and signs for stock clients.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// Set by tests/clients/run: a PHP with the extension.
const { REVERB_PHP: php } = process.env;
const script = fileURLToPath(new URL('publisher.php', import.meta.url));

export class Publisher {
  /** With `serve`, the server is in the same process, and the port that of `this.port`. */
  static async start(options, { serve = false } = {}) {
    const publisher = new Publisher();
    const args = [script, JSON.stringify(options), ...serve ? ['serve'] : []];
    publisher.process = spawn(php, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    publisher.lines = createInterface({ input: publisher.process.stdout })[Symbol.asyncIterator]();
    publisher.port = (await publisher.line()).port;

    return publisher;
  }

  /** Calls a method of `Reverb\Publisher`; one call at a time. */
  async call(method, ...args) {
    this.process.stdin.write(`${JSON.stringify([method, args])}\n`);
    const { result, error } = await this.line();

    if (error !== undefined) {
      throw new Error(error);
    }

    return result;
  }

  async line() {
    const { value, done } = await this.lines.next();

    if (done) {
      throw new Error('The publishing process has ended.');
    }

    return JSON.parse(value);
  }

  /** Ends the process, which stops a server of its own. */
  leave() {
    this.process.stdin.end();
  }
}
