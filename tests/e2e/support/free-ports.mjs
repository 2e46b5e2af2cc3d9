// Ports nobody listens on. As a program: prints as many as asked for, on one line.

import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export async function freePorts(count) {
  const servers = [];

  for (let i = 0; i < count; i += 1) {
    servers.push(createServer().listen(0, '127.0.0.1'));
    await once(servers[i], 'listening');
  }

  // All are held until each has its number, so that no two are the same.
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));

  return ports;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await freePorts(Number(process.argv[2] ?? 1))).join(' '));
}
