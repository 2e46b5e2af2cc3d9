<?php

// A shell with the processes of PsySH, on which `php artisan tinker` stands: each line runs in a fork of the process
// that ran the line before, which waits. Where a line ends its process, the one before goes on with the next line.
// Arguments: the application's folder, and the lines.

use Illuminate\Contracts\Console\Kernel;

[, $folder] = $argv;
$lines = array_slice($argv, 2);

require "{$folder}/vendor/autoload.php";
(require "{$folder}/bootstrap/app.php")->make(Kernel::class)->bootstrap();

foreach ($lines as $line) {
    $session = pcntl_fork();

    if ($session === 0) {
        eval($line);
        continue;
    }

    pcntl_waitpid($session, $status);

    if (pcntl_wifexited($status) && pcntl_wexitstatus($status) === 0) {
        break;
    }
}

// Whatever the processes before would do at their end, the last one does.
exit(0);
