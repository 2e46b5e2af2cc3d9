// Three servers on one Redis behind a balancer, visitors who come and go, publishers, and faults.

import { setTimeout as pause } from 'node:timers/promises';

import PusherHttp from 'pusher';

import { freePorts } from '../../../e2e/support/free-ports.mjs';
import { Balancer } from './balancer.mjs';
import { Faults } from './faults.mjs';
import { History } from './history.mjs';
import { Node } from './node.mjs';
import { Publisher } from './publisher.mjs';
import { Random } from './random.mjs';
import { Redis } from './redis.mjs';
import { Visitor } from './visitor.mjs';

const application = { appId: '1', key: 'members-key', secret: 'members-secret' };

export const channels = [
  ...Array.from({ length: 20 }, (_, index) => `news-${index}`),
  ...Array.from({ length: 6 }, (_, index) => `private-orders-${index}`),
  ...Array.from({ length: 4 }, (_, index) => `presence-room-${index}`),
];

export class Storm {
  constructor({ seed, nodes = 3, visitors = 200, publishers = 4 }) {
    this.sizes = { nodes, visitors, publishers };
    this.random = new Random(seed);
    this.history = new History();
    this.complaints = [];
  }

  async start() {
    const [port] = await freePorts(1);
    this.redis = new Redis(port);
    await this.redis.start();
    this.nodes = await Promise.all(Array.from({ length: this.sizes.nodes }, (_, index) => this.node(index)));
    await Promise.all(this.nodes.map((node) => node.start()));
    this.balancer = new Balancer(() => this.nodes.filter((node) => node.isReachable).map((node) => node.port));
    await this.balancer.start();
    this.visitors = Array.from({ length: this.sizes.visitors }, (_, index) => this.visitor(index));
  }

  async node(index) {
    const way = new Balancer(() => [this.redis.port]);
    await way.start();

    return new Node(`node-${index}`, way);
  }

  visitor(index) {
    const visitor = new Visitor(`visitor ${index}`, {
      port: this.balancer.port,
      http: new PusherHttp({ ...application, host: '127.0.0.1' }),
      key: application.key,
      // Every fifth user is here twice, mostly at two servers.
      userId: `user-${index % Math.ceil(this.sizes.visitors * 0.8)}`,
      complain: (what) => this.complaints.push(what),
    });
    for (let count = 0; count < 4; count += 1) {
      visitor.enter(this.random.pick(channels));
    }

    return visitor;
  }

  /** Rages for so many milliseconds, mends everything and waits until all visitors have what they want. */
  async rage(milliseconds) {
    const until = performance.now() + milliseconds;
    const isOver = () => performance.now() >= until;
    this.publishers = Array.from({ length: this.sizes.publishers }, (_, index) => this.publisher(index, isOver));
    await Promise.all([
      new Faults(this).rage(until),
      this.churn(isOver),
      ...this.publishers.map((publisher) => publisher.run()),
    ]);
    this.visitors.filter((visitor) => !visitor.wantsToBeHere).forEach((visitor) => visitor.comeBack());
    await this.settle();
  }

  publisher(index, stopped) {
    return new Publisher(`publisher-${index}`, {
      application,
      random: this.random,
      stopped,
      pace: () => pause(this.random.between(10, 60)),
      choose: () => ({
        node: this.random.pick(this.nodes.filter((node) => node.isReachable)),
        channel: this.random.pick(channels),
        except: this.random.below(4) === 0 ? this.random.pick(this.visitors).socketId : undefined,
      }),
    });
  }

  async churn(isOver) {
    while (!isOver()) {
      this.stir(this.random.pick(this.visitors));
      await pause(this.random.between(10, 60));
    }
  }

  stir(visitor) {
    if (!visitor.wantsToBeHere) {
      visitor.comeBack();
    } else if (this.random.below(8) === 0) {
      visitor.goAway();
    } else if (visitor.wanted.size > 5 || (visitor.wanted.size > 1 && this.random.below(2) === 0)) {
      visitor.leave(this.random.pick([...visitor.wanted]));
    } else {
      visitor.enter(this.random.pick(channels));
    }
  }

  /** pusher-js may take 15 seconds to try again after an attempt that failed. */
  async settle() {
    const deadline = performance.now() + 90_000;
    while (!this.visitors.every((visitor) => visitor.isSettled)) {
      if (performance.now() > deadline) {
        const late = this.visitors.filter((visitor) => !visitor.isSettled);
        throw new Error(`${late.length} visitors are not subscribed to what they want, ${late[0].name} among them`);
      }
      await pause(50);
    }
  }

  /** Asks a server of the cluster. */
  async ask(node, path, params) {
    const http = new PusherHttp({ ...application, host: '127.0.0.1', port: node.port, timeout: 30_000 });
    const response = await http.get({ path, params });

    return response.json();
  }

  async stop() {
    this.visitors?.forEach((visitor) => visitor.client.disconnect());
    this.balancer?.stop();
    await Promise.all((this.nodes ?? []).filter((node) => node.isUp).map((node) => node.stop()));
    this.nodes?.forEach((node) => node.way.stop());
    await this.redis?.remove();
  }
}
