<?php

namespace Laravel\Reverb\Tests\Laravel;

use Composer\InstalledVersions;
use Laravel\Reverb\ApplicationManagerServiceProvider;
use Laravel\Reverb\ReverbServiceProvider;
use Symfony\Component\Process\Process;

/**
 * The package as Composer and the framework see it: in the place of laravel/reverb.
 */
class ComposerTest extends TestCase
{
    public function test_the_package_is_a_library_that_needs_the_extension(): void
    {
        $package = $this->decode(__DIR__.'/../../composer.json');

        $this->assertSame('library', $package['type']);
        $this->assertSame('*', $package['require']['ext-reverb']);
        $this->assertMatchesRegularExpression('/\A1\.\d+\.\d+\z/', $package['replace']['laravel/reverb']);
    }

    public function test_whoever_asks_whether_reverb_is_installed_is_told_that_it_is(): void
    {
        $this->assertTrue(InstalledVersions::isInstalled('laravel/reverb'));
        $this->assertMatchesRegularExpression('/\A1\.\d+\.\d+\z/', InstalledVersions::getVersionRanges('laravel/reverb'));

        $installed = $this->decode(getenv('REVERB_TEST_APP').'/vendor/composer/installed.json')['packages'];
        $this->assertContains('reverb-php/reverb', array_column($installed, 'name'));
        $this->assertNotContains('laravel/reverb', array_column($installed, 'name'));
    }

    public function test_both_providers_are_discovered_by_the_names_of_reverb(): void
    {
        $packages = require $this->app->getCachedPackagesPath();

        $this->assertSame(
            [ApplicationManagerServiceProvider::class, ReverbServiceProvider::class],
            $packages['reverb-php/reverb']['providers']
        );
        $this->assertSame('Laravel\Reverb\ReverbServiceProvider', ReverbServiceProvider::class);
        $this->assertArrayHasKey(ReverbServiceProvider::class, $this->app->getLoadedProviders());
    }

    public function test_a_package_that_asks_for_reverb_gets_this_one(): void
    {
        [$status, $output] = $this->composer(['acme/widgets' => ['require' => ['laravel/reverb' => '^1.0']]]);

        $this->assertSame(0, $status, $output);
        $this->assertMatchesRegularExpression('/Locking reverb-php\/reverb .*Locking|Locking .*Locking reverb-php\/reverb/s', $output);
    }

    public function test_the_original_cannot_be_installed_beside_it(): void
    {
        [$status, $output] = $this->composer(['laravel/reverb' => ['version' => '1.11.2']]);

        $this->assertSame(2, $status, $output);
        $this->assertMatchesRegularExpression('/Only one of these can be installed: .*laravel\/reverb/', $output);
    }

    public function test_the_commands_of_the_readme_put_it_in_the_place_of_the_original_and_back(): void
    {
        $repository = realpath(__DIR__.'/../..');
        $readme = file_get_contents("{$repository}/README.md");
        preg_match_all('/^composer .+$/m', $readme, $commands);
        preg_match('/^The way back is `(composer .+)` and `(composer .+)`\.$/m', $readme, $back);
        $original = ['type' => 'package', 'package' => ['name' => 'laravel/reverb', 'version' => '1.11.2', 'type' => 'metapackage']];
        $isFramework = fn (array $entry) => ($entry['type'] ?? '') === 'path' && $entry['url'] !== $repository;

        mkdir($folder = $this->temporaryPath('application'));
        file_put_contents("{$folder}/composer.json", json_encode([
            'require' => ['laravel/framework' => '*', 'laravel/reverb' => '^1.0'],
            'repositories' => [
                ['packagist.org' => false], $original,
                ...array_filter($this->decode(getenv('REVERB_TEST_APP').'/composer.json')['repositories'], $isFramework),
            ],
        ]));

        $this->assertCount(3, $commands[0]);
        $this->assertSame(
            ['laravel/framework', 'reverb-php/reverb'], $this->installedBy(['composer install', ...$commands[0]], $folder, $repository)
        );
        $this->assertSame(['laravel/framework', 'laravel/reverb'], $this->installedBy(array_slice($back, 1), $folder, $repository));
    }

    /**
     * Get the packages that are installed after the commands, in the folder of an application.
     *
     * @param  list<string>  $commands
     * @return list<string>
     */
    private function installedBy(array $commands, string $folder, string $repository): array
    {
        foreach ($commands as $command) {
            $process = Process::fromShellCommandline(str_replace('../reverb-php', $repository, $command), $folder, [
                'COMPOSER_ALLOW_SUPERUSER' => '1', 'COMPOSER_DISABLE_NETWORK' => '1', 'COMPOSER_IGNORE_PLATFORM_REQS' => '1', 'COMPOSER_NO_INTERACTION' => '1',
            ], timeout: 300);
            $this->assertSame(0, $process->run(), "{$command}: ".$process->getErrorOutput());
        }

        return array_column($this->decode("{$folder}/vendor/composer/installed.json")['packages'], 'name');
    }

    /**
     * Let Composer find a set of packages for an application with this one and the given others.
     *
     * @param  array<string, array<string, mixed>>  $others
     * @return array{int, string}
     */
    private function composer(array $others): array
    {
        $application = $this->decode(getenv('REVERB_TEST_APP').'/composer.json');

        foreach ($others as $name => $package) {
            $application['repositories'][] = ['type' => 'package', 'package' => $package + [
                'name' => $name, 'version' => '1.0.0', 'type' => 'metapackage',
            ]];
            $application['require'][$name] = $package['version'] ?? '1.0.0';
        }

        mkdir($folder = $this->temporaryPath('resolved'));
        file_put_contents("{$folder}/composer.json", json_encode($application));
        $composer = new Process(
            ['composer', 'update', '--dry-run', '--no-plugins', '--no-scripts', '--no-interaction', '--no-ansi', '--ignore-platform-reqs'],
            $folder, ['COMPOSER_ALLOW_SUPERUSER' => '1', 'COMPOSER_DISABLE_NETWORK' => '1'], timeout: 300
        );

        return [$composer->run(), $composer->getErrorOutput().$composer->getOutput()];
    }

    private function decode(string $path): array
    {
        return json_decode(file_get_contents($path), true, flags: JSON_THROW_ON_ERROR);
    }
}
