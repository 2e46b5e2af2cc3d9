// A server of the cluster, which keeps its port over its lives.

import { Server } from '../../support/server.mjs';

export class Node {
  /** `way` is what its connections to Redis pass through. */
  constructor(name, way) {
    this.name = name;
    this.way = way;
    this.settings = { workers: 2, scaling: { channel: 'reverb', servers: [{ host: '127.0.0.1', port: way.port }] } };
    /** When it was killed, each time: what it had accepted just before may be lost. */
    this.kills = [];
    /** When it was stopped, each time: what it had accepted just before may be lost for a server that was cut off. */
    this.stops = [];
    /** From when to when it had no way to Redis. */
    this.splits = [];
    this.lives = 0;
    this.isUp = false;
    this.isFrozen = false;
    this.port = 0;
    this.unexpectedEnds = [];
  }

  get isReachable() {
    return this.isUp && !this.isFrozen;
  }

  async start() {
    this.server = await Server.start({ ...this.settings, port: this.port });
    this.port = this.server.port;
    this.lives += 1;
    this.isUp = true;
    const { server } = this;
    server.program.ended.then(({ code, signal, output }) => {
      if (this.isUp && this.server === server) {
        this.isUp = false;
        this.unexpectedEnds.push(`${this.name} ended with ${code ?? signal}: ${output}`);
      }
    });
  }

  async kill() {
    this.isUp = false;
    this.kills.push(performance.now());
    this.server.program.signal('SIGKILL');
    await this.server.program.ended;
  }

  async stop() {
    this.isUp = false;
    this.stops.push(performance.now());
    const { code, signal, output } = await this.server.stop();
    if (code !== 0) {
      this.unexpectedEnds.push(`${this.name} was stopped and ended with ${code ?? signal}: ${output}`);
    }
  }

  cutOff() {
    this.way.cut();
    this.splits.push({ from: performance.now(), until: Infinity });
  }

  /** `asBefore`: its connections to Redis go on where they stopped; else they are gone. */
  heal(asBefore) {
    this.way.heal(asBefore);
    this.splits.at(-1).until = performance.now();
  }

  freeze() {
    this.isFrozen = true;
    this.server.freeze();
  }

  thaw() {
    this.isFrozen = false;
    this.server.thaw();
  }
}
