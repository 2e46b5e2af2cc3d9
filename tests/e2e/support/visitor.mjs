// Someone with a browser session: a cookie, a CSRF token, and stock pusher-js and Laravel Echo.

import { createRequire } from 'node:module';

import Echo2 from 'laravel-echo';
import Pusher from 'pusher-js';

// Echo 1 is CommonJS, whose default export an import would wrap once more.
const { default: Echo1 } = createRequire(import.meta.url)('laravel-echo-1');

export class Visitor {
  /** Opens the page, which makes the session. */
  static async arrive(app) {
    const visitor = new Visitor();
    const response = await fetch(app.url);
    const page = await response.text();

    if (!response.ok) {
      throw new Error(`The page answered ${response.status}: ${page.slice(0, 500)}`);
    }

    visitor.app = app;
    visitor.cookies = cookies(response.headers.get('set-cookie'));
    visitor.token = page.match(/name="csrf-token" content="([^"]+)"/)[1];
    visitor.settings = JSON.parse(page.match(/<script id="settings"[^>]*>(.*?)<\/script>/s)[1]);
    visitor.clients = [];

    return visitor;
  }

  get id() {
    return this.settings.visitor.id;
  }

  request(method, path, body, headers = {}) {
    return fetch(this.app.url + path, {
      method,
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'X-CSRF-TOKEN': this.token,
        Cookie: this.cookies,
        ...headers,
      },
      body: JSON.stringify(body),
    });
  }

  /** A pusher-js client with this session; it differs from a browser's only in how it sends the cookie. */
  pusher() {
    const client = new Pusher(this.settings.key, {
      wsHost: '127.0.0.1',
      wsPort: this.settings.port,
      forceTLS: false,
      enabledTransports: ['ws'],
      cluster: '',
      channelAuthorization: {
        customHandler: (request, answer) => this.authorize(request, answer),
      },
    });
    this.clients.push(client);

    return client;
  }

  async authorize({ socketId, channelName }, answer) {
    try {
      const response = await this.request('POST', '/broadcasting/auth', { socket_id: socketId, channel_name: channelName });

      if (!response.ok) {
        throw new Error(`/broadcasting/auth answered ${response.status}`);
      }
      answer(null, await response.json());
    } catch (error) {
      answer(error, null);
    }
  }

  echo(version = 2) {
    const Echo = version === 1 ? Echo1 : Echo2;

    return new Echo({ broadcaster: 'reverb', key: this.settings.key, client: this.pusher(), withoutInterceptors: true });
  }

  leave() {
    this.clients.forEach((client) => client.disconnect());
  }
}

// Debian 12's Node.js has no Headers.getSetCookie(), and joins the headers by commas, as also stand in dates.
function cookies(header) {
  return header.split(/,(?=[^;]+=)/).map((cookie) => cookie.split(';')[0].trim()).join('; ');
}
