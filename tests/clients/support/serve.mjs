// A server for the tests of a file, and the applications on it.

import { after, afterEach, before } from 'node:test';

import { Application } from './application.mjs';
import { Server } from './server.mjs';

/**
 * Starts a server before the tests and stops it after them. The function it returns gives an application by its key;
 * `stop` and `start` are for tests of just that, on the same port.
 */
export function serve(settings) {
  const applications = new Map();
  let server;

  before(async () => { server = await Server.start(settings); });
  afterEach(async () => {
    await Promise.all([...applications.values()].map((application) => application.leave()));
    applications.clear();
  });
  after(() => server.stop());

  const app = (key) => {
    if (!applications.has(key)) {
      applications.set(key, new Application(server, key, settings?.path, Boolean(settings?.options?.tls)));
    }

    return applications.get(key);
  };

  return Object.assign(app, {
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    stop: () => server.stop(),
    async start() { server = await Server.start({ ...settings, port: server.port }); },
  });
}
