// What `bin/demo --check` proves, with two tabs of a headless Chromium on the running demo.

import { parseArgs } from 'node:util';

import { chromium } from 'playwright-core';

import { Program } from './support/program.mjs';

const { values: options } = parseArgs({
  options: Object.fromEntries(
    ['page', 'port', 'server', 'app', 'php', 'screenshot'].map((name) => [name, { type: 'string' }]),
  ),
});

// Nothing but the page: as root, without a display, and without Chromium's own errands on the network.
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
const failures = [];
let proved = 0;
let restarted = null;

try {
  await check();
} catch (error) {
  failures.push(error.message);
  console.log(`    ✗ ${error.message}`);
} finally {
  await browser.close();
  await restarted?.stop();
}

console.log(`${proved} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);

async function check() {
  const ada = await open('Ada');
  await prove('the page connects', () => connected(ada));

  const bob = await open('Bob');
  await prove('presence: Ada sees Bob join', () => ada.getByRole('listitem').filter({ hasText: 'Bob' }).waitFor());
  await prove('presence: each sees two people', () => Promise.all([ada, bob].map((page) => count(page, 2))));

  await prove('whisper: Bob sees that Ada is typing', async () => {
    await type(ada, 'Hello, Bob', () => text(bob, '#typing', 'Ada is typing…'));
  });

  await prove('event: button → HTTP request → Laravel event → both tabs', async () => {
    await ada.locator('#message-form button').click();
    await Promise.all([ada, bob].map((page) => row(page, 'Hello, Bob').waitFor()));
  });

  await prove('event: from the command line to both tabs', async () => {
    await artisan('messages:post', 'Hello from the command line');
    await Promise.all([ada, bob].map((page) => row(page, 'Hello from the command line').waitFor()));
  });

  await latencies(ada, bob);

  await prove('burst: 1,000 events reach both tabs, none missing, doubled or late', async () => {
    await ada.locator('#burst').click();
    await Promise.all([ada, bob].map((page) => row(page, '1,000 of 1,000 events, in order').waitFor()));
  });

  await say(ada, 'A thousand events, sent by one HTTP request.');
  await say(bob, 'And each of them arrived here once, in order.');
  await row(ada, 'once, in order.').waitFor();
  await type(bob, 'I was just about to say', () => text(ada, '#typing', 'Bob is typing…'));
  await ada.screenshot({ path: options.screenshot });
  console.log(`    screenshot: ${options.screenshot}`);

  await prove('reconnect: the server is killed, both tabs notice; it is back, both are connected again', async () => {
    process.kill(-Number(options.server), 'SIGKILL');
    await Promise.all([ada, bob].map((page) => page.locator('#connection:not([data-state="connected"])').waitFor()));
    restarted = server();
    await restarted.listens(Number(options.port));
    await Promise.all([ada, bob].map(connected));
    await Promise.all([ada, bob].map((page) => count(page, 2)));
    await say(bob, 'We are back');
    await row(ada, 'We are back').waitFor();
  });

  await prove('presence: Ada sees Bob leave', async () => {
    await bob.context().close();
    await count(ada, 1);
  });
}

/** A person is a browser context of its own, with its own session; a script error on the page is a failure. */
async function open(name) {
  const context = await browser.newContext({ viewport: { width: 1120, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  page.on('pageerror', (error) => failures.push(error.message));
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== '127.0.0.1' && !request.url().startsWith('data:')) {
      failures.push(`the page asked for ${request.url()}`);
    }
  });
  await page.goto(options.page);
  await connected(page);
  await page.locator('#name').fill(name);
  await page.locator('#name-form button').click();
  await page.locator('#people li', { hasText: name }).waitFor();

  return page;
}

async function prove(what, act) {
  const began = performance.now();

  try {
    await act();
  } catch (error) {
    throw new Error(`${what}: ${error.message.split('\n')[0]}`);
  }
  proved += 1;
  console.log(`    ✓ ${what} (${Math.round(performance.now() - began)} ms)`);
}

/** One event at a time, so that the figure is that of an idle server. */
async function latencies(ada, bob) {
  for (let number = 1; number <= 20; number += 1) {
    await say(number % 2 ? ada : bob, `Number ${number}`);
    await row(bob, `Number ${number}`).waitFor();
  }
  const medians = await Promise.all([ada, bob].map((page) => page.locator('#latency-median').textContent()));
  console.log(`    from broadcast() to the browser: ${medians.join(' and ')} (the medians of 21 events in Ada's and in Bob's tab)`);
}

/** Types words, and again if nobody saw it: the other page shows it for two seconds only. */
async function type(page, words, see) {
  const field = page.locator('#message');
  const sight = see().then(() => true);

  for (let isSeen = false; !isSeen;) {
    await field.fill('');
    const typed = field.pressSequentially(words).then(() => false);
    isSeen = await Promise.race([sight, typed]);
    await typed;
  }
}

async function say(page, words) {
  await page.locator('#message').fill(words);
  await page.locator('#message-form button').click();
}

function row(page, words) {
  return page.locator('#events li p', { hasText: new RegExp(`${words}$`) });
}

function connected(page) {
  return page.locator('#connection[data-state="connected"]').waitFor();
}

function count(page, people) {
  return text(page, '#people-count', String(people));
}

function text(page, selector, wanted) {
  return page.locator(selector).filter({ hasText: new RegExp(`^${wanted}$`) }).waitFor();
}

function server() {
  return new Program(options.php, ['artisan', 'reverb:start', '--host=127.0.0.1', `--port=${options.port}`], surroundings());
}

async function artisan(...args) {
  const { code, output } = await Program.run(options.php, ['artisan', ...args], surroundings());

  if (code !== 0) {
    throw new Error(`php artisan ${args[0]} ended with ${code}: ${output}`);
  }
}

function surroundings() {
  return { cwd: options.app, env: process.env };
}
