<?php

namespace Laravel\Reverb\Tests\Unit;

use Illuminate\Console\OutputStyle;
use Illuminate\Console\View\Components\Factory;
use Laravel\Reverb\Loggers\CliLogger;
use PHPUnit\Framework\TestCase;
use Symfony\Component\Console\Input\ArrayInput;
use Symfony\Component\Console\Output\BufferedOutput;

class CliLoggerTest extends TestCase
{
    private BufferedOutput $output;

    private CliLogger $logger;

    protected function setUp(): void
    {
        $this->output = new BufferedOutput;
        $this->logger = new CliLogger(new OutputStyle(new ArrayInput([]), $this->output));
    }

    public function test_information_has_two_columns(): void
    {
        $this->logger->info('Connection Established', '123.456');

        $this->assertMatchesRegularExpression('/\A  Connection Established \.+ 123\.456 *\n\z/', $this->output->fetch());
    }

    public function test_a_message_is_numbered_json_with_its_data_decoded(): void
    {
        $this->logger->message('{"event":"pusher:subscribe","data":"{\"channel_data\":\"{\\\\\"user_id\\\\\":1}\"}"}');

        $this->assertSame(<<<'TEXT'

            1▕ {
            2▕     "event": "pusher:subscribe",
            3▕     "data": {
            4▕         "channel_data": {
            5▕             "user_id": 1
            6▕         }
            7▕     }
            8▕ }


        TEXT, $this->output->fetch());
    }

    public function test_a_message_without_data_gets_none(): void
    {
        $this->logger->message('{"event":"pusher:ping"}');

        $this->assertSame("\n    1▕ {\n    2▕     \"event\": \"pusher:ping\"\n    3▕ }\n\n", $this->output->fetch());
    }

    public function test_a_long_message_is_cut(): void
    {
        $this->logger->message(str_repeat('a', 300));

        $this->assertSame("\n    1▕ ".str_repeat('a', 200)."...\n\n", $this->output->fetch());
    }

    public function test_a_line_is_as_wide_as_the_terminal_and_no_wider_than_the_frameworks(): void
    {
        foreach ([40 => 40, 80 => 80, 400 => 150] as $terminal => $width) {
            putenv("COLUMNS={$terminal}");
            (new CliLogger(new OutputStyle(new ArrayInput([]), $this->output)))->info('Broadcasting To', 'grüße');
            $line = rtrim($this->output->fetch(), "\n");

            $this->assertSame($width, mb_strwidth($line));
            $this->assertMatchesRegularExpression('/\A  Broadcasting To \.+ grüße  \z/', $line);
        }

        putenv('COLUMNS');
    }

    public function test_it_looks_like_the_frameworks_own(): void
    {
        putenv('COLUMNS=80');
        $style = new OutputStyle(new ArrayInput([]), new BufferedOutput(decorated: true));
        (new Factory($style))->twoColumnDetail('Connection Closed', '1.2');
        $expected = $style->getOutput()->fetch();

        (new CliLogger($style))->info('Connection Closed', '1.2');
        $this->assertSame($expected, $style->getOutput()->fetch());

        (new Factory($style))->twoColumnDetail('Pruning Stale Connections');
        $expected = $style->getOutput()->fetch();

        (new CliLogger($style))->info('Pruning Stale Connections');
        $this->assertSame($expected, $style->getOutput()->fetch());
        putenv('COLUMNS');
    }

    public function test_what_a_terminal_would_obey_is_not_shown_to_it(): void
    {
        $this->logger->message("\e[2J\u{9b}2J \xff\nnext");
        $this->logger->info('Broadcasting To', "a\rb\x07");

        $output = $this->output->fetch();
        $this->assertStringContainsString("1▕ �[2J�2J ?\n    2▕ next\n", $output);
        $this->assertStringContainsString(' a�b�  ', $output);
    }

    public function test_what_clients_send_is_not_taken_for_formatting(): void
    {
        $this->logger->message('<error>x</error>');
        $this->logger->info('Message Received', '<options=bold>1</>');

        $output = $this->output->fetch();
        $this->assertStringContainsString('1▕ <error>x</error>', $output);
        $this->assertStringContainsString('<options=bold>1</>', $output);
    }
}
