// The Laravel application under test: `php artisan reverb:start`, and php-fpm behind nginx, on free ports.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePorts } from './free-ports.mjs';
import { Program } from './program.mjs';

// Set by tests/e2e/run: the application, a PHP with the extension, php-fpm, and the folder of the ini file for it.
const { REVERB_APP: folder, REVERB_PHP: loaded, REVERB_FPM: fpm, REVERB_INI: extensions } = process.env;

export class App {
  static async start() {
    const app = new App();
    app.work = await mkdtemp(join(tmpdir(), 'reverb-e2e-'));
    [app.port, app.webPort] = await freePorts(2);
    app.env = {
      ...process.env,
      REVERB_HOST: '127.0.0.1',
      REVERB_PORT: String(app.port),
      REVERB_SCHEME: 'http',
      REVERB_SERVER_SOCKET: join(app.work, 'reverb.sock'),
      BROADCAST_DRIVER: 'reverb',
      BROADCAST_CONNECTION: 'reverb',
    };
    await app.startServer();
    await app.startWeb();

    return app;
  }

  async startServer() {
    this.server = this.background('reverb:start', '--host=127.0.0.1', `--port=${this.port}`);
    await this.server.listens(this.port);
  }

  async startWeb() {
    const identity = process.getuid() === 0 ? 'user = root\ngroup = root' : '';
    await writeFile(join(this.work, 'fpm.conf'), fpmConfiguration(this.work, identity));
    await writeFile(join(this.work, 'nginx.conf'), nginxConfiguration(this.work, this.webPort));

    const env = { ...this.env, PHP_INI_SCAN_DIR: `:${extensions}` };
    this.fpm = new Program(fpm, ['-F', '-O', '-R', '-y', join(this.work, 'fpm.conf')], { cwd: folder, env });
    this.nginx = new Program('nginx', ['-e', 'stderr', '-c', join(this.work, 'nginx.conf')], { cwd: folder, env });
    await Promise.all([this.fpm.listens(join(this.work, 'fpm.sock')), this.nginx.listens(this.webPort)]);
  }

  /** Runs an artisan command to its end, as a process of its own. */
  artisan(args, { env = {}, php = loaded } = {}) {
    return Program.run(php, ['artisan', ...args], { cwd: folder, env: { ...this.env, ...env } });
  }

  /** Starts an artisan command that goes on. */
  background(...args) {
    return new Program(loaded, ['artisan', ...args], { cwd: folder, env: this.env });
  }

  get url() {
    return `http://127.0.0.1:${this.webPort}`;
  }

  async stop() {
    await Promise.all([this.server, this.fpm, this.nginx].map((program) => program.stop()));
    await rm(this.work, { recursive: true });
  }
}

function fpmConfiguration(work, identity) {
  return `[global]
error_log = ${work}/fpm.log
[www]
${identity}
listen = ${work}/fpm.sock
pm = static
pm.max_children = 2
clear_env = no
catch_workers_output = yes
`;
}

function nginxConfiguration(work, port) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

  return `daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
pid ${work}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  include /etc/nginx/mime.types;
  ${temporary.map((name) => `${name}_temp_path ${work}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${folder}/public;
    location / { try_files $uri /index.php$is_args$args; }
    location = /index.php {
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root/index.php;
      fastcgi_pass unix:${work}/fpm.sock;
    }
  }
}
`;
}
