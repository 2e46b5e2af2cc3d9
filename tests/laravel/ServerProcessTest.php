<?php

namespace Laravel\Reverb\Tests\Laravel;

use Laravel\Reverb\Tests\Laravel\Support\Artisan;
use Laravel\Reverb\Tests\Laravel\Support\Newcomer;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use PHPUnit\Framework\Attributes\DataProvider;

/**
 * reverb:start as users run it: what it prints, when it ends, and with which exit code.
 */
class ServerProcessTest extends TestCase
{
    #[DataProvider('mistakes')]
    public function test_a_mistake_is_one_line_and_exit_code_one(array $arguments, array $environment, string $line): void
    {
        $this->assertFails($this->start(['reverb:start', ...$arguments], $environment), $line);
    }

    public static function mistakes(): array
    {
        $set = fn (string $variable) => ": set {$variable} in the environment (\"php artisan reverb:install\" does).";

        return [
            'no extension' => [[], ['PHP_INI_SCAN_DIR' => false], 'The PHP extension "reverb" is not loaded: run "phpize && ./configure && make && make install" in vendor/reverb-php/reverb, then add "extension=reverb" to the php.ini that "php --ini" names (php-fpm has its own).'],
            'a host that is a name' => [['--host=localhost'], [], '[--host] must be an IP address such as 0.0.0.0, 127.0.0.1 or [::1], not "localhost".'],
            'a configured host that is a name' => [[], ['REVERB_SERVER_HOST' => 'localhost'], '[reverb.servers.reverb.host] must be an IP address such as 0.0.0.0, 127.0.0.1 or [::1], not "localhost".'],
            'a port out of range' => [['--port=65536'], [], '[--port] must be an integer from 0 to 65535, not "65536".'],
            'a configured port out of range' => [[], ['REVERB_SERVER_PORT' => '-1'], '[reverb.servers.reverb.port] must be an integer from 0 to 65535, not "-1".'],
            'an empty key' => [[], ['REVERB_APP_KEY' => ''], '[reverb.apps.apps.0.key] is missing or empty'.$set('REVERB_APP_KEY')],
            'an empty secret' => [[], ['REVERB_APP_SECRET' => ''], '[reverb.apps.apps.0.secret] is missing or empty'.$set('REVERB_APP_SECRET')],
            'an empty id' => [[], ['REVERB_APP_ID' => ''], '[reverb.apps.apps.0.app_id] is missing or empty'.$set('REVERB_APP_ID')],
            'no seconds' => [[], ['REVERB_APP_PING_INTERVAL' => 'soon'], '[reverb.apps.apps.0.ping_interval] must be an integer from 1 to 86400, not "soon".'],
            'scaling' => [[], ['REVERB_SCALING_ENABLED' => 'maybe'], '[reverb.servers.reverb.scaling.enabled] must be true or false, not "maybe".'],
            'the port of Redis' => [[], ['REVERB_SCALING_ENABLED' => 'true', 'REDIS_PORT' => '70000'], '[reverb.servers.reverb.scaling.server.port] must be an integer from 1 to 65535, not "70000".'],
        ];
    }

    public function test_the_certificate_that_valet_keeps_for_the_hostname_is_used(): void
    {
        $keys = dirname(__DIR__).'/tls/keys';
        $home = $this->homeWith(file_get_contents("{$keys}/certificate.pem"), file_get_contents("{$keys}/pkcs8.pem"));
        $server = $this->startServer(['--hostname=localhost'], ['HOME' => $home]);

        $this->assertSame(["INFO  Starting secure server on 127.0.0.1:{$server->port()} (localhost)."], $this->lines($server));
        $trusting = stream_context_create(['ssl' => ['cafile' => "{$keys}/certificate.pem"]]);
        $this->assertSame('{"health":"OK"}', file_get_contents("https://localhost:{$server->port()}/up", context: $trusting));
        $this->assertSame(0, $server->signal(SIGTERM)->wait(), $server->output());
    }

    public function test_a_certificate_that_will_not_do_is_named(): void
    {
        $home = $this->homeWith('', '');

        $this->assertFails(
            $this->start(['reverb:start', '--host=127.0.0.1', '--port=0', '--hostname=localhost'], ['HOME' => $home]),
            "options.tls.local_cert is \"{$home}/.config/valet/Certificates/localhost.crt\", but it has no certificate; it must be a PEM file that begins with the server's own."
        );
    }

    private function homeWith(string $certificate, string $key): string
    {
        $home = $this->temporaryPath('home');
        mkdir($directory = "{$home}/.config/valet/Certificates", recursive: true);
        file_put_contents("{$directory}/localhost.crt", $certificate);
        file_put_contents("{$directory}/localhost.key", $key);

        return $home;
    }

