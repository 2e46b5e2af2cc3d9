<?php

namespace Laravel\Reverb\Tests\Laravel;

use App\Events\MessagePosted;
use Illuminate\Support\Facades\Broadcast;
use Laravel\Reverb\Tests\Laravel\Support\WebSocket;
use PHPUnit\Framework\Attributes\DataProvider;
use Symfony\Component\Process\Process;

/**
 * The socket for this machine's processes: who may use it, and what happens where it cannot be made.
 */
class LocalSocketTest extends TestCase
{
    /**
     * The user and the group "nobody" of Debian.
     */
    private const NOBODY = 65_534;

    public function test_the_group_of_the_server_may_publish_and_the_log_says_who_did(): void
    {
        $this->needRoot();
        $server = $this->startServer(['--debug']);
        $browser = (new WebSocket($server->port()))->subscribe('messages');

        $this->assertSame('unix', $this->publishAs(self::NOBODY, posix_getgid()));

        $browser->expect('told');
        $server->waitFor('/Publisher Connected \.+ process \d+, user 65534, group 0, application/');
    }

    public function test_others_are_told_so_and_may_use_http(): void
    {
        $this->needRoot();
        $port = $this->startServer()->port();
        $socket = $this->temporaryPath('reverb.sock');

        $this->assertSame(
            "the Reverb server is not running: nothing answers at {$socket} (Permission denied (os error 13): this process needs the user or the group of the server); start it with: php artisan reverb:start",
            $this->publishAs(self::NOBODY, self::NOBODY)
        );
        $this->assertSame('http', $this->publishAs(self::NOBODY, self::NOBODY, ['scheme' => 'http', 'host' => '127.0.0.1', 'port' => $port]));
    }

    public function test_the_group_alone_is_not_enough(): void
    {
        $this->needRoot();
        $server = $this->startServer(['--debug']);
        $browser = (new WebSocket($server->port()))->subscribe('messages');

        $this->assertStringContainsString(
            'refuses the secret of application', $this->publishAs(self::NOBODY, posix_getgid(), ['secret' => 'a guess'])
        );

        $server->waitFor('/Publisher Refused[ .]+process \d+, user 65534, group 0, application 1001, wrong secret/');
        $browser->expectNothing();
    }

    #[DataProvider('fileSystems')]
    public function test_without_room_for_the_socket_the_server_runs_and_events_take_http(string $options, string $cause): void
    {
        $this->needRoot();
        mkdir($folder = $this->temporaryPath('small'));
        // In a chroot the root is no mount, and cannot be made private; there its namespace is private already...
        $mount = "mount --make-rprivate / 2>&-; mount -t tmpfs -o {$options} none ".escapeshellarg($folder).' && exec "$@"';
        $server = $this->startServer(
            environment: ['REVERB_SERVER_SOCKET' => "{$folder}/reverb.sock"],
            launcher: ['unshare', '--mount', '--propagation', 'unchanged', 'sh', '-c', $mount, 'sh'],
        );
        $server->waitFor("/Cannot make the socket\s+\S+reverb\.sock: {$cause}/");

        $browser = (new WebSocket($server->port()))->subscribe('messages');
        config([
            'reverb.servers.reverb.socket' => "{$folder}/reverb.sock",
            'broadcasting.connections.reverb.options.port' => $server->port(),
        ]);
        Broadcast::purge('reverb');
        MessagePosted::dispatch('Hello');

        $this->assertSame('Hello', $browser->expect('App\\Events\\MessagePosted')['text']);
    }

    public static function fileSystems(): array
    {
        return [
            'full' => ['nr_inodes=1', 'No\s+space\s+left\s+on\s+device'],
            'read-only' => ['ro', 'Read-only\s+file\s+system'],
        ];
    }

    public function test_where_the_user_may_not_write_the_server_runs_without_the_socket(): void
    {
        $this->needRoot();
        $this->startServer();
        chmod(dirname($socket = $this->temporaryPath('reverb.sock')), 0755);

        // The folder is another user's, and so is the socket that is there...
        foreach ([$this->temporaryPath('other.sock'), $socket] as $path) {
            $process = new Process([PHP_BINARY, __DIR__.'/Support/serve-as.php', (string) self::NOBODY, (string) self::NOBODY, $path]);
            $process->mustRun();

            $this->assertSame(<<<OUTPUT
                Cannot make the socket {$path}: Permission denied (os error 13). Local processes publish over HTTP until there is room that the server's user may write to, and the server is started again.
                {"health":"OK"}
                OUTPUT, trim($process->getOutput()));
        }
    }

    public function test_a_path_to_another_file_stops_the_start(): void
    {
        file_put_contents($path = $this->temporaryPath('notes'), 'mine');
        $server = $this->start(['reverb:start', '--host=127.0.0.1', '--port=0'], ['REVERB_SERVER_SOCKET' => $path]);

        $this->assertSame(1, $server->wait());
        $this->assertStringContainsString('there is a file that is no socket', preg_replace('/\s+/', ' ', $server->output()));
        $this->assertSame('mine', file_get_contents($path));
    }

    private function needRoot(): void
    {
        $this->assertSame(0, posix_getuid(), 'Only root can be other users, and mount file systems: run this as root.');
    }

    /**
     * Publish from a process of another user and group, and get the way or what went wrong.
     *
     * @param  array<string, mixed>  $options
     */
    private function publishAs(int $user, int $group, array $options = []): string
    {
        $options += [
            'app_id' => config('broadcasting.connections.reverb.app_id'),
            'key' => config('broadcasting.connections.reverb.key'),
            'secret' => config('broadcasting.connections.reverb.secret'),
            'socket' => $this->temporaryPath('reverb.sock'),
        ];
        $process = new Process([PHP_BINARY, __DIR__.'/Support/publish-as.php', (string) $user, (string) $group, json_encode($options)]);
        $process->mustRun();

        return trim($process->getOutput());
    }
}
