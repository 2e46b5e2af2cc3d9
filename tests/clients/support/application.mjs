// An application on the server under test: its HTTP SDK, and its visitors with stock clients.

import { readFileSync } from 'node:fs';

import PusherHttp from 'pusher';

const applications = JSON.parse(readFileSync(new URL('applications.json', import.meta.url), 'utf8'));

// Encrypts what is sent on `private-encrypted-` channels; the server never has it.
const encryptionMasterKeyBase64 = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64');

export class Application {
  /** `path` is where the server's routes begin; `secure` is whether it speaks TLS. */
  constructor(server, key, path = '', secure = false) {
    const { app_id: appId, secret } = applications.find((application) => application.key === key);
    // The SDK has no setting for a path, but puts it where it belongs; it signs without it, as the one for PHP does.
    const address = { host: '127.0.0.1', port: server.port + path, timeout: 60_000, useTLS: secure };
    this.port = server.port;
    this.path = path;
    this.secure = secure;
    this.key = key;
    this.http = new PusherHttp({ appId, key, secret, encryptionMasterKeyBase64, ...address });
    this.farewells = [];
  }

  /**
   * A client of this application. `member` is what the application tells of it in presence channels, `user` who it
   * signs in as; `sign` takes the place of the application's own signatures for channels.
   */
  client(Pusher, { key = this.key, member, user, sign = this.sign(member), ...options } = {}) {
    const client = new Pusher(key, {
      wsHost: '127.0.0.1',
      wsPort: this.port,
      wssPort: this.port,
      wsPath: this.path,
      forceTLS: this.secure,
      enabledTransports: this.secure ? ['ws', 'wss'] : ['ws'],
      cluster: '',
      channelAuthorization: { customHandler: sign },
      userAuthentication: {
        customHandler: ({ socketId }, answer) => answer(null, this.http.authenticateUser(socketId, user)),
      },
      ...options,
    });
    this.farewells.push(() => client.disconnect());

    return client;
  }

  sign(member) {
    return ({ socketId, channelName }, answer) => {
      const data = channelName.startsWith('presence-') ? member : undefined;
      answer(null, this.http.authorizeChannel(socketId, channelName, data));
    };
  }

  /** Asks the HTTP API, and reads its answer. */
  async get(path, params) {
    const response = await this.http.get({ path, params });

    return response.json();
  }

  /** Resolves when all clients have left in the eyes of the server, so that the next test begins with none. */
  async leave() {
    const deadline = performance.now() + 60_000;
    await Promise.all(this.farewells.map((leave) => leave()));

    while ((await this.get('/connections')).connections > 0) {
      if (performance.now() > deadline) {
        throw new Error(`Clients of ${this.key} are still connected`);
      }
    }
  }
}