    public function test_a_port_in_use_is_named(): void
    {
        $listener = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($listener, false);
        [, $port] = explode(':', $address);

        $this->assertFails($this->start(['reverb:start', '--host=127.0.0.1', "--port={$port}"]), "cannot listen on {$address}: the address is already in use; stop the other server or choose another port.");
    }

    public function test_an_address_of_another_machine_is_named(): void
    {
        $this->assertFails($this->start(['reverb:start', '--host=192.0.2.1', '--port=0']), 'cannot listen on 192.0.2.1:0: this machine does not have that address.');
    }

    #[DataProvider('signals')]
    public function test_a_signal_ends_the_connections_and_the_server(int $signal): void
    {
        $server = $this->startServer(launcher: ['env', '--default-signal=HUP']);
        $browser = (new WebSocket($server->port()))->subscribe('messages');

        $server->signal($signal);
        $this->assertSame(['code' => 4100, 'message' => 'Server is shutting down'], $browser->expect('pusher:error'));
        $browser->expectEnd();

        $this->assertSame(0, $server->wait(), $server->output());
        $this->assertSame([
            "INFO  Starting server on 127.0.0.1:{$server->port()}.",
            'INFO  Gracefully terminating connections.',
        ], $this->lines($server));
    }

    public static function signals(): array
    {
        return ['SIGINT' => [SIGINT], 'SIGTERM' => [SIGTERM], 'SIGTSTP' => [SIGTSTP], 'SIGHUP' => [SIGHUP]];
    }

    public function test_a_server_that_is_to_outlive_its_terminal_does(): void
    {
        $server = $this->startServer(environment: ['CACHE_DRIVER' => 'file'], launcher: ['env', '--ignore-signal=HUP']);

        $server->signal(SIGHUP);
        $this->start(['reverb:restart'], ['CACHE_DRIVER' => 'file'])->wait();

        $this->assertSame(0, $server->wait());
        $this->assertSame("INFO  Stopping server on 127.0.0.1:{$server->port()}.", $this->lines($server)[1]);
    }

    public function test_the_limit_of_open_files_is_raised_and_named_if_it_is_too_low(): void
    {
        $server = $this->startServer(
            environment: ['REVERB_APP_MAX_CONNECTIONS' => '900'],
            launcher: ['sh', '-c', 'ulimit -Sn 300 && ulimit -Hn 1000 && exec "$@"', 'sh']
        );

        $server->waitFor('/WARN  The limit of open files is 1000, but 900 connections \(max_connections\) need 1100: raise it/');
        $this->assertMatchesRegularExpression('/^Max open files +1000 +1000 /m', file_get_contents("/proc/{$server->pid()}/limits"));
    }

    public function test_a_php_without_pcntl_serves_and_hears_restarts(): void
    {
        $server = $this->startServer(environment: ['CACHE_DRIVER' => 'file'] + $this->withoutPcntl());
        $browser = (new WebSocket($server->port()))->subscribe('messages');
        $this->start(['reverb:restart'], ['CACHE_DRIVER' => 'file'])->wait();

        $browser->expect('pusher:error');
        $browser->expectEnd();
        $this->assertSame(0, $server->wait(), $server->output());
    }

    public function test_a_php_without_pcntl_ends_on_a_signal(): void
    {
        $server = $this->startServer(environment: $this->withoutPcntl());

        $this->assertSame(128 + SIGTERM, $server->signal(SIGTERM)->wait());
    }

    /**
     * Get the environment in which PHP has none of pcntl's functions.
     */
    private function withoutPcntl(): array
    {
        mkdir($folder = $this->temporaryPath('ini'));
        file_put_contents("{$folder}/no-pcntl.ini", 'disable_functions='.implode(',', get_extension_funcs('pcntl')));

        return ['PHP_INI_SCAN_DIR' => getenv('PHP_INI_SCAN_DIR').":{$folder}"];
    }

    public function test_a_restart_ends_the_server(): void
    {
        $server = $this->startServer([], ['CACHE_DRIVER' => 'file']);
        $restart = $this->start(['reverb:restart'], ['CACHE_DRIVER' => 'file']);

        $this->assertSame(0, $restart->wait());
        $this->assertSame(['INFO  Broadcasting Reverb restart signal.'], $this->lines($restart));
        $this->assertSame(0, $server->wait(), $server->output());
        $this->assertSame("INFO  Stopping server on 127.0.0.1:{$server->port()}.", $this->lines($server)[1]);
    }

