<?php

namespace Laravel\Reverb\Tests\Unit;

use Laravel\Reverb\Application;
use Laravel\Reverb\Certificate;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Servers\Reverb\ServerConfiguration;
use PHPUnit\Framework\TestCase;

class CertificateTest extends TestCase
{
    private string $home;

    private mixed $before;

    protected function setUp(): void
    {
        $this->home = sys_get_temp_dir().'/reverb-home-'.bin2hex(random_bytes(6));
        $this->before = $_SERVER['HOME'] ?? null;
        $_SERVER['HOME'] = $this->home;
    }

    protected function tearDown(): void
    {
        $_SERVER['HOME'] = $this->before;
        exec('rm -rf '.escapeshellarg($this->home));
    }

    public function test_the_directories_are_those_of_herd_and_valet(): void
    {
        $this->assertSame([
            "{$this->home}/Library/Application Support/Herd/config/valet/Certificates/",
            "{$this->home}/.config/valet/Certificates/",
        ], Certificate::paths());
        $this->assertSame(Certificate::paths(), [Certificate::herdPath(), Certificate::valetPath()]);
    }

    public function test_a_host_without_both_files_has_no_certificate(): void
    {
        $this->assertFalse(Certificate::exists('app.test'));

        $this->put(Certificate::valetPath(), 'app.test.crt');

        $this->assertFalse(Certificate::exists('app.test'));
        $this->assertNull(Certificate::resolve('app.test'));
    }

    public function test_a_certificate_is_found_by_host_and_by_url(): void
    {
        $expected = $this->certificate(Certificate::valetPath(), 'app.test');

        $this->assertTrue(Certificate::exists('app.test'));
        $this->assertSame($expected, Certificate::resolve('app.test'));
        $this->assertSame($expected, Certificate::resolve('https://app.test:8080/path'));
        $this->assertFalse(Certificate::exists('other.test'));
    }

    public function test_herd_comes_before_valet(): void
    {
        $this->certificate(Certificate::valetPath(), 'app.test');
        $expected = $this->certificate(Certificate::herdPath(), 'app.test');

        $this->assertSame($expected, Certificate::resolve('app.test'));
    }

    public function test_the_server_takes_the_certificate_of_its_host_name(): void
    {
        [$certificate, $key] = $this->certificate(Certificate::herdPath(), 'app.test');

        $found = ['local_cert' => $certificate, 'local_pk' => $key];
        $own = ['local_cert' => '/own.pem'];

        $this->assertSame($found, $this->tls(['hostname' => 'app.test', 'options' => ['tls' => []]]));
        $this->assertSame($found, $this->tls(['hostname' => 'https://app.test', 'options' => []]));
        $this->assertSame($found + ['ciphers' => 'HIGH'], $this->tls(['hostname' => 'app.test', 'options' => ['tls' => ['ciphers' => 'HIGH']]]));
        $this->assertSame($own, $this->tls(['hostname' => 'app.test', 'options' => ['tls' => $own]]));
        $this->assertSame([], $this->tls(['hostname' => 'app.test', 'options' => ['tls' => false]]));
        $this->assertSame([], $this->tls(['hostname' => 'other.test', 'options' => ['tls' => []]]));
        $this->assertSame([], $this->tls(['hostname' => null, 'options' => ['tls' => []]]));
    }

    private function tls(array $values): array
    {
        $section = new Section('reverb.servers.reverb', $values + ['host' => '127.0.0.1', 'port' => 0]);
        $application = new Application('1', 'k', 's', 60, 30, ['*'], 10_000);

        return (new ServerConfiguration($section, collect([$application])))->toArray()['options']['tls'];
    }

    private function certificate(string $path, string $host): array
    {
        return [$this->put($path, "{$host}.crt"), $this->put($path, "{$host}.key")];
    }

    private function put(string $path, string $name): string
    {
        is_dir($path) || mkdir($path, recursive: true);
        touch($path.$name);

        return $path.$name;
    }
}
