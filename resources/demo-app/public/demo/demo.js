// The demo page: stock pusher-js and Laravel Echo, and what they report put on the screen.

import { Feed } from './feed.js';
import { People } from './people.js';
import { send } from './request.js';

const settings = JSON.parse(document.getElementById('settings').textContent);
const feed = new Feed();
const people = new People(settings.visitor);

const echo = new window.Echo.default({
  broadcaster: 'reverb',
  key: settings.key,
  wsHost: window.location.hostname,
  wsPort: settings.port,
  wssPort: settings.port,
  wsPath: settings.path,
  forceTLS: settings.tls,
  enabledTransports: ['ws', 'wss'],
});

function showConnection({ previous, current }) {
  document.getElementById('connection').dataset.state = current;
  document.getElementById('connection-state').textContent = current;
  document.getElementById('socket-id').textContent = current === 'connected' ? echo.socketId() : waiting(previous);
}

// After an attempt that fails pusher-js waits until 15 seconds are over, which looks as if nothing happened.
function waiting(previous) {
  return previous === 'initialized' ? '' : 'tries again every 15 s';
}

function joinRoom() {
  return echo.join('room')
    .here((members) => people.replace(members))
    .joining((member) => people.add(member))
    .leaving((member) => people.remove(member))
    .listenForWhisper('typing', ({ id }) => people.typing(id));
}

echo.connector.pusher.connection.bind('state_change', showConnection);
echo.channel('messages')
  .listen('MessagePosted', (event) => feed.message(event))
  .listen('NumberFired', (event) => feed.number(event));

let room = joinRoom();
let whispered = 0;

document.getElementById('message-form').addEventListener('submit', (submission) => {
  submission.preventDefault();
  const field = document.getElementById('message');
  send('POST', '/messages', { text: field.value || 'Hello' });
  field.value = '';
  field.focus();
  whispered = 0;
});

// One whisper a second says as much as one for each key.
document.getElementById('message').addEventListener('input', () => {
  if (Date.now() - whispered > 1000) {
    whispered = Date.now();
    room.whisper('typing', { id: settings.visitor.id });
  }
});

document.getElementById('burst').addEventListener('click', async ({ target }) => {
  target.disabled = true;
  await send('POST', '/bursts', { count: 1000 });
  target.disabled = false;
});

document.getElementById('name-form').addEventListener('submit', async (submission) => {
  submission.preventDefault();
  await send('PUT', '/visitor', { name: document.getElementById('name').value });
  // What a member is called is fixed when it subscribes, so subscribe anew.
  echo.leave('room');
  room = joinRoom();
});
