<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Console\EnvironmentFile;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

class EnvironmentFileTest extends TestCase
{
    #[DataProvider('files')]
    public function test_a_variable_is_found_by_its_whole_name(string $content, bool $found): void
    {
        $this->assertSame($found, (new EnvironmentFile($content))->has('REVERB_HOST'));
    }

    public static function files(): array
    {
        return [
            'on the first line' => ["REVERB_HOST=a\nB=2\n", true],
            'on the first line, after a byte order mark' => ["\u{FEFF}REVERB_HOST=a\n", true],
            'on a later line' => ["A=1\nREVERB_HOST=a", true],
            'with CRLF' => ["A=1\r\nREVERB_HOST=a\r\n", true],
            'without a value' => ["REVERB_HOST=\n", true],
            'exported' => ["export REVERB_HOST=a\n", true],
            'indented, with a space' => ["  REVERB_HOST = a\n", true],
            'quoted' => ["REVERB_HOST=\"a b\"\n", true],
            'in a comment' => ["#REVERB_HOST=a\n# REVERB_HOST=a\n", false],
            'as the start of a longer name' => ["REVERB_HOSTNAME=a\n", false],
            'as the end of a longer name' => ["VITE_REVERB_HOST=a\n", false],
            'in a value' => ["A=REVERB_HOST=a\n", false],
            'nowhere' => ['', false],
        ];
    }

    public function test_missing_variables_are_appended_after_an_empty_line(): void
    {
        $file = (new EnvironmentFile("A=1\nB=2\n\n\n"))->append([['C' => '3', 'A' => 'x'], ['D' => '"4"']]);

        $this->assertSame("A=1\nB=2\n\nC=3\n\nD=\"4\"\n", $file->content());
    }

    public function test_appending_twice_changes_nothing(): void
    {
        $once = (new EnvironmentFile("A=1\n"))->append([['C' => '3']])->content();

        $this->assertSame($once, (new EnvironmentFile($once))->append([['C' => '4']])->content());
    }

    public function test_the_newline_of_the_file_is_kept(): void
    {
        $file = (new EnvironmentFile("A=1\r\nD=log\r\n"))->append([['B' => '2', 'C' => '3']])->replace('D', 'reverb');

        $this->assertSame("A=1\r\nD=reverb\r\n\r\nB=2\r\nC=3\r\n", $file->content());
    }

    public function test_an_empty_file_begins_with_the_variables(): void
    {
        $this->assertSame("A=1\n", (new EnvironmentFile(''))->append([['A' => '1']])->content());
    }

    public function test_the_whole_value_is_replaced(): void
    {
        $content = "#DRIVER=log\nMY_DRIVER=log\nDRIVER=\"my log\" # why\nDRIVERS=log\n";

        $this->assertSame(
            "#DRIVER=log\nMY_DRIVER=log\nDRIVER=reverb\nDRIVERS=log\n",
            (new EnvironmentFile($content))->replace('DRIVER', 'reverb')->content()
        );
    }

    public function test_what_is_empty_is_filled_and_no_value_is_changed(): void
    {
        $content = "A=\r\nB=\"\"\nexport C= '' \nD= # to be set\nE=#e\nF=0\nG=\"\nx\"\n#A=\nH=";

        $this->assertSame(
            "A=1\r\nB=1\nexport C=1\nD=1\nE=#e\nF=0\nG=\"\nx\"\n#A=\nH=1",
            (new EnvironmentFile($content))->fill(array_fill_keys(range('A', 'Z'), '1'))->content()
        );
    }
}
