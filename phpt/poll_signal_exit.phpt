--TEST--
exit() in a signal handler ends the process with its code, server and all
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

if (($pid = pcntl_fork()) === 0) {
    $server = Reverb\Server::start(configuration());
    pcntl_async_signals(true);
    pcntl_signal(SIGALRM, fn () => exit(9));
    register_shutdown_function(fn () => print("shutdown function\n"));
    pcntl_alarm(1);
    $server->poll(30000);
    echo "not reached\n";
}

pcntl_waitpid($pid, $status);
echo pcntl_wexitstatus($status), "\n";
?>
--EXPECT--
shutdown function
9
