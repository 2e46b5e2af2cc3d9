<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="csrf-token" content="{{ csrf_token() }}">
  <meta name="color-scheme" content="light dark">
  <title>Reverb for PHP</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/demo/demo.css">
</head>
<body>
  <header class="top">
    <div>
      <h1>Reverb for PHP</h1>
      <p>A Laravel app and this page, joined by one WebSocket.</p>
    </div>
    <div class="connection" id="connection" data-state="connecting" role="status">
      <span class="lamp"></span>
      <strong id="connection-state">connecting</strong>
      <code id="socket-id"></code>
    </div>
  </header>

  <main>
    <section class="card feed" aria-labelledby="feed-title">
      <div class="card-head">
        <h2 id="feed-title">Live events</h2>
        <button class="quiet" type="button" id="burst">Fire 1,000 events</button>
      </div>
      <form id="message-form" class="line" autocomplete="off">
        <input id="message" name="text" maxlength="200" placeholder="Say something to everyone here" aria-label="Message">
        <button type="submit">Fire event</button>
      </form>
      <p class="problem" id="problem" role="alert"></p>
      <p class="typing" id="typing" aria-live="polite"></p>
      <ol id="events" class="events" aria-live="polite"></ol>
      <p class="empty" id="no-events">No event yet. Fire one: it goes to Laravel as an HTTP request and comes back to every open page as a broadcast.</p>
    </section>

    <div class="side">
      <section class="card" aria-labelledby="people-title">
        <div class="card-head">
          <h2 id="people-title">Who is here</h2>
          <span class="count" id="people-count">0</span>
        </div>
        <ul id="people" class="people"></ul>
        <form id="name-form" class="line" autocomplete="off">
          <input id="name" name="name" maxlength="40" required aria-label="Your name" value="{{ $visitor->name }}">
          <button class="quiet" type="submit">Rename me</button>
        </form>
        <p class="hint">Open this page in a private window or another browser to be two people.</p>
      </section>

      <section class="card" aria-labelledby="path-title">
        <h2 id="path-title">From <code>broadcast()</code> to this page</h2>
        <dl class="figures">
          <div><dt>last</dt><dd id="latency-last">–</dd></div>
          <div><dt>median</dt><dd id="latency-median">–</dd></div>
          <div><dt>events</dt><dd id="event-count">0</dd></div>
        </dl>
        <ol class="path">
          <li>this page</li><li>HTTP request</li><li>Laravel event</li><li>extension</li><li><code>reverb:start</code></li><li>every page</li>
        </ol>
      </section>
    </div>
  </main>

  <script id="settings" type="application/json">@json($settings)</script>
  <script src="/vendor/pusher.min.js"></script>
  <script src="/vendor/echo.iife.js"></script>
  <script type="module" src="/demo/demo.js"></script>
</body>
</html>
