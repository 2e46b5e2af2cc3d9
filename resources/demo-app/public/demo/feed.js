// The feed of events, and how long each took from broadcast() to here.

import { face } from './people.js';

const kept = 50;

export class Feed {
  constructor() {
    this.list = document.getElementById('events');
    this.latencies = [];
    this.bursts = new Map();
  }

  message(event) {
    const latency = this.measure(event);
    this.insert(event.author, event.text, latencyText(latency));
  }

  /** One of a burst: the feed has one row per burst, which counts. */
  number(event) {
    this.measure(event);
    const burst = this.bursts.get(event.run) ?? this.startBurst(event);
    burst.inOrder &&= event.number === burst.received + 1;
    burst.received += 1;

    // Painting once per frame and not once per event keeps a thousand events cheap.
    burst.frame ??= requestAnimationFrame(() => {
      burst.frame = null;
      showBurst(burst, event.of);
    });
    burst.lasted = now() - burst.began;
  }

  startBurst(event) {
    const row = this.insert(event.author, '', '');
    const burst = { row, began: event.sentAt, received: 0, inOrder: true, frame: null, lasted: 0 };
    this.bursts.set(event.run, burst);

    return burst;
  }

  measure(event) {
    const latency = now() - event.sentAt;
    this.latencies.push(latency);
    document.getElementById('latency-last').textContent = latencyText(latency);
    document.getElementById('latency-median').textContent = latencyText(median(this.latencies));
    document.getElementById('event-count').textContent = this.latencies.length.toLocaleString('en');

    return latency;
  }

  insert(author, text, latency) {
    const row = document.createElement('li');
    const words = document.createElement('p');
    const name = document.createElement('b');
    name.textContent = author;
    words.append(name, document.createElement('br'), text);

    const time = document.createElement('time');
    const took = document.createElement('b');
    took.textContent = latency;
    time.append(took, new Date().toLocaleTimeString('en-GB'));

    row.append(face(author), words, time);
    this.list.prepend(row);
    this.list.children[kept]?.remove();
    document.getElementById('no-events').hidden = true;

    return row;
  }
}

function showBurst(burst, expected) {
  const order = burst.inOrder ? 'in order' : 'OUT OF ORDER';
  burst.row.querySelector('p').lastChild.remove();
  burst.row.querySelector('p').append(`${burst.received.toLocaleString('en')} of ${expected.toLocaleString('en')} events, ${order}`);
  burst.row.querySelector('time b').textContent = `${Math.round(burst.lasted)} ms`;
  burst.row.dataset.received = burst.received;
  burst.row.dataset.inOrder = burst.inOrder;
}

/** The time in milliseconds, finer than Date.now(). */
function now() {
  return performance.timeOrigin + performance.now();
}

function median(numbers) {
  const sorted = numbers.slice(-200).sort((a, b) => a - b);

  return sorted[sorted.length >> 1];
}

// Measured against the server's clock: a page on another machine would show the difference of two clocks.
function latencyText(milliseconds) {
  return ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname) ? `${milliseconds.toFixed(1)} ms` : '–';
}