    public function test_d18_clearing_the_cache_does_not_end_the_server(): void
    {
        $this->start(['reverb:restart'], ['CACHE_DRIVER' => 'file'])->wait();
        $server = $this->startServer([], ['CACHE_DRIVER' => 'file']);
        $this->start(['cache:clear'], ['CACHE_DRIVER' => 'file'])->wait();
        $server->waitFor('/WARN  The restart key has gone from the cache; the server goes on and still watches it/');

        (new WebSocket($server->port()))->subscribe('messages')->leave();
        $this->assertSame(0, $server->signal(SIGTERM)->wait());
    }

    public function test_d18_a_cache_that_fails_does_not_end_the_server(): void
    {
        $server = $this->startServer([], ['CACHE_DRIVER' => 'database']);

        $this->assertStringContainsString('WARN  The cache cannot be read, so "reverb:restart" has no effect until it can: ', $server->output());
        (new WebSocket($server->port()))->subscribe('messages')->leave();
        $this->assertSame(0, $server->signal(SIGTERM)->wait());
    }

    public function test_debug_shows_what_happens(): void
    {
        $server = $this->startServer(['--debug'], ['REVERB_TRUSTED_PROXIES' => '*']);
        $browser = (new WebSocket($server->port(), headers: ['X-Forwarded-For: 203.0.113.7']))->subscribe('messages');

        $server->waitFor('/Connection Established \.+ '.preg_quote($browser->socketId).'/');
        $server->waitFor('/Client Address \.+ '.preg_quote($browser->socketId).' 203\.0\.113\.7/');
        $server->waitFor('/Message Received \.+ '.preg_quote($browser->socketId).'/');
        $server->waitFor('/▕     "event": "pusher:subscribe",/');
    }

    public function test_debug_tells_what_is_wrong_with_a_message_and_why_somebody_is_not_let_in(): void
    {
        $server = $this->startServer(['--debug'], ['REVERB_APP_MAX_CONNECTIONS' => '1']);
        $browser = new WebSocket($server->port());

        $browser->send('pusher:subscribe', ['channel' => 'private-orders', 'auth' => 'none']);
        $server->waitFor("/\\[ERROR\\] Message from {$browser->socketId} resulted in a pusher error\\s+Connection is unauthorized \\.+\\s/");
        $browser->send('pusher:nonsense', []);
        $server->waitFor("/\\[ERROR\\] Message from {$browser->socketId} resulted in an unknown error\\s+Invalid message format \\.+\\s/");

        $this->assertSame(4004, (new Newcomer($server->port(), 'test-key'))->refusal());
        $server->waitFor('/resulted in a pusher error\s+Application is over connection quota \.+\s/');
        $this->assertSame(4001, (new Newcomer($server->port(), 'no-key'))->refusal());
        $server->waitFor('/resulted in a pusher error\s+Application does not exist \.+\s/');
    }

    public function test_debug_under_load_shows_a_part_says_how_much_is_missing_and_slows_nobody_down(): void
    {
        $server = $this->startServer(['--debug']);
        [$sender, $receiver] = [new WebSocket($server->port()), new WebSocket($server->port())];
        $sender->subscribe('messages');
        $receiver->subscribe('messages');

        // Fewer lines than the server keeps for a terminal that takes none, so that each of them is shown or counted...
        foreach (range(1, 2_000) as $number) {
            $sender->send('client-counted', $number, 'messages');
        }

        // Nobody reads what the server writes meanwhile, so that it waits for its terminal...
        foreach (range(1, 2_000) as $number) {
            $this->assertSame($number, $receiver->expect('client-counted'));
        }

        $this->assertSame(0, $server->signal(SIGTERM)->wait(), $server->output());

        // A connection comes from somewhere and goes, and of a message there are receipt, text and handling...
        $shown = preg_match_all('/^  [A-Z][A-Za-z ]+ \.+ \d+\.\d+(?: 127\.0\.0\.1)?$|^ +1▕ \{$/m', $server->output());
        preg_match_all('/^  Further Messages Not Shown \.+ (\d+)$/m', $server->output(), $hidden);
        $this->assertGreaterThan(0, array_sum($hidden[1]));
        $this->assertSame(2 * 3 + 3 * 2_002, $shown + array_sum($hidden[1]));
    }

    private function assertFails(Artisan $command, string $line): void
    {
        $this->assertSame(1, $command->wait(), $command->output());
        $this->assertSame(["ERROR  {$line}"], $this->lines($command));
    }

    /**
     * @return list<string>
     */
    private function lines(Artisan $command): array
    {
        return array_values(array_filter(array_map('trim', explode("\n", $command->output()))));
    }
}
