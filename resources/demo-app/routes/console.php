<?php

use App\Events\MessagePosted;
use Illuminate\Support\Facades\Artisan;

Artisan::command('messages:post {text=Hello from the command line} {--times=1}', function () {
    foreach (range(1, (int) $this->option('times')) as $number) {
        MessagePosted::dispatch($this->argument('text'), 'Artisan', $number);
    }
})->purpose('Broadcast a message to every open page');
