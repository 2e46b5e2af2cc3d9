<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Console\BroadcastingConfiguration;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

class BroadcastingConfigurationTest extends TestCase
{
    private const FILE = "<?php\n\nreturn [\n\n    'default' => env('BROADCAST_DRIVER', 'null'),\n\n    'connections' => [\n\n        'log' => [\n            'driver' => 'log',\n        ],\n\n    ],\n\n];\n";

    #[DataProvider('shapes')]
    public function test_the_connection_comes_first_and_the_others_stay(string $content): void
    {
        $configuration = $this->evaluate((new BroadcastingConfiguration($content))->withConnection());

        $this->assertSame(['reverb', 'log'], array_keys($configuration['connections']));
        $this->assertSame([
            'driver' => 'reverb',
            'key' => 'REVERB_APP_KEY',
            'secret' => 'REVERB_APP_SECRET',
            'app_id' => 'REVERB_APP_ID',
            'options' => [
                'host' => 'REVERB_HOST',
                'port' => 'REVERB_PORT',
                'scheme' => 'REVERB_SCHEME',
                'useTLS' => false,
                'path' => 'REVERB_SERVER_PATH',
            ],
            'client_options' => [],
        ], $configuration['connections']['reverb']);
    }

    public static function shapes(): array
    {
        return [
            'Laravel 10' => [self::FILE],
            'CRLF' => [str_replace("\n", "\r\n", self::FILE)],
            'double quotes' => [str_replace("'connections'", '"connections"', self::FILE)],
            'no empty line' => [str_replace("=> [\n\n        'log'", "=> [\n        'log'", self::FILE)],
        ];
    }

    public function test_a_file_with_crlf_gets_no_other_newline(): void
    {
        $changed = (new BroadcastingConfiguration(str_replace("\n", "\r\n", self::FILE)))->withConnection();

        $this->assertSame(0, preg_match('/(?<!\r)\n/', $changed));
    }

    public function test_a_file_without_connections_is_left_alone(): void
    {
        $this->assertNull((new BroadcastingConfiguration("<?php\n\nreturn require 'other.php';\n"))->withConnection());
    }

    public function test_a_connection_that_is_there_is_seen(): void
    {
        $configuration = new BroadcastingConfiguration(self::FILE);

        $this->assertFalse($configuration->hasConnection());
        $this->assertTrue((new BroadcastingConfiguration($configuration->withConnection()))->hasConnection());
    }

    public function test_the_variable_of_the_default_connection_is_the_one_the_file_reads(): void
    {
        $this->assertSame('BROADCAST_DRIVER', (new BroadcastingConfiguration(self::FILE))->variable());
        $this->assertSame('BROADCAST_CONNECTION', (new BroadcastingConfiguration(''))->variable());
        $this->assertSame('BROADCAST_CONNECTION', (new BroadcastingConfiguration(
            "'default' => env('BROADCAST_CONNECTION', env('BROADCAST_DRIVER'))"
        ))->variable());
    }

    /**
     * Evaluate the file with an env() that returns the variable's name.
     */
    private function evaluate(string $content): array
    {
        return eval(str_replace(["<?php\r\n", "<?php\n", 'env('], ['', '', '(fn ($name) => $name)('], $content));
    }
}
