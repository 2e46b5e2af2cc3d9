// The server under test as a process: PHP with the extension, on a free port.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { Program } from '../../e2e/support/program.mjs';

// Set by tests/clients/run: a PHP with the extension.
const { REVERB_PHP: php } = process.env;
const script = fileURLToPath(new URL('server.php', import.meta.url));

export class Server {
  /**
   * Starts a server, on a port that an earlier one had or on any, `within` what another command makes of it; further
   * settings are the extension's.
   */
  static async start({ port = 0, within = [], ...settings } = {}) {
    const server = new Server();
    const [command, ...args] = [...within, php];
    server.program = new Program(command, [...args, script, String(port), JSON.stringify(settings)], { env: process.env });
    server.port = await Promise.race([server.announcement(), server.failure()]);

    return server;
  }

  async announcement() {
    const [line] = await once(this.program.process.stdout, 'data');

    return Number(line);
  }

  async failure() {
    const { output } = await this.program.ended;

    throw new Error(`The server has ended: ${output}`);
  }

  /** Stops the process where it is, its threads and all, until `thaw`. */
  freeze() {
    this.program.signal('SIGSTOP');
  }

  thaw() {
    this.program.signal('SIGCONT');
  }

  stop() {
    return this.program.stop();
  }
}
