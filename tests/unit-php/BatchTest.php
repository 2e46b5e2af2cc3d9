<?php

namespace Laravel\Reverb\Tests\Unit;

use Illuminate\Broadcasting\BroadcastException;
use Laravel\Reverb\Broadcasting\Batch;
use Laravel\Reverb\Tests\Unit\Fakes\FakePublisher;
use LogicException;
use PHPUnit\Framework\TestCase;
use RuntimeException;

class BatchTest extends TestCase
{
    private Batch $batch;

    private FakePublisher $publisher;

    protected function setUp(): void
    {
        $this->batch = new Batch;
        $this->publisher = new FakePublisher;
    }

    public function test_it_waits_once_at_the_end_of_the_outermost_batch(): void
    {
        $result = $this->batch->run(function () {
            $this->publish();
            $this->batch->run(fn () => $this->publish());
            $this->publish();
            $this->assertFalse($this->publisher->acknowledges);

            return 'result';
        });

        $this->assertSame('result', $result);
        $this->assertSame([3], $this->publisher->settled);
        $this->assertTrue($this->publisher->acknowledges);
    }

    public function test_outside_of_a_batch_every_event_is_waited_for(): void
    {
        $this->publish();

        $this->assertTrue($this->publisher->acknowledges);
        $this->assertSame([], $this->publisher->settled);
    }

    public function test_a_failure_ends_the_batch(): void
    {
        $this->publisher->laterFailure = new RuntimeException('the server is gone');

        try {
            $this->batch->run(fn () => $this->publish());
            $this->fail('The batch did not fail.');
        } catch (BroadcastException $e) {
            $this->assertSame('Cannot broadcast a batch: the server is gone', $e->getMessage());
            $this->assertSame($this->publisher->laterFailure, $e->getPrevious());
        }

        $this->publish();
        $this->assertTrue($this->publisher->acknowledges);
    }

    public function test_what_the_callback_throws_comes_after_the_events_before_it(): void
    {
        try {
            $this->batch->run(function () {
                $this->publish();

                throw new LogicException('thrown');
            });
            $this->fail('Nothing was thrown.');
        } catch (LogicException $e) {
            $this->assertSame('thrown', $e->getMessage());
        }

        $this->assertSame([1], $this->publisher->settled);
    }

    private function publish(): void
    {
        $this->batch->add($this->publisher);
        $this->publisher->publish(['news'], 'posted', '{}');
    }
}
