<?php

namespace Laravel\Reverb\Console;

/**
 * An application's config/broadcasting.php, into which the installer puts the "reverb" connection.
 *
 * @internal
 */
class BroadcastingConfiguration
{
    /**
     * The connection as it stands in the file.
     */
    protected const CONNECTION = <<<'PHP'
        'reverb' => [
            'driver' => 'reverb',
            'key' => env('REVERB_APP_KEY'),
            'secret' => env('REVERB_APP_SECRET'),
            'app_id' => env('REVERB_APP_ID'),
            'options' => [
                'host' => env('REVERB_HOST'),
                'port' => env('REVERB_PORT', 443),
                'scheme' => env('REVERB_SCHEME', 'https'),
                'useTLS' => env('REVERB_SCHEME', 'https') === 'https',
                'path' => env('REVERB_SERVER_PATH', ''),
            ],
            'client_options' => [
                // Guzzle client options: https://docs.guzzlephp.org/en/stable/request-options.html
            ],
        ],


PHP;

    /**
     * Create a new broadcasting configuration instance.
     */
    public function __construct(protected string $content)
    {
        //
    }

    /**
     * Determine whether the file has the connection.
     */
    public function hasConnection(): bool
    {
        return preg_match('/^[ \t]*([\'"])reverb\1\s*=>/m', $this->content) === 1;
    }

    /**
     * Put the connection in front of the others, or return null if their place is not found.
     */
    public function withConnection(): ?string
    {
        $newline = str_contains($this->content, "\r\n") ? "\r\n" : "\n";
        $connection = str_replace("\n", $newline, str_replace("\r\n", "\n", self::CONNECTION));

        $content = preg_replace_callback(
            '/^[ \t]*([\'"])connections\1\s*=>\s*\[[ \t]*\r?\n(?:[ \t]*\r?\n)?/m',
            fn ($match) => rtrim($match[0]).str_repeat($newline, 2).$connection,
            $this->content, 1, $count
        );

        return $count === 1 ? $content : null;
    }

    /**
     * Get the environment variable that names the default connection.
     */
    public function variable(): string
    {
        return str_contains($this->content, 'BROADCAST_DRIVER') && ! str_contains($this->content, 'BROADCAST_CONNECTION')
            ? 'BROADCAST_DRIVER'
            : 'BROADCAST_CONNECTION';
    }
}
