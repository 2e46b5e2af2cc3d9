// Compares what every client saw with what was accepted, and what every server says with what is so.

/** Events that a subscriber should have got and did not; each with the subscriber. */
export function missing({ visitors, publishers, nodes, balancer, history }) {
  const byChannel = new Map();
  for (const event of publishers.flatMap((publisher) => publisher.accepted)) {
    byChannel.set(event.channel, [...(byChannel.get(event.channel) ?? []), event]);
  }

  return visitors.flatMap((visitor) => visitor.subscriptions.flatMap((subscription) => {
    const accepted = byChannel.get(subscription.channel) ?? [];
    const home = nodes.find(({ port }) => port === balancer.homes.get(subscription.socketId));

    return accepted
      .filter((event) => isOwed(event, subscription, history) && !history.isExcused(event, home) && !subscription.heard.has(event.event))
      .map((event) => `${visitor.name} never got ${event.event} of ${event.channel}, accepted at ${Math.round(event.ended)} ms`);
  }));
}

/** Whether the subscription was there from before the event until it must have arrived. */
function isOwed(event, { since, until, socketId }, history) {
  return event.except !== socketId
    && event.began > since
    && (until === null || history.arrival(event.ended) < until);
}

/** Events that reached the one connection that was not to get them. */
export function unwanted({ visitors, publishers }) {
  const excepted = publishers.flatMap((publisher) => publisher.accepted).filter((event) => event.except);
  const subscriptions = visitors.flatMap((visitor) => visitor.subscriptions);

  return excepted.filter((event) => subscriptions.some(
    ({ channel, socketId, heard }) => channel === event.channel && socketId === event.except && heard.has(event.event),
  ));
}

/** What the visitors are subscribed to is what must be so. */
export function truth(visitors) {
  const occupied = new Map();
  for (const visitor of visitors) {
    for (const channel of visitor.channels) {
      const { subscriptions, users } = occupied.get(channel) ?? { subscriptions: 0, users: new Set() };
      occupied.set(channel, { subscriptions: subscriptions + 1, users: users.add(visitor.userId) });
    }
  }

  return occupied;
}

/** In which way a member's list differs from the truth. */
export function wrongLists(visitors) {
  const occupied = truth(visitors);

  return visitors.flatMap((visitor) => [...visitor.current.values()]
    .filter(({ members }) => members)
    .filter(({ channel, members }) => !same(members, occupied.get(channel).users))
    .map(({ channel, members }) => `${visitor.name} has ${sorted(members)} in ${channel}, which has ${sorted(occupied.get(channel).users)}`));
}

/** In which way what a server answers differs from the truth. */
export async function wrongAnswers(storm, node) {
  const occupied = truth(storm.visitors);
  const wrong = [];
  const { connections } = await storm.ask(node, '/connections');
  if (connections !== storm.visitors.length) {
    wrong.push(`${node.name} counts ${connections} connections instead of ${storm.visitors.length}`);
  }
  const { channels } = await storm.ask(node, '/channels', { info: 'subscription_count,user_count' });
  for (const name of new Set([...Object.keys(channels), ...occupied.keys()])) {
    const [told, is] = [count(channels[name]), name.startsWith('presence-') ? users(occupied, name) : subscriptions(occupied, name)];
    if (told !== is) {
      wrong.push(`${node.name} counts ${told} in ${name} instead of ${is}`);
    }
  }
  for (const [name, { users: is }] of occupied) {
    if (name.startsWith('presence-')) {
      const answer = await storm.ask(node, `/channels/${name}/users`);
      const told = new Set(answer.users.map(({ id }) => String(id)));
      if (!same(told, is)) {
        wrong.push(`${node.name} tells ${sorted(told)} as users of ${name} instead of ${sorted(is)}`);
      }
    }
  }

  return wrong;
}

/** Users of a presence channel, subscriptions of others, as the HTTP API tells them. */
function count(info) {
  return info?.user_count ?? info?.subscription_count ?? 0;
}

function users(occupied, name) {
  return occupied.get(name)?.users.size ?? 0;
}

function subscriptions(occupied, name) {
  return occupied.get(name)?.subscriptions ?? 0;
}

function same(one, other) {
  return one.size === other.size && [...one].every((element) => other.has(element));
}

function sorted(set) {
  return [...set].sort().join(', ') || 'nobody';
}
