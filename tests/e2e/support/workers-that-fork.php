<?php

// A worker that has broadcast, and forks others that do so, too, while it goes on; one of them forks once more.
// Arguments: the application's folder, the number of workers, the number of events of each process.

use App\Events\MessagePosted;
use Illuminate\Contracts\Console\Kernel;

[, $folder, $workers, $events] = $argv;

require "{$folder}/vendor/autoload.php";
(require "{$folder}/bootstrap/app.php")->make(Kernel::class)->bootstrap();

$post = function (string $who) use ($events) {
    foreach (range(1, (int) $events) as $number) {
        MessagePosted::dispatch(getmypid(), $who, $number);
    }
};
$fork = function (Closure $work) {
    $child = pcntl_fork();

    if ($child === 0) {
        $work();
        exit(0);
    }

    return $child;
};

$post('before the forks');

$children = array_map(fn (int $number) => $fork(function () use ($number, $post, $fork) {
    $post("worker {$number}");

    if ($number === 1) {
        $grandchild = $fork(fn () => $post('grandchild'));
        $post('beside the grandchild');
        pcntl_waitpid($grandchild, $status);
        exit(pcntl_wexitstatus($status));
    }
}), range(1, (int) $workers));

$post('beside the workers');

$statuses = array_map(function (int $child) {
    pcntl_waitpid($child, $status);

    return pcntl_wexitstatus($status);
}, $children);

$post('after the workers');
exit(max($statuses));
