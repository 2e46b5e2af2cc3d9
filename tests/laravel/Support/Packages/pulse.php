<?php

/*
 * Stand-ins for Laravel Pulse 1.x and Livewire 3, which cannot be installed here: as much of them as Reverb's recorders and
 * cards use, with the same names and signatures. Entries are kept in memory, and a graph has one point per recorded second;
 * as in Pulse, a point without entries is null, and the others are what a database makes of a decimal: texts.
 */

namespace Livewire\Attributes {
    #[\Attribute]
    class Lazy
    {
        public function __construct(public ?bool $isolate = null) {}
    }
}

namespace Livewire {
    abstract class Component
    {
        /** @var list<array{string, array<string, mixed>}> */
        public array $dispatched = [];

        public function dispatch(string $event, mixed ...$parameters): void
        {
            $this->dispatched[] = [$event, $parameters];
        }
    }

    class Livewire
    {
        public static bool $isUpdate = false;

        public static function isLivewireRequest(): bool
        {
            return self::$isUpdate;
        }
    }
}

namespace Laravel\Pulse {
    use Carbon\CarbonImmutable;
    use Carbon\CarbonInterval;
    use DateTimeInterface;
    use Illuminate\Contracts\Foundation\Application;
    use Illuminate\Support\Collection;
    use Throwable;

    class Entry
    {
        public array $aggregations = [];

        public bool $onlyBuckets = false;

        public function __construct(public int $timestamp, public string $type, public string $key, public ?int $value = null) {}

        public function count(): static
        {
            return $this->aggregate('count');
        }

        public function max(): static
        {
            return $this->aggregate('max');
        }

        public function sum(): static
        {
            return $this->aggregate('sum');
        }

        public function avg(): static
        {
            return $this->aggregate('avg');
        }

        public function onlyBuckets(): static
        {
            $this->onlyBuckets = true;

            return $this;
        }

        private function aggregate(string $aggregation): static
        {
            $this->aggregations[] = $aggregation;

            return $this;
        }
    }

    class Pulse
    {
        /** @var list<Entry> */
        public array $entries = [];

        /** @var list<Entry> */
        public array $stored = [];

        public int $ingests = 0;

        public ?Throwable $failure = null;

        public function __construct(private Application $app) {}

        /** @param  array<class-string, array<mixed>|bool>  $recorders */
        public function register(array $recorders): self
        {
            $isOn = fn ($options) => is_array($options) ? $options['enabled'] ?? true : $options;

            foreach (array_keys(array_filter($recorders, $isOn)) as $class) {
                $recorder = $this->app->make($class);
                $this->app->make('events')->listen($recorder->listen, fn ($event) => $recorder->record($event));
            }

            return $this;
        }

        public function record(string $type, string $key, ?int $value = null, DateTimeInterface|int|null $timestamp = null): Entry
        {
            $timestamp ??= CarbonImmutable::now();

            return $this->entries[] = new Entry(
                $timestamp instanceof DateTimeInterface ? $timestamp->getTimestamp() : $timestamp, $type, $key, $value
            );
        }

        public function ingest(): int
        {
            $this->ingests++;

            if ($this->failure) {
                throw $this->failure;
            }

            [$entries, $this->entries] = [$this->entries, []];
            array_push($this->stored, ...$entries);

            return count($entries);
        }

        /** @param  list<string>  $types */
        public function graph(array $types, string $aggregate, CarbonInterval $interval): Collection
        {
            $entries = (new Collection($this->stored))->filter(
                fn (Entry $entry) => in_array($entry->type, $types) && in_array($aggregate, $entry->aggregations)
            );
            $times = $entries->pluck('timestamp')->push(0)->unique()->sort();

            return $entries->groupBy('key')->map(fn ($entries) => (new Collection($types))->mapWithKeys(fn ($type) => [
                $type => $times->mapWithKeys(fn ($time) => [
                    gmdate('Y-m-d H:i:s', $time) => ($value = $entries->where('type', $type)->where('timestamp', $time)->{$aggregate}('value'))
                        ? number_format($value, 2, '.', '')
                        : null,
                ]),
            ]));
        }
    }
}

namespace Laravel\Pulse\Livewire {
    use Carbon\CarbonInterval;
    use Illuminate\Support\Collection;
    use Laravel\Pulse\Pulse;
    use Livewire\Component;

    abstract class Card extends Component
    {
        public int|string|null $cols = null;

        public int|string|null $rows = null;

        public bool $expand = false;

        public string $class = '';

        public ?string $period = '1_hour';

        public function periodAsInterval(): CarbonInterval
        {
            return CarbonInterval::hours(match ($this->period) {
                '6_hours' => 6,
                '24_hours' => 24,
                '7_days' => 168,
                default => 1,
            });
        }

        public function periodForHumans(): string
        {
            return $this->period === '1_hour' ? 'hour' : str_replace('_', ' ', $this->period);
        }

        /** @return array{mixed, float, string} */
        protected function remember(callable $query, string $key = '', mixed $ttl = 5): array
        {
            return [$query($this->periodAsInterval()), 1.5, '2026-01-01 00:00:00'];
        }

        /** @param  list<string>  $types */
        protected function graph(array $types, string $aggregate): Collection
        {
            return app(Pulse::class)->graph($types, $aggregate, $this->periodAsInterval());
        }
    }
}
