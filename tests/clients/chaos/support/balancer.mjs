// What stands before servers: hands each connection to the next one of them, as long as the way is not cut.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Balancer {
  /** `ports` gives the servers that are up, at each moment. */
  constructor(ports) {
    this.ports = ports;
    this.next = 0;
    this.sockets = new Set();
    /** The port that greeted each connection, by its socket id. */
    this.homes = new Map();
    this.server = createServer((visitor) => this.admit(visitor));
  }

  async start() {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    this.port = this.server.address().port;
  }

  admit(visitor) {
    const ports = this.ports();
    if (ports.length === 0) {
      visitor.destroy();
      return;
    }
    const port = ports[this.next++ % ports.length];
    const server = connect(port, '127.0.0.1');
    server.on('data', (bytes) => this.notice(bytes, port));
    for (const [from, to] of [[visitor, server], [server, visitor]]) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => { this.sockets.delete(from); to.destroy(); });
      from.pipe(to);
      if (this.isCut) {
        from.pause();
      }
    }
  }

  notice(bytes, port) {
    const [, socketId] = bytes.toString('latin1').match(/connection_established.*?(\d+\.\d+)/) ?? [];
    if (socketId) {
      this.homes.set(socketId, port);
    }
  }

  /** Lets nothing pass any more, as a network that is down: no end, no error. */
  cut() {
    this.isCut = true;
    this.sockets.forEach((socket) => socket.pause());
  }

  /** Lets everything pass again, what was held up first; without `asBefore` the connections of before are gone. */
  heal(asBefore) {
    this.isCut = false;
    this.sockets.forEach((socket) => (asBefore ? socket.resume() : socket.destroy()));
  }

  stop() {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
  }
}
