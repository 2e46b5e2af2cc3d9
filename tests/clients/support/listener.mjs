// A visitor with stock pusher-js for tests in other languages, which do the signing. Both sides speak JSON, a line each:
// hears ["subscribe", channel], ["authorized", channel, answer], ["sign in"], ["authenticated", answer];
// says  ["connected", socket id], ["authorize", channel], ["authenticate"], ["heard", channel, event, data], ["left"].
// Usage: node listener.mjs KEY PORT

import { createInterface } from 'node:readline';

import Pusher from 'pusher-js';

const [key, port] = process.argv.slice(2);
const answers = new Map();
const say = (...words) => console.log(JSON.stringify(words));

const client = new Pusher(key, {
  wsHost: '127.0.0.1',
  wsPort: Number(port),
  forceTLS: false,
  enabledTransports: ['ws'],
  cluster: '',
  channelAuthorization: {
    customHandler: ({ channelName }, answer) => {
      answers.set(channelName, answer);
      say('authorize', channelName);
    },
  },
  userAuthentication: {
    customHandler: (_request, answer) => {
      answers.set('', answer);
      say('authenticate');
    },
  },
});

client.connection.bind('connected', () => say('connected', client.connection.socket_id));
client.connection.bind('disconnected', () => say('left'));
client.user.bind_global((event, data) => say('heard', 'user', event, data));

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ...words] = JSON.parse(line);

  switch (command) {
    case 'subscribe':
      client.subscribe(words[0]).bind_global((event, data) => say('heard', words[0], event, data));
      break;
    case 'authorized':
      answers.get(words[0])(null, words[1]);
      break;
    case 'sign in':
      client.connection.bind('message', ({ event }) => event === 'pusher:signin_success' && say('heard', 'user', event, {}));
      client.signin();
      break;
    case 'authenticated':
      answers.get('')(null, words[0]);
      break;
    default:
      throw new Error(`no such command: ${command}`);
  }
}).on('close', () => client.disconnect());
