<?php

use App\Events\MessagePosted;
use App\Jobs\FireNumbers;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Str;

Artisan::command('messages:post {text=Hello from the command line} {--times=1}', function () {
    foreach (range(1, (int) $this->option('times')) as $number) {
        MessagePosted::dispatch($this->argument('text'), 'Artisan', $number);
    }
})->purpose('Broadcast a message to every open page');

Artisan::command('messages:burst {count=1000} {--run=} {--queue : Leave it to a queue worker}', function () {
    $run = $this->option('run') ?? Str::random(8);
    $job = new FireNumbers($run, (int) $this->argument('count'), 'Artisan');

    $this->option('queue') ? dispatch($job) : dispatch_sync($job);
})->purpose('Broadcast many numbered events in a loop');
