// What goes wrong in a storm, each for a while, chosen by a generator with a printed seed.

import { setTimeout as pause } from 'node:timers/promises';

export class Faults {
  constructor({ nodes, redis, random, history }) {
    this.nodes = nodes;
    this.redis = redis;
    this.random = random;
    this.history = history;
    this.kinds = [
      () => this.killNode(),
      () => this.restartNode(),
      () => this.freezeNode(),
      () => this.killRedis(),
      () => this.freezeRedis(),
      () => this.cutOff(),
      () => this.talkRubbish(),
    ];
  }

  /** One after the other until the time is over; all is mended when it resolves. */
  async rage(until) {
    // Each kind once in any order, then any: a short storm has them all.
    const first = this.shuffled(this.kinds);
    while (performance.now() < until) {
      await (first.pop() ?? this.random.pick(this.kinds))();
      await pause(this.random.between(500, 4_000));
    }
  }

  async killNode() {
    const node = this.random.pick(this.nodes);
    const end = this.history.disturb(`SIGKILL of ${node.name}`);
    await node.kill();
    await pause(this.random.between(100, 4_000));
    await node.start();
    end();
  }

  async restartNode() {
    const node = this.random.pick(this.nodes);
    const end = this.history.disturb(`restart of ${node.name}`);
    await node.stop();
    await node.start();
    end();
  }

  async freezeNode() {
    const node = this.random.pick(this.nodes);
    const end = this.history.disturb(`${node.name} stands still`);
    node.freeze();
    await pause(this.random.between(500, 5_000));
    node.thaw();
    end();
  }

  async killRedis() {
    const end = this.history.disturb('Redis is killed, and comes back empty');
    await this.redis.kill();
    await pause(this.random.between(100, 5_000));
    await this.redis.start();
    end();
  }

  async freezeRedis() {
    const end = this.history.disturb('Redis stands still');
    this.redis.freeze();
    await pause(this.random.between(300, 3_000));
    this.redis.thaw();
    end();
  }

  /** For longer than a lease, now and then, so that the others take it for dead. */
  async cutOff() {
    const node = this.random.pick(this.nodes);
    const end = this.history.disturb(`${node.name} is cut off from Redis`);
    node.cutOff();
    await pause(this.random.between(500, this.random.below(3) === 0 ? 14_000 : 4_000));
    node.heal(this.random.below(2) === 0);
    end();
  }

  /** Bytes that no server has sent, on every channel that somebody listens to. */
  async talkRubbish() {
    this.history.note('rubbish in Redis');
    const answer = await this.redis.command('PUBSUB', 'CHANNELS');
    const channels = answer.split('\r\n').filter((line) => line && !/^[*$]/.test(line));
    const texts = ['', '{}', 'O:8:"stdClass":0:{}', '\xff\xfe\x00', 'x'.repeat(1_000), String(this.random.next())];
    for (const channel of channels.slice(0, 20)) {
      await this.redis.command('PUBLISH', channel, this.random.pick(texts));
    }
  }

  shuffled(list) {
    const rest = [...list];

    return list.map(() => rest.splice(this.random.below(rest.length), 1)[0]);
  }
}
