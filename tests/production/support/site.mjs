// A server of the application, nginx before it, and clients behind that.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePorts } from '../../e2e/support/free-ports.mjs';
import { Program } from '../../e2e/support/program.mjs';

// pusher-js goes on trying for ever after `disconnect()` if nginx has refused it once (502): its timers must not keep
// this process from ending. The programs that are under test do that as long as they run.
const keeping = globalThis.setTimeout;
globalThis.setTimeout = (...args) => keeping(...args).unref();

export const Pusher = createRequire(new URL('../../e2e/package.json', import.meta.url))('pusher-js');

// Set by tests/production/run: the application and a PHP with the extension.
const { REVERB_APP: folder, REVERB_PHP: php } = process.env;

export const credentials = { REVERB_APP_ID: '1001', REVERB_APP_KEY: 'production-key', REVERB_APP_SECRET: 'production-secret' };

export class Site {
  /** `proxy` makes nginx's configuration out of the ports of nginx and of the server. */
  static async start({ proxy, env = {}, args = [] }) {
    const site = new Site();
    site.work = await mkdtemp(join(tmpdir(), 'reverb-production-'));
    [site.port, site.proxyPort] = await freePorts(2);
    site.args = args;
    site.env = {
      ...process.env,
      ...credentials,
      REVERB_HOST: '127.0.0.1',
      REVERB_PORT: String(site.proxyPort),
      REVERB_SCHEME: 'http',
      REVERB_SERVER_SOCKET: '',
      BROADCAST_DRIVER: 'reverb',
      CACHE_DRIVER: 'array',
      ...env,
    };
    site.clients = [];
    await site.startServer();
    await site.startProxy(proxy(site.proxyPort, site.port));

    return site;
  }

  async startServer() {
    const args = ['artisan', 'reverb:start', '--host=127.0.0.1', `--port=${this.port}`, '--no-ansi', ...this.args];
    this.server = new Program(php, args, { cwd: folder, env: this.env });
    await this.server.listens(this.port);
  }

  async startProxy(servers) {
    const file = join(this.work, 'nginx.conf');
    await writeFile(file, nginx(this.work, servers));
    this.nginx = new Program('nginx', ['-e', 'stderr', '-c', file], { cwd: this.work, env: this.env });
    await this.nginx.listens(this.proxyPort);
  }

  /** A stock client that comes through nginx. */
  client(options = {}) {
    const client = new Pusher(credentials.REVERB_APP_KEY, {
      wsHost: '127.0.0.1',
      wsPort: this.proxyPort,
      wssPort: this.proxyPort,
      forceTLS: false,
      enabledTransports: ['ws'],
      cluster: '',
      ...options,
    });
    this.clients.push(client);

    return client;
  }

  /** Runs an artisan command to its end. */
  artisan(...args) {
    return Program.run(php, ['artisan', ...args], { cwd: folder, env: this.env });
  }

  async stop() {
    this.clients.forEach((client) => client.disconnect());
    await Promise.all([this.server.stop(), this.nginx.stop()]);
    await rm(this.work, { recursive: true });
  }
}

function nginx(work, servers) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

  return `daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
pid ${work}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${work}/${name};`).join('\n  ')}
  ${servers}
}
`;
}
