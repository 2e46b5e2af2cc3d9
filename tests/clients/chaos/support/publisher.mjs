// Publishes numbered events over the HTTP API, one after the other, and writes down which were accepted.

import PusherHttp from 'pusher';

export class Publisher {
  constructor(name, { application, choose, random, pace, stopped }) {
    this.name = name;
    this.application = application;
    this.choose = choose;
    this.random = random;
    this.pace = pace;
    this.stopped = stopped;
    this.accepted = [];
    this.refusals = new Map();
    this.number = 0;
  }

  /** `choose` gives a server, a channel, and sometimes the socket that shall not get the event. */
  async run() {
    while (!this.stopped()) {
      const { node, channel, except } = this.choose();
      if (node) {
        await this.publish(node, channel, except);
      }
      await this.pace();
    }
  }

  async publish(node, channel, except) {
    // Order is promised for what is published at one server: each has a stream of its own.
    const stream = `${this.name}@${node.name}.${node.lives}`;
    const number = this.number += 1;
    const began = performance.now();
    const http = new PusherHttp({ ...this.application, host: node.host ?? '127.0.0.1', port: node.port, timeout: 30_000 });
    try {
      await http.trigger(channel, 'numbered', { stream, number }, except ? { socket_id: except } : {});
      this.accepted.push({ event: `${stream}#${number}`, node, channel, except, began, ended: performance.now() });
    } catch (error) {
      const reason = error.status ?? error.error?.code ?? error.message;
      this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
    }
  }
}
