// Waiting for what clients report, with a limit on how long, and never by sleeping.

// pusher-js waits 15 seconds after an attempt to connect that failed, and a busy machine may let several of them fail.
const limit = 90_000;

/** Resolves with what `subscribe` hands to its callback; rejects, naming what is missing, when nothing came. */
export function hear(what, subscribe) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing came: ${what}`)), limit);
    subscribe((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

export function subscribed(channel) {
  return hear(`the subscription to ${channel.name}`, (resolve) => {
    channel.bind('pusher:subscription_succeeded', resolve);
  });
}

export function event(channel, name) {
  return hear(`${name} on ${channel.name}`, (resolve) => channel.bind(name, resolve));
}

export function state(client, wanted) {
  return hear(`the connection state ${wanted}`, (resolve) => {
    if (client.connection.state === wanted) {
      resolve(wanted);
    }
    client.connection.bind(wanted, () => resolve(wanted));
  });
}

/** Collects a channel's events of a name; `all(count)` resolves with the data once there are so many. */
export function collect(channel, name) {
  const seen = [];
  let waiting = null;

  channel.bind(name, (data) => {
    seen.push(data);
    if (waiting && seen.length >= waiting.count) {
      waiting.resolve(seen);
    }
  });

  return {
    channel,
    seen,
    all: (count) => hear(`${count} times ${name}`, (resolve) => {
      waiting = { count, resolve };
      if (seen.length >= count) {
        resolve(seen);
      }
    }),
  };
}
