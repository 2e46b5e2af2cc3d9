// What stands before the servers of a cluster: hands each connection to the next server that takes it.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Balancer {
  /** `ports` gives the servers that are up, at each moment. */
  constructor(ports) {
    this.ports = ports;
    this.next = 0;
    this.sockets = new Set();
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
    const server = connect(ports[this.next++ % ports.length], '127.0.0.1');
    for (const [from, to] of [[visitor, server], [server, visitor]]) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => { this.sockets.delete(from); to.destroy(); });
      from.pipe(to);
    }
  }

  stop() {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
  }
}
