<?php

/*
 * A request of a Laravel application that broadcasts, behind php-fpm. REVERB_BENCH has the plan as JSON:
 *
 * app       the folder of the application
 * host, port, socket, app_id, key, secret     of the server
 * way       unix, http, stock (Laravel's own Pusher broadcaster) or none (what Laravel does without a server)
 * measure   one of the functions below
 * events    how many
 *
 * The answer is microseconds for each event: {"wall": 1.0, "cpu": 1.0}, and where two are measured in turns
 * {"beside": {"wall": 1.0, "cpu": 1.0}} besides.
 */

use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use Illuminate\Broadcasting\Broadcasters\PusherBroadcaster;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Broadcasting\Channel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Contracts\Http\Kernel;
use Illuminate\Foundation\Bootstrap\LoadConfiguration;
use Illuminate\Support\Facades\Broadcast;
use Laravel\Reverb\Reverb;

$plan = json_decode($_SERVER['REVERB_BENCH'], true, flags: JSON_THROW_ON_ERROR);

require $plan['app'].'/vendor/autoload.php';

$app = require $plan['app'].'/bootstrap/app.php';
$app->afterBootstrapping(LoadConfiguration::class, fn () => configure($plan));
$app->afterResolving(BroadcastManager::class, fn (BroadcastManager $manager) => extend($manager, $plan));
$app->make(Kernel::class)->bootstrap();

class OrderShipped implements ShouldBroadcastNow
{
    public function __construct(public int $order, public string $text)
    {
        //
    }

    public function broadcastOn(): Channel
    {
        return new Channel('bench');
    }
}

header('Content-Type: application/json');
echo json_encode($plan['measure']($plan), JSON_THROW_ON_ERROR);

/** The first event of a request, in a worker that has served others. */
function first(array $plan): array
{
    return timed(1, fn () => broadcast(new OrderShipped(1, text())));
}

/** Further events, through all of Laravel. */
function further(array $plan): array
{
    broadcast(new OrderShipped(0, text()));

    return timed($plan['events'], fn (int $event) => broadcast(new OrderShipped($event, text())));
}

/** Further events, through the broadcaster alone. */
function driver(array $plan): array
{
    [$broadcaster, $channels] = [broadcaster(), ['bench']];

    return timed($plan['events'], fn (int $event) => $broadcaster->broadcast($channels, 'OrderShipped', payload($event)));
}

/** The same where nobody waits for an answer before the end, which is in the figure. */
function batch(array $plan): array
{
    [$broadcaster, $channels] = [broadcaster(), ['bench']];

    $figures = timed(1, fn () => Reverb::batch(function () use ($plan, $broadcaster, $channels) {
        for ($event = 1; $event <= $plan['events']; $event++) {
            $broadcaster->broadcast($channels, 'OrderShipped', payload($event));
        }
    }));

    return array_map(fn (float $figure) => $figure / $plan['events'], $figures);
}

/** Events of a hundred channels each. */
function hundred(array $plan): array
{
    $broadcaster = broadcaster();
    $channels = array_map(fn ($number) => "bench-{$number}", range(1, 100));

    return timed($plan['events'], fn (int $event) => $broadcaster->broadcast($channels, 'OrderShipped', payload($event)));
}

/** `driver` and `raw` in turns so short that the machine is as fast for one as for the other; the medians of each. */
function turns(array $plan): array
{
    $figures = [];

    for ($turn = 1; $turn <= $plan['events'] / 100; $turn++) {
        foreach ([driver(...), raw(...)] as $side => $measure) {
            $figures[$side][] = $measure(['events' => 100] + $plan);
        }
    }

    [$driver, $raw] = array_map(fn (array $figures) => [
        'wall' => median(array_column($figures, 'wall')), 'cpu' => median(array_column($figures, 'cpu')),
    ], $figures);

    return $driver + ['beside' => $raw];
}

