--TEST--
Native threads leave signals to the thread that runs PHP
--EXTENSIONS--
reverb
--SKIPIF--
<?php if (! is_dir('/proc/self/task')) die('skip needs /proc'); ?>
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['workers' => 2, 'socket' => socket_path()]));
$terminate = 1 << (15 - 1);
$native = 0;

foreach (glob('/proc/self/task/*/status') as $file) {
    preg_match('/^SigBlk:\s*([0-9a-f]+)/m', file_get_contents($file), $match);
    $blocks = (hexdec(substr($match[1], -8)) & $terminate) !== 0;
    $main = basename(dirname($file)) === (string) getmypid();
    echo $main === $blocks ? "wrong: {$file}\n" : '';
    $native += (int) ! $main;
}

echo $native >= 2 ? "native threads\n" : "{$native} native threads\n";
$server->stop(0);

// The system lists a thread that has been joined until it has tidied up after it.
for ($deadline = hrtime(true) + 20_000_000_000; count($threads = glob('/proc/self/task/*')) > 1 && hrtime(true) < $deadline; ) {
    continue;
}

echo count($threads), " thread after stop\n";
?>
--EXPECT--
native threads
1 thread after stop
