<?php

/*
 * What Laravel's own Pusher broadcaster does for an event, where the Pusher SDK is not to be had.
 *
 * The SDK is on Packagist only. This class stands in for it with the same work for an event: the body as JSON, its MD5,
 * the sorted and signed query, and a POST through one Guzzle client, which keeps its connection. What it leaves out
 * (checks of channel names, logging, decoding of the answer's channels) makes it a little cheaper than the SDK.
 */

namespace Pusher;

// Debian's package php-guzzlehttp-guzzle...
require_once '/usr/share/php/GuzzleHttp/autoload.php';

use GuzzleHttp\Client;
use RuntimeException;

class Pusher
{
    private Client $client;

    public function __construct(private string $key, private string $secret, private string $appId, string $url)
    {
        $this->client = new Client(['base_uri' => $url]);
    }

    /**
     * @param  list<string>  $channels
     * @param  array<string, mixed>  $data
     * @param  array<string, mixed>  $params
     */
    public function trigger(array $channels, string $event, mixed $data, array $params = []): object
    {
        $path = "/apps/{$this->appId}/events";
        $body = json_encode([
            'name' => $event,
            'data' => json_encode($data, JSON_THROW_ON_ERROR),
            'channels' => array_values($channels),
        ] + $params, JSON_THROW_ON_ERROR);

        $response = $this->client->post($path, [
            'query' => $this->sign('POST', $path, ['body_md5' => md5($body)]),
            'body' => $body,
            'http_errors' => false,
            'headers' => ['Content-Type' => 'application/json', 'X-Pusher-Library' => 'pusher-http-php 7.2.4'],
        ]);

        if ($response->getStatusCode() !== 200) {
            throw new RuntimeException((string) $response->getBody());
        }

        return json_decode((string) $response->getBody(), flags: JSON_THROW_ON_ERROR);
    }

    /**
     * @param  array<string, mixed>  $query
     * @return array<string, mixed>
     */
    private function sign(string $method, string $path, array $query): array
    {
        $query += ['auth_key' => $this->key, 'auth_timestamp' => time(), 'auth_version' => '1.0'];
        ksort($query);
        $pairs = array_map(fn ($name, $value) => "{$name}={$value}", array_keys($query), $query);

        return $query + ['auth_signature' => hash_hmac('sha256', "{$method}\n{$path}\n".implode('&', $pairs), $this->secret)];
    }
}
