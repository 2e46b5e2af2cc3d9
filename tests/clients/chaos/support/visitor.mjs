// A stock pusher-js client that comes, subscribes, leaves and comes back, and writes down all it was told.

import Pusher from 'pusher-js';

export class Visitor {
  /** `complain` is told of whatever a client must never see. */
  constructor(name, { host = '127.0.0.1', port, http, key, userId, complain }) {
    this.name = name;
    this.userId = userId;
    this.complain = (what) => complain(`${name}: ${what}`);
    /** What it wants to be subscribed to. */
    this.wanted = new Set();
    /** Each subscription there was, in the order in which they were confirmed. */
    this.subscriptions = [];
    /** Those of now, by channel. */
    this.current = new Map();
    this.wantsToBeHere = true;
    const member = { user_id: userId, user_info: { name: userId } };
    this.client = new Pusher(key, {
      wsHost: host,
      wsPort: port,
      forceTLS: false,
      enabledTransports: ['ws'],
      cluster: '',
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, answer) => {
          const data = channelName.startsWith('presence-') ? member : undefined;
          answer(null, http.authorizeChannel(socketId, channelName, data));
        },
      },
    });
    this.client.connection.bind('state_change', ({ current }) => current !== 'connected' && this.end());
    this.client.connection.bind('message', (message) => this.hear(message));
  }

  get isConnected() {
    return this.client.connection.state === 'connected';
  }

  get socketId() {
    return this.isConnected ? this.client.connection.socket_id : undefined;
  }

  /**
   * What it is subscribed to, by its own account. That may be more than it wants: when pusher-js loses its connection
   * while it gives up a subscription that was not confirmed yet, it takes it up again afterwards.
   */
  get channels() {
    return this.client.allChannels().filter(({ subscribed }) => subscribed).map(({ name }) => name);
  }

  /** Whether it has all that it wants. */
  get isSettled() {
    return this.isConnected && [...this.wanted].every((channel) => this.current.has(channel));
  }

  enter(channel) {
    this.wanted.add(channel);
    this.client.subscribe(channel);
  }

  leave(channel) {
    this.wanted.delete(channel);
    this.client.unsubscribe(channel);
    this.endSubscription(channel);
  }

  goAway() {
    this.wantsToBeHere = false;
    this.client.disconnect();
  }

  comeBack() {
    this.wantsToBeHere = true;
    this.client.connect();
  }

  hear({ event, channel, data }) {
    if (event === 'pusher_internal:subscription_succeeded') {
      this.confirm(channel, data);
      return;
    }
    const subscription = this.current.get(channel);
    // What was on its way while the client left the channel.
    if (!subscription) {
      return;
    }
    switch (event) {
      case 'pusher_internal:member_added':
        this.add(subscription, String(data.user_id));
        break;
      case 'pusher_internal:member_removed':
        this.remove(subscription, String(data.user_id));
        break;
      case 'numbered':
        this.count(subscription, data);
        break;
      default:
    }
  }

  confirm(channel, data) {
    this.endSubscription(channel);
    // An answer to a subscription that it has given up.
    if (!this.wanted.has(channel)) {
      return;
    }
    const members = channel.startsWith('presence-') ? new Set(data.presence.ids.map(String)) : null;
    if (members && !members.has(this.userId)) {
      this.complain(`is not in the list of ${channel}`);
    }
    const subscription = { channel, socketId: this.socketId, since: performance.now(), until: null, members, last: new Map(), heard: new Set() };
    this.subscriptions.push(subscription);
    this.current.set(channel, subscription);
  }

  add({ channel, members }, userId) {
    if (members.has(userId)) {
      this.complain(`was told again that ${userId} came to ${channel}`);
    }
    members.add(userId);
  }

  remove({ channel, members }, userId) {
    if (!members.delete(userId)) {
      this.complain(`was told that ${userId} left ${channel}, where it was not`);
    }
  }

  count({ channel, last, heard }, { stream, number }) {
    const event = `${stream}#${number}`;
    if (heard.has(event)) {
      this.complain(`got ${event} of ${channel} twice`);
    } else if (number < (last.get(stream) ?? 0)) {
      this.complain(`got ${event} of ${channel} after #${last.get(stream)}`);
    }
    last.set(stream, number);
    heard.add(event);
  }

  end() {
    [...this.current.keys()].forEach((channel) => this.endSubscription(channel));
  }

  endSubscription(channel) {
    const subscription = this.current.get(channel);
    if (subscription) {
      subscription.until = performance.now();
      this.current.delete(channel);
    }
  }
}
