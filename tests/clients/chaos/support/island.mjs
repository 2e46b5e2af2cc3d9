// A network namespace for a server: one cable for its visitors, and one to Redis that can be pulled.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

export class Island {
  /** Networks of four addresses each, in 198.18.0.0/15, which is set aside for tests of networks. */
  constructor(number = process.pid) {
    this.name = `rv${number % 1_000_000}`;
    this.visitors = this.cable('v', (number % 16_384) * 2);
    this.redis = this.cable('r', (number % 16_384) * 2 + 1);
  }

  cable(letter, number) {
    const address = (host) => `198.${18 + (number >> 14)}.${(number >> 6) & 255}.${((number & 63) << 2) + host}`;

    return { outer: `${this.name}${letter}`, inner: `${letter}0`, outside: address(1), inside: address(2) };
  }

  /** What makes a command run there. */
  get entrance() {
    return ['nsenter', `--net=/proc/${this.holder.pid}/ns/net`];
  }

  async start() {
    if (process.getuid() !== 0) {
      throw new Error('this test makes a network namespace, which only root may: run it as root');
    }
    // The namespace is there as long as `cat` is, and `cat` as long as this process, however it ends.
    this.holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let refusal = '';
    this.holder.stderr.on('data', (text) => { refusal += text; });
    const ended = once(this.holder, 'close').then(() => {
      throw new Error(`this machine makes no network namespaces (a container needs --privileged): ${refusal}`);
    });
    ended.catch(() => {});
    await Promise.race([once(this.holder.stdout, 'data'), ended]);
    await this.inside('ip', 'link', 'set', 'lo', 'up');
    await this.lay(this.visitors);
    await this.lay(this.redis);
  }

  /** Lays a cable between here and there. */
  async lay({ outer, inner, outside, inside }) {
    await run('ip', ['link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', String(this.holder.pid)]);
    await run('ip', ['addr', 'add', `${outside}/30`, 'dev', outer]);
    await run('ip', ['link', 'set', outer, 'up']);
    await this.inside('ip', 'addr', 'add', `${inside}/30`, 'dev', inner);
    await this.inside('ip', 'link', 'set', inner, 'up');
  }

  inside(...command) {
    const [program, ...args] = [...this.entrance, ...command];

    return run(program, args);
  }

  /** Pulls the cable to Redis: nothing passes, and nobody is told. */
  cut() {
    return run('ip', ['link', 'set', this.redis.outer, 'down']);
  }

  heal() {
    return run('ip', ['link', 'set', this.redis.outer, 'up']);
  }

  /** The namespace goes with the last process in it, and its cables with the namespace. */
  async stop() {
    if (this.holder && this.holder.exitCode === null) {
      this.holder.stdin.end();
      await once(this.holder, 'close');
    }
  }
}
