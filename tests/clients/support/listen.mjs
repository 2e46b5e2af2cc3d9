// Waiting for what stock clients report; what to wait for is in the end-to-end tests' hear.mjs.

import { hear } from '../../e2e/support/hear.mjs';

export { collect, event, hear, state, subscribed } from '../../e2e/support/hear.mjs';

/** The next `pusher:error`, as `{ code, message }`. */
export function refusal(client) {
  return hear('an error', (resolve) => client.connection.bind('error', ({ data, error }) => resolve(data ?? error.data)));
}

/** The next protocol message of a name, as it came. */
export function message(client, name) {
  return hear(`the message ${name}`, (resolve) => {
    client.connection.bind('message', (message) => message.event === name && resolve(message));
  });
}

/** Resolves when a client's earlier messages have been answered: the server answers in order. */
export async function settled(client) {
  const pong = message(client, 'pusher:pong');
  client.send_event('pusher:ping', {});
  await pong;
}
