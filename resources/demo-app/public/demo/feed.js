// The feed of events, and how long each took from broadcast() to here.

import { face } from './people.js';

const kept = 50;
const measured = 200;

export class Feed {
  constructor() {
    this.list = document.getElementById('events');
    this.received = 0;
    this.latencies = [];
    this.bursts = new Map();
    this.frame = null;
  }

  message(event) {
    const latency = now() - event.sentAt;
    this.latencies.push(latency);
    this.latencies.splice(0, this.latencies.length - measured);
    this.insert(event.author, event.text, latencyText(latency));
    this.count();
  }

  /**
   * One of a burst: the feed has one row per burst, which counts.
   * Its events wait for one another in this page, so they say nothing about the latency of one.
   */
  number(event) {
    const burst = this.bursts.get(event.run) ?? this.startBurst(event);
    burst.inOrder &&= event.number === burst.received + 1;
    burst.received += 1;
    burst.lasted = now() - burst.began;
    this.count();
  }

  startBurst({ run, author, of, sentAt }) {
    const burst = { row: this.insert(author, '', ''), of, began: sentAt, received: 0, inOrder: true, lasted: 0 };
    this.bursts.set(run, burst);

    return burst;
  }

  count() {
    this.received += 1;

    // Painting once per frame and not once per event keeps a thousand events cheap.
    this.frame ??= requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.frame = null;
    write('latency-last', this.latencies.length ? latencyText(this.latencies.at(-1)) : '–');
    write('latency-median', this.latencies.length ? latencyText(median(this.latencies)) : '–');
    write('event-count', this.received.toLocaleString('en'));
    this.bursts.forEach(paintBurst);
  }

  insert(author, text, latency) {
    const row = document.createElement('li');
    const words = element('p', element('b', author), document.createElement('br'), element('span', text));
    const time = element('time', element('b', latency), new Date().toLocaleTimeString('en-GB'));

    row.append(face(author), words, time);
    this.list.prepend(row);
    this.list.children[kept]?.remove();
    document.getElementById('no-events').hidden = true;

    return row;
  }
}

function paintBurst({ row, received, of, inOrder, lasted }) {
  const order = inOrder ? 'in order' : 'OUT OF ORDER';
  row.querySelector('span:not(.face)').textContent = `${received.toLocaleString('en')} of ${of.toLocaleString('en')} events, ${order}`;
  row.querySelector('time b').textContent = `${Math.round(lasted)} ms`;
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);

  return made;
}

function write(id, text) {
  document.getElementById(id).textContent = text;
}

/** The time in milliseconds, finer than Date.now(). */
function now() {
  return performance.timeOrigin + performance.now();
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);

  return sorted[sorted.length >> 1];
}

// Measured against the server's clock: a page on another machine would show the difference of two clocks.
function latencyText(milliseconds) {
  return ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname) ? `${milliseconds.toFixed(1)} ms` : '–';
}
