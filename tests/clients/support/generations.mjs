// The clients that Laravel applications have: two generations of pusher-js, two of Laravel Echo.

import { createRequire } from 'node:module';

import Echo2 from 'laravel-echo';
import Pusher8 from 'pusher-js';
import Pusher7 from 'pusher-js-7';

// Echo 1 is CommonJS, whose default export an import would wrap once more.
const { default: Echo1 } = createRequire(import.meta.url)('laravel-echo-1');

export const pushers = [
  { name: 'pusher-js 8', Pusher: Pusher8 },
  { name: 'pusher-js 7', Pusher: Pusher7 },
];

export const echoes = [
  { name: 'Laravel Echo 2', Echo: Echo2 },
  { name: 'Laravel Echo 1', Echo: Echo1 },
];