/** The same as `driver` over HTTP, written by hand: a socket that is kept, and a signed request each. */
function raw(array $plan): array
{
    $socket = stream_socket_client("tcp://{$plan['host']}:{$plan['port']}");
    $path = "/apps/{$plan['app_id']}/events";
    stream_set_write_buffer($socket, 0);

    return timed($plan['events'], function (int $event) use ($plan, $socket, $path) {
        $body = json_encode([
            'name' => 'OrderShipped', 'channels' => ['bench'], 'data' => json_encode(payload($event)),
        ]);
        $query = "auth_key={$plan['key']}&auth_timestamp=".time().'&auth_version=1.0&body_md5='.md5($body);
        $signature = hash_hmac('sha256', "POST\n{$path}\n{$query}", $plan['secret']);
        fwrite($socket, "POST {$path}?{$query}&auth_signature={$signature} HTTP/1.1\r\nHost: {$plan['host']}:{$plan['port']}\r\n"
            ."Content-Type: application/json\r\nContent-Length: ".strlen($body)."\r\n\r\n{$body}");

        $answer = fread($socket, 8192);

        if (! str_starts_with($answer, 'HTTP/1.1 200 ') || ! str_ends_with($answer, '{}')) {
            throw new RuntimeException("not an answer in one piece: {$answer}");
        }
    });
}

/** What a wait for an answer costs alone: messages over a unix socket to a process that sends them back. */
function echoed(array $plan): array
{
    $program = proc_open(['cat'], [['socket'], ['socket']], $sockets);
    $message = json_encode(payload(0));
    stream_set_write_buffer($sockets[0], 0);

    $figures = timed($plan['events'], function () use ($sockets, $message) {
        fwrite($sockets[0], $message);

        if (fread($sockets[1], 8192) !== $message) {
            throw new RuntimeException('not an answer in one piece');
        }
    });

    array_map(fclose(...), $sockets);
    proc_close($program);

    return $figures;
}

/** Sets the connections of an application as its configuration would. */
function configure(array $plan): void
{
    $connection = [
        'driver' => 'reverb',
        'app_id' => $plan['app_id'],
        'key' => $plan['key'],
        'secret' => $plan['secret'],
        'options' => ['host' => $plan['host'], 'port' => $plan['port'], 'scheme' => 'http', 'useTLS' => false],
    ];

    config([
        'broadcasting.default' => ['unix' => 'reverb', 'http' => 'reverb', 'stock' => 'stock', 'none' => 'null'][$plan['way']],
        'broadcasting.connections' => [
            'reverb' => $connection,
            'stock' => ['driver' => 'stock'],
            'null' => ['driver' => 'null'],
        ],
        'reverb.servers.reverb.socket' => $plan['way'] === 'unix' ? $plan['socket'] : null,
    ]);
}

/** Adds Laravel's own Pusher broadcaster. */
function extend(BroadcastManager $manager, array $plan): void
{
    $manager->extend('stock', function () use ($plan) {
        require_once __DIR__.'/sdk.php';

        return new PusherBroadcaster(
            new Pusher\Pusher($plan['key'], $plan['secret'], $plan['app_id'], "http://{$plan['host']}:{$plan['port']}")
        );
    });
}

/** The broadcaster of the plan, which has broadcast before. */
function broadcaster(): Broadcaster
{
    $broadcaster = Broadcast::connection();
    $broadcaster->broadcast(['bench'], 'OrderShipped', payload(0));

    return $broadcaster;
}

/** What Laravel makes of the event. */
function payload(int $event): array
{
    return ['order' => $event, 'text' => text(), 'socket' => null];
}

function text(): string
{
    return 'Your order has been shipped and will be with you by Thursday, unless it is stopped at the border; see the link.';
}

/** Runs something several times; microseconds for each. */
function timed(int $events, Closure $run): array
{
    $cpu = cpu();
    $begin = hrtime(true);

    for ($event = 1; $event <= $events; $event++) {
        $run($event);
    }

    $wall = (hrtime(true) - $begin) / 1e3;

    return ['wall' => $wall / $events, 'cpu' => (cpu() - $cpu) / $events];
}

function median(array $figures): float
{
    sort($figures);

    return $figures[intdiv(count($figures), 2)];
}

/** The CPU time of this process in microseconds. */
function cpu(): int
{
    $usage = getrusage();

    return ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1_000_000
        + $usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec'];
}
