<?php

// A process that serves one request after the other with a copy of one application each, as Octane does.
// Argument: the application's folder. For each line of its input it broadcasts an event, and answers with a line:
// what went wrong, or "taken".

use App\Events\MessagePosted;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Container\Container;
use Illuminate\Contracts\Broadcasting\Factory;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Support\Facades\Facade;

[, $folder] = $argv;

require "{$folder}/vendor/autoload.php";
$app = require "{$folder}/bootstrap/app.php";
$app->make(Kernel::class)->bootstrap();

while (($line = fgets(STDIN)) !== false) {
    $sandbox = clone $app;
    Container::setInstance($sandbox);
    Facade::clearResolvedInstances();
    Facade::setFacadeApplication($sandbox);
    $sandbox->make(Factory::class)->setApplication($sandbox)->forgetDrivers();

    try {
        MessagePosted::dispatch('', 'loop', (int) $line);
        echo "taken\n";
    } catch (BroadcastException $e) {
        echo "{$e->getMessage()}\n";
    }
}
