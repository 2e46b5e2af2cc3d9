<?php

namespace Laravel\Reverb\Tests\Unit;

use FilesystemIterator;
use PHPUnit\Framework\TestCase;
use RecursiveDirectoryIterator;
use RecursiveIteratorIterator;

class NativeSeamTest extends TestCase
{
    public function test_three_files_alone_name_the_extension(): void
    {
        $folder = realpath(__DIR__.'/../../php/src');
        $naming = [];

        foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS)) as $file) {
            if (preg_match('/(?<![\\\\\w])\\\\?Reverb\\\\(Server|Publisher|\w*Exception)\b|extension_loaded/', file_get_contents($file))) {
                $naming[] = substr($file, strlen($folder) + 1);
            }
        }

        sort($naming);
        $this->assertSame(['Native/Extension.php', 'Native/ExtensionPublisher.php', 'Native/ExtensionServer.php'], $naming);
    }
}
